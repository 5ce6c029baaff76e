"""`companion doctor`."""

from __future__ import annotations

import json
import os
import platform
import sqlite3
import sys
import time
from collections.abc import Callable
from dataclasses import asdict
from importlib.metadata import PackageNotFoundError, version

import click

from companion import __version__, paths, settings
from companion.cli.finding import Finding
from companion.errors import CompanionError
from companion.modelhub import registry
from companion.store import encrypted


@click.command("doctor")
@click.option("--json", "as_json", is_flag=True, help="One JSON object a finding.")
def command(as_json: bool) -> int:
    """Check Python, settings, model, engine, database and terminal, and say how to mend what is wrong."""
    findings: list[Finding] = []
    for name, check in CHECKS.items():
        try:
            found = check()
        except CompanionError as error:
            found = Finding(name, False, str(error))
        for finding in found if isinstance(found, list) else [found]:
            findings.append(finding)
            if as_json:
                click.echo(json.dumps(asdict(finding), ensure_ascii=False))
            else:
                click.echo(f"{'ok   ' if finding.right else 'WRONG'}  {finding.name}: {finding.found}")
                if finding.fix:
                    click.echo(f"       {finding.fix}")
    wrong = sum(not finding.right for finding in findings)
    if not as_json:
        click.echo("Everything is right." if not wrong else f"{wrong} of {len(findings)} are not right.", err=True)
    return 1 if wrong else 0


def _program() -> Finding:
    found = f"companion {__version__}, Python {platform.python_version()}, SQLite {sqlite3.sqlite_version}"
    return Finding("program", sys.version_info >= (3, 11), found)


def _settings() -> Finding:
    settings.load()
    path = paths.config_file()
    return Finding("settings", True, f"{path}{'' if path.exists() else ' (not there; defaults)'}")


def _model() -> Finding:
    entry = registry.find(settings.load().model)
    if entry.path is None:
        return Finding("model", True, f"{entry.name}: {entry.model_id} on {entry.base_url}")
    if not entry.path.exists():
        fix = f"Put the file back, or run `companion models remove {entry.name}`."
        return Finding("model", False, f"{entry.name}: {entry.path} is not there", fix)
    known = f"sha256 {entry.sha256[:12]}" if entry.sha256 else "no hash noted"
    return Finding("model", True, f"{entry.name}: {entry.path} ({entry.path.stat().st_size / 1e6:,.0f} MB, {known})")


def _library() -> Finding:
    fix = 'Run `make install`, or `pip install "companion-chat[llama]"` (needs a C++ compiler).'
    try:
        return Finding("llama.cpp", True, f"llama-cpp-python {version('llama-cpp-python')}")
    except PackageNotFoundError:
        return Finding("llama.cpp", False, "llama-cpp-python is not installed", fix)


def _engine() -> list[Finding]:
    from companion.cli.doctor_engine import findings

    return findings()


def _encoder() -> Finding:
    """Reads a sentence with the encoder that the chat uses."""
    from companion.cli.opening import new_encoder

    encoder = new_encoder()
    started = time.perf_counter()
    encoder.tactics([["What happened then?"]])
    return Finding(
        "encoder", True, f"{encoder.folder}, loaded and read a sentence in {time.perf_counter() - started:.1f} s"
    )


def _risk() -> Finding:
    """Reads a message with the network that looks for danger."""
    from companion.cli.opening import new_risk_reader

    reader = new_risk_reader()
    started = time.perf_counter()
    reader.read([("", "It rained all day.")])
    seconds = time.perf_counter() - started
    return Finding("risk", True, f"{reader.folder}, loaded and read a message in {seconds:.1f} s")


def _database() -> Finding:
    from companion.cli.opening import open_store

    if not paths.database().exists():
        return Finding("database", True, f"{paths.database()} (made with the first session)")
    with open_store() as store:
        problems = store.check()
        stats = store.stats()
    if problems:
        fix = "Keep a copy of the file, then restore the newest `companion data backup`."
        return Finding("database", False, "; ".join(problems[:3]), fix)
    return Finding("database", True, f"{paths.database()}, {stats.sessions} sessions, {stats.turns} turns, sound")


def _privacy() -> Finding:
    open_to_others = [
        path
        for folder in (paths.data_folder(), paths.state_folder())
        for path in (folder, *(folder.iterdir() if folder.is_dir() else ()))
        if path.exists() and path.stat().st_mode & 0o077
    ]
    if open_to_others:
        names = ", ".join(map(str, open_to_others[:3]))
        return Finding("privacy", False, f"others may read {names}", f"Run `chmod -R go= {open_to_others[0]}`.")
    kind = "encrypted" if encrypted.is_encrypted(paths.database()) else "not encrypted"
    return Finding("privacy", True, f"only you may read the data ({kind})")


def _terminal() -> Finding:
    encoding = (sys.stdout.encoding or "").lower().replace("-", "")
    fix = "" if encoding == "utf8" else "Set a UTF-8 locale, for example LANG=C.UTF-8."
    return Finding("terminal", encoding == "utf8", f"{os.environ.get('TERM', 'none')}, {sys.stdout.encoding}", fix)


CHECKS: dict[str, Callable[[], Finding | list[Finding]]] = {
    "program": _program,
    "settings": _settings,
    "model": _model,
    "llama.cpp": _library,
    "engine": _engine,
    "encoder": _encoder,
    "risk": _risk,
    "database": _database,
    "privacy": _privacy,
    "terminal": _terminal,
}
