"""Free-running conversations of a model with seekers, under one condition after another, kept as they come.

Own history: the model reads what it said itself, on the same path as in the chat. Every conversation has a database of
its own in memory; one engine serves them all. A seeker talks under every condition before the next one comes, so that
a run that is cut short can be compared too.
"""

from __future__ import annotations

import hashlib
import json
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import asdict, dataclass, replace
from itertools import chain, zip_longest
from pathlib import Path
from typing import Any

from companion.conversation import Conversation
from companion.engine.protocol import Engine
from companion.errors import CompanionError
from companion.events import Failed, Finished, Reply
from companion.rating import Empathy, Rater
from companion.settings import Settings
from companion.store import Store
from companion.tagging import Tagger
from planner.tactics import Tactic
from training.kept import Kept
from training.seekers import Heard, Kind, Seeker

NO_PLAN, PLAN = "no plan", "plan"
ROWS = "conversations.jsonl"
LONG = 3600.0
"""Seconds a sentence may take: as many candidates are compared as were asked for, whatever the machine."""


@dataclass(frozen=True, slots=True)
class Condition:
    """How replies are made."""

    name: str
    planner: bool
    candidates: int


def conditions(candidates: int, *, no_plan: bool = False) -> list[Condition]:
    """Without a plan, with one, and with one and several candidates; with `no_plan` the first alone."""
    found = [Condition(NO_PLAN, planner=False, candidates=1)]
    if not no_plan:
        found.append(Condition(PLAN, planner=True, candidates=1))
        if candidates > 1:
            found.append(Condition(f"{PLAN} and N={candidates}", planner=True, candidates=candidates))
    return found


@dataclass(frozen=True, slots=True)
class Recipe:
    """What a run is, as it is kept in its folder."""

    model: str
    """A name or a path, as given."""
    model_sha256: str
    encoder: str
    """Fingerprint of the reader that tags and rates."""
    candidates: int
    no_plan: bool
    seekers: tuple[Kind, ...]
    limit: int | None
    """Seekers of each kind; None takes all."""
    seed: int
    settings: dict[str, Any]

    @property
    def conditions(self) -> list[Condition]:
        return conditions(self.candidates, no_plan=self.no_plan)

    def chosen(self, seekers: Sequence[Seeker]) -> list[Seeker]:
        """The first `limit` of each kind, by turns, so that a run that is cut short has heard of every kind."""
        kinds = [[seeker for seeker in seekers if seeker.kind == kind][: self.limit] for kind in self.seekers]
        return [seeker for seeker in chain.from_iterable(zip_longest(*kinds)) if seeker is not None]


@dataclass(frozen=True, slots=True)
class Exchange:
    """A message and the reply to it. Times in milliseconds, those of the model apart from all of the turn."""

    message: str
    reply: str
    sentences: tuple[frozenset[Tactic], ...]
    empathy: Empathy | None
    """None where the reply has no words."""
    seed: int
    prompt_tokens: int
    reply_tokens: int
    first_ms: float
    total_ms: float
    turn_ms: float


@dataclass(frozen=True, slots=True)
class Talk:
    """One conversation."""

    condition: str
    seeker: str
    kind: Kind
    exchanges: tuple[Exchange, ...]

    def line(self) -> str:
        """As a row of the file."""
        exchanges = [
            asdict(replace(each, empathy=None, sentences=()))
            | {
                "sentences": [sorted(tactics) for tactics in each.sentences],
                "empathy": asdict(each.empathy) if each.empathy else None,
            }
            for each in self.exchanges
        ]
        row = {"condition": self.condition, "seeker": self.seeker, "kind": self.kind, "exchanges": exchanges}
        return json.dumps(row, ensure_ascii=False)

    @classmethod
    def read(cls, line: str) -> Talk:
        """Raises ValueError, KeyError or TypeError for what is no such row."""
        row = json.loads(line)
        exchanges = tuple(
            Exchange(
                **each
                | {
                    "sentences": tuple(frozenset(map(Tactic, tactics)) for tactics in each["sentences"]),
                    "empathy": Empathy(**each["empathy"]) if each["empathy"] else None,
                }
            )
            for each in row["exchanges"]
        )
        return cls(row["condition"], row["seeker"], row["kind"], exchanges)


class Folder:
    """A run on disk: its recipe, and a line for every conversation that came to its end."""

    def __init__(self, kept: Kept, recipe: Recipe) -> None:
        self.path, self.recipe, self._kept = kept.path, recipe, kept

    @classmethod
    def create(cls, path: Path, recipe: Recipe) -> Folder:
        """Raises UsageError where the folder exists already, CompanionError where it cannot be made."""
        return cls(Kept.create(path, asdict(recipe)), recipe)

    @classmethod
    def open(cls, path: Path) -> Folder:
        """Raises NotFound where no run is in `path`, CompanionError where its recipe cannot be read."""
        kept = Kept(path)
        values = kept.recipe("companion eval repetition")
        try:
            return cls(kept, Recipe(**values | {"seekers": tuple(values["seekers"])}))
        except (KeyError, TypeError) as error:
            raise kept.unreadable(error) from None

    def talks(self) -> list[Talk]:
        """The conversations that are there. A last line that was cut off is dropped from the file."""
        try:
            return [Talk.read(line) for line in self._kept.rows(ROWS)]
        except (ValueError, KeyError, TypeError) as error:
            raise self._kept.wrong_row(ROWS, error) from None

    def add(self, talk: Talk) -> None:
        """Keep a conversation. Raises CompanionError when the disk is full."""
        self._kept.add(ROWS, [talk.line()])


class Talks:
    """Lets seekers talk."""

    def __init__(self, engine: Engine, tagger: Tagger, rater: Rater, settings: Settings, seed: int) -> None:
        self._engine, self._tagger, self._rater, self._settings, self._seed = engine, tagger, rater, settings, seed

    def run(
        self,
        seekers: Sequence[Seeker],
        wanted: Sequence[Condition],
        done: Sequence[Talk] = (),
        said: Callable[[int], None] = lambda turns: None,
        stop: Callable[[], bool] = lambda: False,
    ) -> Iterator[Talk]:
        """Every conversation that is not `done`, as it ends. `said` is told of turns, `stop` asked before each.

        Raises EngineError when the model fails; what came before it has been given.
        """
        before = {(talk.seeker, talk.condition): talk for talk in done}
        for seeker in seekers:
            for condition in wanted:
                known = before.get((seeker.id, condition.name))
                if known:
                    said(len(known.exchanges))
                    continue
                talk = self._talk(seeker, condition, said, stop)
                if talk is None:
                    return
                yield talk

    def _talk(
        self, seeker: Seeker, condition: Condition, said: Callable[[int], None], stop: Callable[[], bool]
    ) -> Talk | None:
        """One conversation, None when it was stopped."""
        settings = self._settings.changed(
            planner=condition.planner, candidates=condition.candidates, sentence_seconds=LONG
        )
        heard: list[Heard] = []
        exchanges: list[Exchange] = []
        with Store(None) as store:
            session = store.new_session(settings.model)
            conversation = Conversation(store, self._engine, self._tagger, session, settings, rater=self._rater)
            while len(exchanges) < seeker.turns:
                if stop():
                    return None
                seed = seed_of(self._seed, seeker.id, len(exchanges))
                conversation.settings = settings.changed(seed=seed)
                exchange = _exchange(conversation, seeker.line(heard), seed)
                exchanges.append(exchange)
                heard.append(Heard(exchange.reply, exchange.sentences))
                said(1)
        return Talk(condition.name, seeker.id, seeker.kind, tuple(exchanges))


def _exchange(conversation: Conversation, message: str, seed: int) -> Exchange:
    """One turn. Raises EngineError when the model fails."""
    started = time.monotonic()
    reply: Reply | None = None
    for event in conversation.say(message):
        match event:
            case Finished():
                reply = event.reply
            case Failed():
                raise event.error
    if reply is None:
        raise CompanionError("A turn ended without a reply; the run's folder is kept.")
    return Exchange(
        message=message,
        reply=reply.text,
        sentences=tuple(frozenset(sentence.tactics) for sentence in reply.sentences),
        empathy=reply.empathy,
        seed=seed,
        prompt_tokens=reply.timings.prompt_tokens,
        reply_tokens=reply.timings.reply_tokens,
        first_ms=round(reply.timings.first_ms, 1),
        total_ms=round(reply.timings.total_ms, 1),
        turn_ms=round((time.monotonic() - started) * 1000, 1),
    )


def seed_of(seed: int, seeker: str, turn: int) -> int:
    """The seed of a turn, below 2^31: the same under every condition."""
    return int.from_bytes(hashlib.sha256(f"{seed}/{seeker}/{turn}".encode()).digest()[:4]) >> 1
