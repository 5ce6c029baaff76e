"""`companion study`."""

from __future__ import annotations

import json
import shutil
import sys
import tomllib
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from importlib import resources
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from companion import paths
from companion.cli import opening, scale
from companion.encoder import CARD
from companion.errors import CompanionError, NotFound, Refused, UsageError
from companion.tagging import EncoderTagger, Tagger

if TYPE_CHECKING:
    from companion.study.gather import By
    from companion.study.table import Table

SOURCES = click.argument("sources", metavar="[NAME=PATH]...", nargs=-1)
RETAG = click.option("--retag", is_flag=True, help="Tag all text again, also where tags are there.")
SEED = click.option("--seed", type=click.IntRange(0), default=0, show_default=True, help="Of draws and samples.")
AS_JSON = click.option("--json", "as_json", is_flag=True, help="Everything as one JSON object.")


DOCTYPE = b"<!DOCTYPE html>"


class _Study(click.Group):
    """`companion study SOURCE` means `companion study report SOURCE`."""

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        if not args or args[0] not in self.commands:
            args = ["report", *args]
        return super().parse_args(ctx, args)


@click.group("study", cls=_Study)
def command() -> None:
    """How much replies repeat each other."""


@command.command("report", epilog="companion study fit-template SOURCE learns a template for --template.")
@SOURCES
@click.option("--ratings", metavar="NAME=PATH", multiple=True,
              help="Empathy ratings that exist already, for the source NAME (repeatable).")  # fmt: skip
@click.option("--reference", metavar="NAME",
              help="The source whose turns are the turns before in the human-history protocol.")  # fmt: skip
@click.option("--baseline", metavar="NAME", help="Compare every other source with this one.")
@click.option("--protocol", type=click.Choice(["both", "human-history", "own-history"]), default="both",
              show_default=True,
              help="Which turn before a reply is compared with: the reference's or its own.")  # fmt: skip
@click.option("--by", type=click.Choice(["model", "condition", "session"]), help="Take every source apart by this.")
@click.option("--bootstrap", type=click.IntRange(1), default=10_000, show_default=True, help="Draws for the intervals.")
@click.option("--resample", type=click.Choice(["conversations", "turns"]), default="conversations", show_default=True,
              help="What is drawn; turns is the published way, and too sure of itself.")  # fmt: skip
@click.option("--template", metavar="PATTERN", help="The template that replies are matched with, such as E?[PV]+A.")
@SEED
@RETAG
@scale.ENGINE
@scale.WORKERS
@AS_JSON
@click.option("--html", type=click.Path(path_type=Path, dir_okay=False),
              help="Write everything as one page with charts, too.")  # fmt: skip
def report(
    sources: tuple[str, ...],
    ratings: tuple[str, ...],
    reference: str | None,
    baseline: str | None,
    protocol: Any,
    by: By | None,
    bootstrap: int,
    resample: Any,
    template: str | None,
    seed: int,
    retag: bool,
    engine: str,
    workers: int | None,
    as_json: bool,
    html: Path | None,
) -> None:
    """How much replies repeat each other: tactics, order, openers, words, with intervals.

    Sources are files or folders: our exports, chat as JSON lines, MINT's outputs, Lend-an-Ear's tables, databases.
    Without any it is your own database. Text without tags is tagged.
    """
    from companion.study.report import Options
    from companion.study.report import report as make
    from companion.study.template import R0, Template

    Template.parse(template or R0)  # before anything is read
    if html is not None:
        _can_draw()
    tables, read = _gathered(sources, seed=seed, retag=retag, by=by, engine=engine, workers=workers)
    _rate(tables, ratings)
    tagged = any(source["tagged"] for source in read.values())
    options = Options(
        reference=reference,
        baseline=baseline,
        protocol=protocol,
        resample=resample,
        resamples=bootstrap,
        seed=seed,
        template=template or R0,
        method={"sources": read, "ratings": list(ratings), "tagger": _tagger_card() if tagged else None},
    )
    found = make(tables, options)
    if html is not None:
        from companion.study.page import page

        _write(html, page(found))
        click.echo(f"Wrote {html}.", err=True)
    if as_json:
        click.echo(json.dumps(found, ensure_ascii=False, indent=2))
        return
    from companion.study.text_report import text_report

    width = shutil.get_terminal_size().columns if sys.stdout.isatty() else None
    click.echo(text_report(found, width), nl=False)


@command.command("fit-template")
@SOURCES
@SEED
@RETAG
@scale.ENGINE
@scale.WORKERS
@AS_JSON
def fit_template(
    sources: tuple[str, ...], seed: int, retag: bool, engine: str, workers: int | None, as_json: bool
) -> None:
    """Learn the template that most replies of a source follow, on one half of its conversations.

    How well it fits is counted on the other half. Give the pattern to `companion study --template`.
    """
    from companion.study.template import fit_and_check

    tables, _ = _gathered(sources, seed=seed, retag=retag, by=None, engine=engine, workers=workers)
    found = {name: fit_and_check(table, seed) for name, table in tables.items()}
    if as_json:
        click.echo(json.dumps({name: fitted.as_dict() for name, fitted in found.items()}, indent=2))
        return
    for name, fitted in found.items():
        click.echo(f"{name}: {fitted.pattern}")
        click.echo(f"    fitted on {fitted.fitted_on} conversations; {fitted.sentence()}")


def _gathered(
    sources: tuple[str, ...], *, seed: int, retag: bool, by: By | None, engine: str, workers: int | None
) -> tuple[dict[str, Table], dict[str, dict[str, Any]]]:
    """The tables by name, and what is to be said of each source."""
    from companion.study.gather import Gatherer, Source, named

    found = named(sources)
    if not found:
        if not paths.database().exists():
            raise NotFound("There are no sessions yet to study. `companion chat` starts one, or name a file.")
        with opening.open_store():  # an older database is brought up to date
            pass
        found = [Source("database", paths.database())]
    tables: dict[str, Table] = {}
    read: dict[str, dict[str, Any]] = {}
    with ExitStack() as stack:
        told = stack.enter_context(_progress())

        def tagger() -> Tagger:
            return stack.enter_context(scale.tagger_of(opening.new_encoder(), engine, workers))

        gatherer = Gatherer(tagger, retag=retag, by=by, seed=seed, told=told)
        for source in found:
            gathered = gatherer.gather(source)
            tables |= gathered.tables
            read[source.name] = {"file": source.path.name, "tagged": gathered.tagged}
    return tables, read


def _tagger_card() -> dict[str, Any]:
    """The name of the tagger, and its F1 by tactic where it is the encoder that those are known of."""
    known = tomllib.loads(resources.files("companion.study").joinpath("tagger.toml").read_text("utf-8"))
    card = opening.new_encoder().folder / CARD
    right = card.is_file() and json.loads(card.read_text("utf-8")).get("sha256") == known["sha256"]
    return {"name": EncoderTagger.name, "set": known["set"] if right else None, "f1": known["f1"] if right else None}


@contextmanager
def _progress() -> Iterator[Callable[[int], object]]:
    """A line on the terminal that counts what is tagged: nothing else of this takes long."""
    shown = 0

    def told(tagged: int) -> None:
        nonlocal shown
        if sys.stderr.isatty():
            shown = tagged
            click.echo(f"\rTagging: {tagged:,} replies", err=True, nl=False)

    try:
        yield told
    finally:
        if shown:
            click.echo("", err=True)


def _rate(tables: dict[str, Table], ratings: tuple[str, ...]) -> None:
    """Puts ratings in. Raises UsageError for those of no source, and for those that fit no reply of theirs."""
    from companion.study.sources.ratings import read_ratings

    for argument in ratings:
        name, given, path = argument.partition("=")
        if not given:
            raise UsageError(f"--ratings {argument!r} does not say whose they are; give NAME=PATH.")
        if name not in tables:
            raise UsageError(f"There is no source {name!r} to rate; the sources are {', '.join(tables)}.")
        known = read_ratings(Path(path).expanduser())
        rated = tables[name].rated(known)
        if not (rated.empathy == rated.empathy).any():
            raise UsageError(f"{path} rates no reply of {name}: no conversation and turn are in both.")
        tables[name] = rated


def _can_draw() -> None:
    from importlib.util import find_spec

    if find_spec("matplotlib") is None:
        raise CompanionError('The page needs one more package: pip install "companion-chat[study]".')


def _write(path: Path, text: str) -> None:
    try:
        if path.exists() and not path.read_bytes().startswith(DOCTYPE):
            raise Refused(f"{path} is there already and is no page of ours; name another file.")
        path.write_text(text, encoding="utf-8", errors="replace")
    except OSError as error:
        raise CompanionError(f"{path} cannot be written: {error.strerror}. Name another file.") from None
