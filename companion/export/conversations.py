"""Conversations as other programs and people read them: one branch of each session, the one last seen."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from typing import Any, TextIO

from companion.export.choice import Choice, Chooser, Chosen
from companion.export.table_rows import Tally, labels_of
from companion.store import Role, Session, Store

_SHAREGPT = {Role.USER: "human", Role.ASSISTANT: "gpt"}


def write_markdown(
    store: Store, sessions: Iterable[Session], out: TextIO, choice: Choice, tally: Tally | None = None
) -> int:
    """Conversations to be read, alternatives left out; returns the number of turns."""
    count = 0
    for number, (session, title, turns) in enumerate(_branches(store, sessions, choice, tally or Tally())):
        out.write("\n" if number else "")
        out.write(f"# {title}\n\n{session.created_at[:10]}, with {choice.model(session)}\n")
        for chosen in turns:
            turn = chosen.record.turn
            who = "You" if turn.role is Role.USER else "Companion"
            said = turn.text if choice.with_text else _labels(chosen)
            out.write(f"\n**{who}** ({turn.created_at[:16].replace('T', ' ')} UTC)\n\n{said}\n")
            count += 1
    return count


def _labels(chosen: Chosen) -> str:
    """Such as `12 words: questioning; validation, advice`."""
    words = len(chosen.record.turn.text.split())
    used = ["; ".join(", ".join(sentence.tactics) or "none" for sentence in chosen.record.sentences)]
    return f"{words} words" + "".join(f": {tactics}" for tactics in used if tactics)


def write_chat(store: Store, sessions: Iterable[Session], out: TextIO, choice: Choice, tally: Tally) -> int:
    """A line for each conversation, with `messages` of role and content; returns the number of messages."""
    count = 0
    for session, _, turns in _branches(store, sessions, choice, tally):
        messages = [
            {"role": chosen.record.turn.role.value, "content": chosen.record.turn.text if choice.with_text else None}
            | _tags(chosen, choice)
            for chosen in turns
        ]
        count += len(messages)
        _write(out, _who(store, session, choice) | {"messages": messages})
    return count


def write_sharegpt(store: Store, sessions: Iterable[Session], out: TextIO, choice: Choice, tally: Tally) -> int:
    """A line for each conversation, with `conversations` of from and value; returns the number of messages."""
    count = 0
    for session, _, turns in _branches(store, sessions, choice, tally):
        messages = [
            {"from": _SHAREGPT[chosen.record.turn.role], "value": chosen.record.turn.text if choice.with_text else None}
            | _tags(chosen, choice)
            for chosen in turns
        ]
        count += len(messages)
        _write(out, _who(store, session, choice) | {"conversations": messages})
    return count


def _write(out: TextIO, row: dict[str, Any]) -> None:
    out.write(json.dumps(row, ensure_ascii=False) + "\n")


def _who(store: Store, session: Session, choice: Choice) -> dict[str, Any]:
    return {"id": choice.name(store, session), "model": choice.model(session), "condition": session.condition}


def _tags(chosen: Chosen, choice: Choice) -> dict[str, Any]:
    """The labels of a reply that has some; a message of the person is only what every reader of the format knows."""
    sentences = chosen.record.sentences
    return {"sentences": labels_of(sentences, with_text=choice.with_text)} if sentences else {}


def _branches(
    store: Store, sessions: Iterable[Session], choice: Choice, tally: Tally
) -> Iterator[tuple[Session, str, list[Chosen]]]:
    """(session, title, its turns) of each session in which something is left to export."""
    for session in sessions:
        branch = {turn.id for turn in store.branch(session.id)}
        chooser = Chooser(choice)
        turns = [chosen for chosen in chooser.choose(store.records(session.id)) if chosen.record.turn.id in branch]
        tally.left_out += chooser.left_out
        if turns:
            tally.sessions += 1
            title = session.title if choice.with_text and chooser.title_is_safe else None
            yield session, title or "A conversation", turns
