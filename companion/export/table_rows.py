"""Sessions as rows: stable keys, labels and numbers unless text is asked for. `columns` says what each key means."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import asdict
from typing import Any

from companion.export.choice import Choice, Chooser, Chosen
from companion.store import Empathy, PlanRow, Rating, Role, Sentence, Session, Store, Turn
from planner.tactics import TACTICS

Row = dict[str, Any]


class Tally:
    """How much was exported, and how many turns were left out because of a crisis."""

    def __init__(self) -> None:
        self.sessions = self.left_out = 0


def rows(store: Store, session: Session, *, with_text: bool) -> Iterator[Row]:
    """Every turn of a session, other branches included, in the order in which they were said, under its real id."""
    return turn_rows(store, [session], Choice(with_text), Tally())


def turn_rows(store: Store, sessions: Iterable[Session], choice: Choice, tally: Tally) -> Iterator[Row]:
    """A row for each turn, read from the store piece by piece."""
    for session, name, turns in _sessions(store, sessions, choice, tally):
        for chosen in turns:
            record = chosen.record
            yield turn_row(
                session,
                record.turn,
                record.sentences,
                record.plan,
                with_text=choice.with_text,
                name=name,
                model=choice.model(session),
                number=chosen.number,
                parent=chosen.parent,
                empathy=record.empathy,
                rating=record.rating,
                crisis=chosen.crisis if choice.with_crisis else None,
            )


def sentence_rows(store: Store, sessions: Iterable[Session], choice: Choice, tally: Tally) -> Iterator[Row]:
    """A row for each tagged sentence of a reply."""
    for session, name, turns in _sessions(store, sessions, choice, tally):
        for chosen in turns:
            for position, sentence in enumerate(chosen.record.sentences):
                row = {
                    "session": name,
                    "model": choice.model(session),
                    "condition": session.condition,
                    "turn": chosen.number,
                    "position": position,
                    "words": len(sentence.text.split()),
                    "tactics": list(sentence.tactics),
                    "scores": list(sentence.tactics.values()),
                }
                yield row | {"text": sentence.text} if choice.with_text else row


def session_rows(store: Store, sessions: Iterable[Session], choice: Choice, tally: Tally) -> Iterator[Row]:
    """A row for each session, with counts over its turns, other branches included."""
    for session in sessions:
        chooser = Chooser(choice)
        turns: Counter[Role] = Counter()
        words: Counter[Role] = Counter()
        tactics: Counter[str] = Counter()
        sentences = crisis = 0
        for chosen in chooser.choose(store.records(session.id)):
            turn = chosen.record.turn
            turns[turn.role] += 1
            words[turn.role] += len(turn.text.split())
            sentences += len(chosen.record.sentences)
            crisis += chosen.crisis
            for sentence in chosen.record.sentences:
                tactics.update([*sentence.tactics])
        tally.left_out += chooser.left_out
        if not turns:
            continue
        tally.sessions += 1
        moods = {mood.moment: mood.value for mood in store.moods(session.id)}
        came = store.imported(session.id)
        row = {
            "session": choice.name(store, session),
            "model": choice.model(session),
            "condition": session.condition,
            "created_at": session.created_at,
            "updated_at": session.updated_at,
            "archived": session.archived,
            "imported": came[1] if came else None,
            "turns": turns.total(),
            "user_turns": turns[Role.USER],
            "replies": turns[Role.ASSISTANT],
            "user_words": words[Role.USER],
            "reply_words": words[Role.ASSISTANT],
            "sentences": sentences,
            "tactics": {tactic.value: tactics[tactic.value] for tactic in TACTICS if tactics[tactic.value]},
            "mood_before": moods.get("before"),
            "mood_after": moods.get("after"),
            "crisis_turns": crisis if choice.with_crisis else None,
        }
        yield row | {"title": session.title if chooser.title_is_safe else None} if choice.with_text else row


def turn_row(
    session: Session,
    turn: Turn,
    sentences: tuple[Sentence, ...],
    plan: PlanRow | None,
    *,
    with_text: bool,
    name: str | None = None,
    model: str | None = None,
    number: int | None = None,
    parent: int | None = None,
    empathy: tuple[Empathy, ...] = (),
    rating: Rating | None = None,
    crisis: bool | None = None,
) -> Row:
    """One turn. `tactics` counts sentence-tactic pairs; `sentences` lists the tactics of each in order.

    Without `number` the turn and the one it answers are named by their ids in the database.
    """
    row: Row = {
        "session": name or session.id,
        "model": model or session.model,
        "condition": session.condition,
        "turn": turn.id if number is None else number,
        "parent": turn.parent_id if number is None else parent,
        "role": turn.role.value,
        "status": turn.status.value,
        "created_at": turn.created_at,
        "finished_at": turn.finished_at,
        "words": len(turn.text.split()),
        "tactics": None,
        "sentences": None,
        "plan": None,
        "timings": None,
        "empathy": [asdict(each) for each in empathy] or None,
        "rating": rating.value if rating else None,
        "crisis": crisis,
    }
    if turn.role is Role.ASSISTANT:
        used = Counter(tactic for sentence in sentences for tactic in sentence.tactics)
        row["tactics"] = {tactic.value: used[tactic.value] for tactic in TACTICS if used[tactic.value]}
        row["sentences"] = labels_of(sentences, with_text=with_text)
        row["timings"] = {
            "prompt_tokens": turn.prompt_tokens,
            "reply_tokens": turn.reply_tokens,
            "first_ms": turn.ms_first,
            "total_ms": turn.ms_total,
        }
    if plan:
        row["plan"] = {
            "layout": plan.layout,
            "weights": dict(plan.weights),
            "targets": list(plan.targets),
            "resting": list(plan.resting),
        }
    if with_text:
        row["text"] = turn.text
        row["rating_note"] = rating.note if rating else None
    return row


def labels_of(sentences: Iterable[Sentence], *, with_text: bool) -> list[Row]:
    """For each sentence its tactics and the tagger's scores, and its words where they are asked for."""
    return [
        ({"text": sentence.text} if with_text else {})
        | {"tactics": list(sentence.tactics), "scores": list(sentence.tactics.values())}
        for sentence in sentences
    ]


def _sessions(
    store: Store, sessions: Iterable[Session], choice: Choice, tally: Tally
) -> Iterator[tuple[Session, str, Iterator[Chosen]]]:
    for session in sessions:
        chooser = Chooser(choice)
        yield session, choice.name(store, session), chooser.choose(store.records(session.id))
        tally.left_out += chooser.left_out
        tally.sessions += chooser.kept > 0
