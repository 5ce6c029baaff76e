"""`companion models get`."""

from __future__ import annotations

import shutil
import sys
import time
from pathlib import Path

import click

from companion import paths
from companion.engine.model_file import available_memory, in_words
from companion.errors import CompanionError
from companion.modelhub import catalogue, download, getting, memory, registry
from companion.modelhub.getting import Plan

WORDS = {
    "fits": "it fits",
    "tight": "close other programs before you talk",
    "too large": "too large for this machine",
    "unknown": "whether it fits is not known",
}
SHORT = 0.25  # seconds between two lines on a terminal
LONG = 10.0  # and elsewhere
BYTES = 100_000  # what is more than this counts bytes; there are never so many tensors


@click.command("get")
@click.argument("name", metavar="NAME|OWNER/REPOSITORY", default=catalogue.suggested)
@click.option("--kind", metavar="KIND", help="Of the weights, such as q4_k_m (usual), q8_0 or f16.")
@click.option("--revision", metavar="REV", help="A commit or branch, instead of the one that was fetched first.")
@click.option("--yes", is_flag=True, help="Do not ask.")
def get(name: str, kind: str | None, revision: str | None, yes: bool) -> None:
    """Fetch a model, make it a GGUF file and make it known, from where an earlier try was left.

    NAME is one of `companion models list`; without it, the one that suits this machine. HF_ENDPOINT names a mirror,
    HF_TOKEN a token for repositories that ask for one. Nothing else is sent.
    """
    offer = catalogue.find(name)
    there = registry.known().get(offer.name)
    if (
        there
        and there.path
        and there.path.exists()
        and not getting.work_folder(offer.name).exists()
        and not there.ships
    ):
        wanted = "" if not (kind or revision) else f" `companion models remove {offer.name}` makes room for another."
        click.echo(f"{offer.name} is here already: {there.path}.{wanted}", err=True)
        return
    with download.online():
        plan = getting.plan(offer, kind, revision)
        _say(plan)
        _check_room(plan)
        if not yes:
            click.confirm("Fetch it?", abort=True, err=True)
        shown = Shown()

        def check(file: Path) -> None:
            shown.end()
            _check(file)

        try:
            entry = getting.carry_out(plan, shown, convert=_convert, quantize=_quantize, check=check)
        except KeyboardInterrupt:
            click.echo("\nWhat has come is kept; the same command goes on there.", err=True)
            raise
        finally:
            shown.end()
    click.echo(
        f"{entry.path}, sha256 {entry.sha256}\n`companion chat --model {entry.name}` talks to it; "
        f"`companion config set model {entry.name}` makes it the usual one.",
        err=True,
    )


def _say(plan: Plan) -> None:
    """What is fetched, what it takes and what there is."""
    offer, snapshot, free = plan.offer, plan.snapshot, available_memory()
    need = offer.memory(plan.size, free)
    fit = memory.fit(need, free, memory.total())
    licence = offer.licence or snapshot.licence or "not said"
    about = "" if plan.is_gguf else "about "
    lines = [
        f"{offer.name}: {offer.purpose}" if offer.purpose else offer.name,
        f"from {snapshot.repository} at {snapshot.commit[:12]}, licence {licence}",
        f"{in_words(plan.to_fetch)} to fetch; {about}{in_words(plan.size)} of disk in the end as {plan.kind}"
        + (f", {in_words(plan.room)} meanwhile" if plan.room > plan.size else ""),
        f"about {in_words(need)} of memory while you talk; "
        + (f"{in_words(free)} are free: {WORDS[fit]}" if free is not None else WORDS[fit]),
    ]
    click.echo("\n  ".join(lines), err=True)


def _check_room(plan: Plan) -> None:
    """Raises CompanionError where the disk has too little room, before anything is fetched."""
    free = shutil.disk_usage(paths.private_folder(paths.user_models())).free
    if free < plan.room:
        raise CompanionError(
            f"{paths.user_models()} has room for {in_words(free)}, and {in_words(plan.room)} are needed. Make room, or "
            "name a folder on another disk in COMPANION_HOME."
        )


def _convert(source: Path, out: Path, /, *, kind: str, progress: getting.Progress) -> Path:
    from companion.modelhub.convert import KINDS, convert

    assert kind in KINDS
    return convert(source, out, kind=kind, progress=progress)


def _quantize(source: Path, out: Path, /, *, kind: str, progress: getting.Progress) -> Path:
    from companion.modelhub.quantize import quantize

    return quantize(source, out, kind=kind, progress=progress)


def _check(file: Path) -> None:
    """Raises CompanionError with the first fault of the model, where it has any."""
    from companion.modelhub.check import check

    found = check(file)
    if found.faults:
        raise CompanionError(found.faults[0])
    click.echo(f"It works: {found.reply_speed:.0f} tokens a second here.", err=True)


class Shown:
    """The progress of one step after the other: in place on a terminal, a line now and then elsewhere."""

    def __init__(self) -> None:
        self._in_place = sys.stderr.isatty()
        self._what = ""
        self._started = self._last = 0.0
        self._at_start = 0

    def __call__(self, what: str, done: int, whole: int) -> None:
        now = time.monotonic()
        if what != self._what:
            self.end()
            self._what, self._started, self._at_start, self._last = what, now, done, 0.0
        if done < whole and now - self._last < (SHORT if self._in_place else LONG):
            return
        self._last = now
        line = f"{what}: {done / max(whole, 1):.0%}"
        if whole >= BYTES:
            line += f" of {in_words(whole)}"
        speed = (done - self._at_start) / (now - self._started) if now > self._started else 0.0
        if speed and done < whole:
            line += f", {_duration((whole - done) / speed)} left"
            line += f" at {in_words(int(speed))}/s" if whole >= BYTES else ""
        click.echo(f"\r{line:<78}" if self._in_place else line, err=True, nl=not self._in_place)

    def end(self) -> None:
        """Whatever comes next begins a line of its own."""
        if self._what and self._in_place:
            click.echo(err=True)
        self._what = ""


def _duration(seconds: float) -> str:
    minutes, rest = divmod(int(seconds), 60)
    return f"{minutes // 60} h {minutes % 60:02} min" if minutes >= 60 else f"{minutes}:{rest:02} min"
