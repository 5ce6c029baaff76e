"""One run of an evaluation (`training.protocol`): makes the replies that are not there yet, and keeps each at once."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TypeVar

from companion.context import Room, TooLong, alternating, fit
from companion.errors import CompanionError, UsageError
from companion.rating import Empathy
from companion.tagging import Tagger, used
from companion.text import clean, split_sentences
from planner.layouts import Message
from planner.ledger import Ledger, TurnRecord, opener_of
from planner.policy import PlanSettings
from training.evaluate import seed_of
from training.kept import Kept
from training.prompt_modes import Mode, drawn, prompt
from training.protocol_report import Report, report
from training.protocol_rows import HUMAN, Protocol, Recorded, Row, Turn, file_of, in_order, rows_of
from training.speakers import Prompt, Speaker, Spoken

Rate = Callable[[Sequence[tuple[Sequence[Message], str]]], Sequence[Empathy | None]]
"""Ratings of replies, each with the conversation before it; None for a reply that could not be rated.

A judge that is a model (`training.judge`) may raise EngineError."""

Item = TypeVar("Item")

TRIES = 3
"""Times that replies with probabilities are asked for, where none can be read."""
AT_ONCE = 32
"""Turns of people that are tagged and rated together."""


@dataclass(frozen=True, slots=True)
class Recipe:
    """What a run is, as it is kept in its folder."""

    model: str
    """A name, a path or an address, as given."""
    identity: str
    """Of the weights (`Speaker.identity`)."""
    encoder: str
    """Fingerprint of the reader that tags, and rates where there is no judge."""
    judge: str | None
    """The name of the model that rates instead, None for the encoder."""
    prompt: Mode
    protocols: tuple[Protocol, ...]
    data: str
    """The file with the conversations, as given."""
    data_sha256: str
    limit: int | None
    """The first so many conversations; None takes all."""
    seed: int
    temperature: float
    reply_tokens: int
    variety: float
    """Of the planner."""
    think_tokens: int = 0
    """The most tokens of thinking before a reply; 0 for a model that does not think."""

    @property
    def conditions(self) -> tuple[str, ...]:
        """What is made, in this order."""
        return (HUMAN, *self.protocols) if "human-history" in self.protocols else self.protocols


class Stopped(CompanionError):
    """Somebody stopped the run; what there is is kept."""

    def __init__(self, folder: Path) -> None:
        super().__init__(f"Stopped. Continue: companion eval --resume {folder}")


class Evaluation:
    """One run: makes what is not there yet."""

    def __init__(
        self,
        kept: Kept,
        recipe: Recipe,
        conversations: Sequence[Recorded],
        speaker: Callable[[], Speaker],
        tagger: Tagger,
        rate: Rate,
    ) -> None:
        """`speaker` is asked for when the first reply is to be made."""
        self.kept, self.recipe = kept, recipe
        self._conversations, self._tagger, self._rate = conversations, tagger, rate
        self._new_speaker = speaker
        self._speaker: Speaker | None = None
        self.left_out = 0
        """Turns without a reply so far, because the person's message alone is longer than the model reads."""
        self.rows = {
            condition: {(row.conversation, row.place): row for row in rows_of(kept, condition)}
            for condition in recipe.conditions
        }

    @property
    def total(self) -> int:
        """Replies there are in the end, people's turns counted."""
        turns = sum(len(each.turns) for each in self._conversations)
        lines = sum(len(each.lines) for each in self._conversations)
        return sum(lines if condition == "own-history" else turns for condition in self.recipe.conditions)

    @property
    def there(self) -> int:
        """Replies that are there."""
        return sum(map(len, self.rows.values()))

    def run(
        self, said: Callable[[int], object] = lambda replies: None, stop: Callable[[], bool] = lambda: False
    ) -> None:
        """Everything that is missing. `said` is told of replies, `stop` asked before each of them.

        Raises Stopped, EngineError when the model or the judge fails, UsageError where the model is another one than
        the run began with. What came before is kept.
        """
        try:
            for condition in self.recipe.conditions:
                made = self._own() if condition == "own-history" else self._each(condition)
                for count in made:
                    said(count)
                    if stop():
                        raise Stopped(self.kept.path)
                self.kept.replace(file_of(condition), (row.line() for row in in_order(self.rows[condition].values())))
        finally:
            if self._speaker:
                self._speaker.close()
                self._speaker = None

    def report(self) -> Report:
        """The figures of what is there."""
        return report(
            self.kept.path, asdict(self.recipe), {name: list(rows.values()) for name, rows in self.rows.items()}
        )

    def _each(self, condition: str) -> Iterator[int]:
        """Every turn of the recorded conversations: what people said, or a reply to what they said before."""
        there = self.rows[condition]
        turns = (turn for each in self._conversations for turn in each.turns)
        missing = [turn for turn in turns if (turn.conversation, turn.place) not in there]
        for part in _parts(missing, AT_ONCE if condition == HUMAN else self._together(missing)):
            if condition == HUMAN:
                self._keep(condition, part, [Spoken(turn.text or "", 0, 0, 0.0) for turn in part])
            else:
                self._reply(condition, part, [self._ledger(HUMAN, turn) for turn in part])
            yield len(part)

    def _own(self) -> Iterator[int]:
        """Conversations that the model holds, several side by side."""
        condition = "own-history"
        there = self.rows[condition]
        missing = [each for each in self._conversations if (each.name, 2 * len(each.lines) - 1) not in there]
        for block in _parts(missing, self._together(missing)):
            for number in range(max(len(each.lines) for each in block)):
                turns = [self._own_turn(each, number) for each in block if number < len(each.lines)]
                turns = [turn for turn in turns if (turn.conversation, turn.place) not in there]
                if turns:
                    self._reply(condition, turns, [self._ledger(condition, turn) for turn in turns])
                    yield len(turns)

    def _own_turn(self, recorded: Recorded, number: int) -> Turn:
        """The turn after message `number` of the person's."""
        there = self.rows["own-history"]
        history: list[Message] = []
        for before, line in enumerate(recorded.lines[: number + 1]):
            history.append(Message("user", line))
            row = there.get((recorded.name, 2 * before + 1))
            if row and row.reply:
                history.append(Message("assistant", row.reply))
        return Turn(recorded.name, 2 * number + 1, tuple(alternating(history)))

    def _ledger(self, condition: str, turn: Turn) -> Ledger:
        """What the supporter's turns before this one did."""
        rows = (
            row
            for (name, place), row in self.rows[condition].items()
            if name == turn.conversation and place < turn.place
        )
        before = sorted(rows, key=lambda row: row.place)
        return Ledger(tuple(TurnRecord(row.sentences, opener_of(row.reply)) for row in before if row.reply))

    def _together(self, missing: Sequence[object]) -> int:
        """How many are made at a time; no model is loaded where nothing is missing."""
        return self._ready().together if missing else 1

    def _ready(self) -> Speaker:
        """The model. Raises UsageError where it is another one than the run began with."""
        if self._speaker is None:
            speaker = self._speaker = self._new_speaker()
            if speaker.identity != self.recipe.identity:
                raise UsageError(
                    f"The model {self.recipe.model} is not the one that {self.kept.path} began with "
                    f"({self.recipe.identity[:12]}, {speaker.identity[:12]})."
                )
        return self._speaker

    def _reply(self, condition: str, turns: Sequence[Turn], ledgers: Sequence[Ledger]) -> None:
        recipe, speaker = self.recipe, self._ready()
        verbalized = recipe.prompt == "verbalized"
        room = Room.of(speaker.context, recipe.reply_tokens * (4 if verbalized else 1), recipe.think_tokens)
        prompts: list[Prompt] = []
        answered: list[Turn] = []
        for turn, ledger in zip(turns, ledgers, strict=True):
            try:
                prompts.append(Prompt(self._prompt(speaker, turn, ledger, room), self._seed(turn)))
                answered.append(turn)
            except TooLong:
                self.left_out += 1
        if not prompts:
            return
        spoken = speaker.say(prompts, recipe.temperature, room.reply, room.thought)
        as_asked = [True] * len(spoken)
        if verbalized:
            for number, each in enumerate(prompts):
                spoken[number], as_asked[number] = self._drawn(speaker, each, spoken[number], room)
        self._keep(condition, answered, spoken, as_asked)

    def _prompt(self, speaker: Speaker, turn: Turn, ledger: Ledger, room: Room) -> list[Message]:
        recipe, layout = self.recipe, speaker.layout

        def whole(history: Sequence[Message]) -> list[Message]:
            return prompt(recipe.prompt, layout, history, ledger, PlanSettings(strength=recipe.variety))

        kept, _ = fit(turn.history, lambda part: speaker.count(whole(part)), room.prompt)
        return whole(kept)

    def _drawn(self, speaker: Speaker, asked: Prompt, spoken: Spoken, room: Room) -> tuple[Spoken, bool]:
        """One of the replies that were written down; all that was said where none can be read after TRIES."""
        for attempt in range(TRIES):
            if attempt:
                again = Prompt(asked.messages, asked.seed + attempt)
                (spoken,) = speaker.say([again], self.recipe.temperature, room.reply, room.thought)
            reply = drawn(spoken.text, asked.seed)
            if reply is not None:
                return Spoken(reply, spoken.prompt_tokens, spoken.reply_tokens, spoken.ms), True
        return spoken, False

    def _seed(self, turn: Turn) -> int:
        return seed_of(self.recipe.seed, turn.conversation, turn.place)

    def _keep(
        self, condition: str, turns: Sequence[Turn], spoken: Sequence[Spoken], as_asked: Sequence[bool] = ()
    ) -> None:
        """Tag, rate and keep."""
        texts = [clean(each.text).strip() for each in spoken]
        tagged = self._tagger.tag_replies([split_sentences(text) for text in texts])
        rated = iter(self._rate([(turn.history, text) for turn, text in zip(turns, texts, strict=True) if text]))
        rows = [
            Row(
                conversation=turn.conversation,
                place=turn.place,
                condition=condition,
                model=None if condition == HUMAN else self.recipe.model,
                history=turn.history,
                reply=text,
                sentences=turn.sentences or tuple(used(scores) for scores in sentences),
                empathy=next(rated) if text else None,
                seed=0 if condition == HUMAN else self._seed(turn),
                prompt_tokens=each.prompt_tokens,
                reply_tokens=each.reply_tokens,
                ms=each.ms,
                as_asked=as_asked[number] if as_asked else True,
            )
            for number, (turn, text, sentences, each) in enumerate(zip(turns, texts, tagged, spoken, strict=True))
        ]
        self.kept.add(file_of(condition), [row.line() for row in rows])
        self.rows[condition] |= {(row.conversation, row.place): row for row in rows}


def _parts(items: Sequence[Item], size: int) -> Iterator[Sequence[Item]]:
    return (items[start : start + size] for start in range(0, len(items), size))
