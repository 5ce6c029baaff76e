"""`companion sessions`."""

from __future__ import annotations

import json
from dataclasses import asdict
from datetime import datetime

import click

from companion.cli.noun import Noun
from companion.cli.opening import open_store
from companion.store import Role, Session, Store, Turn


@click.group("sessions", cls=Noun, default="list")
def command() -> None:
    """The history: every session, kept on this computer."""


@command.command("list")
@click.option("--archived", is_flag=True, help="The archived sessions instead.")
@click.option("--limit", default=20, show_default=True, help="At most this many.")
@click.option("--json", "as_json", is_flag=True, help="One JSON object a line.")
def list_(archived: bool, limit: int, as_json: bool) -> None:
    """Sessions, newest first."""
    with open_store() as store:
        found = store.sessions(archived=archived, limit=limit)
        if as_json:
            for session in found:
                click.echo(json.dumps(asdict(session), ensure_ascii=False))
            return
        for session in found:
            click.echo(f"{session.id}  {when(session.updated_at)}  {session.turns:>5}  {session.title or '(empty)'}")
        if not found:
            click.echo(
                "No archived sessions." if archived else "No sessions yet. `companion chat` starts one.", err=True
            )


@command.command("show")
@click.argument("session_id", metavar="SESSION")
@click.option("--tactics", is_flag=True, help="With the tactics of every sentence of a reply.")
@click.option("--json", "as_json", is_flag=True, help="One JSON object a turn.")
def show(session_id: str, tactics: bool, as_json: bool) -> None:
    """One session, from its beginning to its newest turn."""
    with open_store() as store:
        session = store.session(session_id)
        sentences = store.sentences(session.id)
        if not as_json:
            click.echo(f"{session.id}: {session.title or '(empty)'}, {when(session.created_at)}, with {session.model}")
        for turn in store.branch(session.id):
            parts = sentences.get(turn.id, ())
            if as_json:
                row = asdict(turn) | {"sentences": [{"text": s.text, "tactics": dict(s.tactics)} for s in parts]}
                click.echo(json.dumps(row, ensure_ascii=False))
                continue
            click.echo(f"\n{speaker(turn)}: {turn.text}")
            if tactics and turn.role is Role.ASSISTANT:
                for part in parts:
                    click.echo(f"    [{', '.join(part.tactics) or 'none'}] {part.text}")


@command.command("search")
@click.argument("words", nargs=-1, required=True)
@click.option("--limit", default=20, show_default=True, help="At most this many hits.")
@click.option("--json", "as_json", is_flag=True, help="One JSON object a hit.")
def search(words: tuple[str, ...], limit: int, as_json: bool) -> None:
    """Turns that have all WORDS, newest first; "two words" together, and a final * for any ending."""
    with open_store() as store:
        # The shell has taken the quotes away from words that stand together.
        hits = store.search(" ".join(f'"{word}"' if " " in word and '"' not in word else word for word in words), limit)
        for hit in hits:
            if as_json:
                row = {
                    "session": hit.session.id,
                    "title": hit.session.title,
                    "turn": hit.turn.id,
                    "role": hit.turn.role,
                    "created_at": hit.turn.created_at,
                    "snippet": hit.snippet,
                }
                click.echo(json.dumps(row, ensure_ascii=False))
            else:
                snippet = " ".join(hit.snippet.split())
                click.echo(f"{hit.session.id}  {when(hit.turn.created_at)}  {speaker(hit.turn)}: {snippet}")
        if not hits and not as_json:
            click.echo(f"Nothing found for {' '.join(words)!r}.", err=True)


@command.command("rename")
@click.argument("session_id", metavar="SESSION")
@click.argument("title")
def rename(session_id: str, title: str) -> None:
    """Give a session another title."""
    from companion.text import clean

    with open_store() as store:
        renamed = store.rename(session_id, " ".join(clean(title).split()))
        click.echo(f"{renamed.id}: {renamed.title}", err=True)


@command.command("archive")
@click.argument("session_id", metavar="SESSION")
@click.option("--undo", is_flag=True, help="Bring it back.")
def archive(session_id: str, undo: bool) -> None:
    """Take a session out of the list without losing it."""
    with open_store() as store:
        changed = store.unarchive(session_id) if undo else store.archive(session_id)
        click.echo(f"{changed.id} is {'back in the list' if undo else 'archived'}.", err=True)


@command.command("delete")
@click.argument("session_ids", metavar="SESSION...", nargs=-1, required=True)
@click.option("--yes", is_flag=True, help="Do not ask.")
def delete(session_ids: tuple[str, ...], yes: bool) -> None:
    """Delete sessions for good: their text leaves every file of the database."""
    with open_store() as store:
        forget(store, [store.session(session_id) for session_id in session_ids], yes=yes)


def forget(store: Store, sessions: list[Session], *, yes: bool) -> None:
    """Ask, then delete."""
    for session in sessions:
        click.echo(f"{session.id}  {session.turns} turns  {session.title or '(empty)'}", err=True)
    if not yes:
        click.confirm("Delete this for good? It cannot be undone.", abort=True, err=True)
    store.delete(*(session.id for session in sessions))
    click.echo(f"Deleted {len(sessions)} session{'s' if len(sessions) != 1 else ''}.", err=True)


def speaker(turn: Turn) -> str:
    """The label of a turn, with its status where that is not `complete`."""
    name = "You" if turn.role is Role.USER else "Companion"
    return name if turn.status == "complete" else f"{name} ({turn.status})"


def when(moment: str) -> str:
    """A stored moment in local time, to the minute."""
    return f"{datetime.fromisoformat(moment).astimezone():%Y-%m-%d %H:%M}"
