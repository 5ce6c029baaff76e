"""Training on what the model itself says over a conversation, and not only on what people once said.

A model that is trained to differ from the *recorded* turn before can still repeat *itself*. So every few steps the
replies of the histories that come up next are made anew, turn after turn, by the policy as it is then, between the
messages that the person wrote. They are tagged, and rows are built from them as from any history. The paper has nothing
of the kind.
"""

from __future__ import annotations

import json
import random
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from accelerate.utils import gather_object
from transformers import TrainerCallback

from companion.errors import NotFound
from companion.text import split_sentences
from planner.layouts import Message
from planner.ledger import Ledger, TurnRecord, opener_of
from planner.tactics import Tactic
from training.prompts import Prompter, Row, row_of
from training.readings import TacticReader, Tagged
from training.recordings import Recording
from training.run import Run, write_json
from training.violations import without_thoughts

if TYPE_CHECKING:
    from training.grpo import MintTrainer

FOLDER = "histories"


@dataclass(frozen=True, slots=True)
class Reply:
    """One reply of the policy in a history."""

    text: str
    sentences: Tagged


Histories = dict[str, list[Reply]]
"""The replies to the first messages of a conversation, by its name."""


def messages(recording: Recording, replies: Sequence[Reply]) -> list[Message]:
    """The person's messages, answered by these replies, up to the one that they leave without."""
    found: list[Message] = []
    for said, reply in zip(recording.said, replies, strict=False):
        found += [Message("user", said), Message("assistant", reply.text)]
    return [*found, Message("user", recording.said[len(replies)])]


def ledger(replies: Sequence[Reply]) -> Ledger:
    """What these replies did."""
    kept = Ledger()
    for reply in replies:
        kept = kept.add(TurnRecord(reply.sentences, opener_of(reply.text)))
    return kept


def answered(row: Row) -> int:
    """How many of the person's messages lie before the one that a row answers."""
    return sum(message.role == "user" for message in row.history) - 1


class OwnHistory(TrainerCallback):  # type: ignore[misc]  # transformers is untyped here
    """Makes the histories of the next `every` steps anew, at every such step."""

    def __init__(
        self,
        trainer: MintTrainer,
        run: Run,
        recordings: Sequence[Recording],
        rows: Sequence[Row],
        places: Sequence[int],
        reader: TacticReader,
        prompter: Prompter,
    ) -> None:
        """`places` says which of the `rows` come up, `recipe.rows` of them at each step."""
        self._trainer, self._run, self._rows, self._places = trainer, run, rows, places
        self._recordings = {recording.id: recording for recording in recordings}
        self._reader, self._prompter = reader, prompter
        self._every, self._share = trainer.recipe.own_history.every, trainer.recipe.own_history.share
        self._seed, self._at_once = trainer.recipe.seed, trainer.recipe.rows
        self._current: int | None = None

    def on_step_begin(self, args: Any, state: Any, control: Any, **_: Any) -> None:
        """Before the rollouts of a step. A run that goes on between two renewals reads what the last one wrote."""
        due = state.global_step // self._every * self._every
        if due == self._current:
            return
        coming = self._rows_of(due)
        if due == state.global_step:
            with self._trainer.timed("history"):
                histories = self._renew(due, coming)
        else:
            histories = self._read(due)
        self._trainer.replace_rows(self._own(coming, histories))
        self._current = due

    def _rows_of(self, step: int) -> dict[int, Row]:
        """By their places, the rows of the steps from `step` on that get histories made at `step`."""
        chosen = self._places[step * self._at_once : (step + self._every) * self._at_once]
        chance = random.Random(f"{self._seed}/{step}/own")
        return {place: self._rows[place] for place in chosen if chance.random() < self._share}

    def _own(self, coming: Mapping[int, Row], histories: Histories) -> dict[int, Row]:
        """Each row with the policy's replies in its history; as it was where the history no longer fits."""
        found = {}
        for place, row in coming.items():
            replies = histories.get(row.conversation, [])[: answered(row)]
            if len(replies) < answered(row):
                continue
            history, kept = messages(self._recordings[row.conversation], replies), ledger(replies)
            prompt = self._prompter.prompt(history, kept)
            if prompt is not None:
                found[place] = row_of(row.id, row.conversation, tuple(history), prompt, kept, row.reply)
        return found

    def _renew(self, step: int, coming: Mapping[int, Row]) -> Histories:
        """The replies of all conversations that come up; each process makes a share of them."""
        wanted: dict[str, int] = {}
        for row in coming.values():
            wanted[row.conversation] = max(wanted.get(row.conversation, 0), answered(row))
        accelerator = self._trainer.accelerator
        share = list(wanted)[accelerator.process_index :: accelerator.num_processes]
        histories: Histories = {}
        for part in gather_object([self._converse(step, {name: wanted[name] for name in share})]):
            histories |= part
        if accelerator.is_main_process:
            rows = {name: [_json(reply) for reply in replies] for name, replies in histories.items()}
            (self._run.folder / FOLDER).mkdir(exist_ok=True)
            with self._run.writing("The histories"):
                write_json(self._file(step), rows)
        return histories

    def _converse(self, step: int, wanted: Mapping[str, int]) -> Histories:
        """So many replies in each of these conversations, those of one turn made together."""
        histories: Histories = {name: [] for name in wanted}
        for turn in range(max(wanted.values(), default=0)):
            prompts = {}
            for name, count in wanted.items():
                if turn < count and len(histories[name]) == turn:
                    said = messages(self._recordings[name], histories[name])
                    prompts[name] = self._prompter.prompt(said, ledger(histories[name]))
            asked = {name: prompt for name, prompt in prompts.items() if prompt is not None}
            if not asked:
                break
            texts = [without_thoughts(text)[0] for text in self._trainer.say(list(asked.values()), f"{step}/{turn}")]
            tagged = self._reader.tactics([split_sentences(text) for text in texts])
            for name, text, sentences in zip(asked, texts, tagged, strict=True):
                histories[name].append(Reply(text, sentences))
        return histories

    def _read(self, step: int) -> Histories:
        file = self._file(step)
        if not file.is_file():
            raise NotFound(f"{file} is gone; this run cannot go on between two renewals of its histories without it.")
        rows = json.loads(file.read_text("utf-8"))
        return {name: [_reply(row) for row in replies] for name, replies in rows.items()}

    def _file(self, step: int) -> Path:
        return self._run.folder / FOLDER / f"step-{step:06d}.json"


def _json(reply: Reply) -> dict[str, Any]:
    return {"text": reply.text, "sentences": [sorted(tactics) for tactics in reply.sentences]}


def _reply(row: Mapping[str, Any]) -> Reply:
    return Reply(row["text"], tuple(frozenset(map(Tactic, tactics)) for tactics in row["sentences"]))
