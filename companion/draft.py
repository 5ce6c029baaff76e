"""The reply that is arriving: cleaned, saved piece by piece, and in the end stored with all that is known about it."""

from __future__ import annotations

from typing import Literal

from companion.events import Reply, TaggedSentence, Timings
from companion.rating import Empathy, Rater
from companion.speaking.choice import Choice
from companion.store import Candidate, FactorRow, PlanRow, Status, Store, Turn
from companion.store import Empathy as EmpathyRow
from companion.store import Timings as StoredTimings
from companion.tagging import Tagger, used
from companion.text import Cleaner, split_sentences
from planner.layouts import Layout
from planner.policy import Plan
from planner.tactics import TACTICS


class Draft:
    """The reply that is arriving."""

    def __init__(self, store: Store, tagger: Tagger, rater: Rater | None, begun: Turn, message: str) -> None:
        """`begun` is the turn it fills, with what it says already; `message` is what it answers."""
        self._store, self._tagger, self._rater = store, tagger, rater
        self.turn_id, self._message, self._text = begun.id, message, begun.text
        self._cleaner = Cleaner()
        self.plan: Plan | None = None
        self.layout = Layout.TAIL
        self.timings = Timings()
        self.choices: list[Choice] = []

    @property
    def text(self) -> str:
        """What has arrived so far."""
        return self._text

    def add(self, piece: str) -> str:
        """Take a piece in and save it; returns what may be shown of it."""
        return self._take(self._cleaner.feed(piece))

    def close(self) -> str:
        """The end of the text: what had been held back."""
        return self._take(self._cleaner.close())

    def _take(self, text: str) -> str:
        if not self._text:
            text = text.lstrip()
        if text:
            self._text += text
            self._store.save_partial(self.turn_id, self._text)
        return text

    def finish(self, status: Status, word: Literal["complete", "stopped", "failed"]) -> Reply:
        """Tag the text and store the end of the reply in one transaction."""
        text = self._text.rstrip()
        parts = split_sentences(text)
        sentences = tuple(
            TaggedSentence(part, tuple(tactic for tactic in TACTICS if tactic in used(scores)), scores)
            for part, scores in zip(parts, self._tagger.tag(parts), strict=True)
        )
        timings = self.timings
        empathy = self._rater.rate([(self._message, text)])[0] if self._rater and text else None
        self._store.finish_reply(
            self.turn_id,
            status,
            text,
            [(s.text, {tactic.value: s.scores[tactic] for tactic in s.tactics}) for s in sentences],
            plan_row(self.layout, self.plan) if self.plan else None,
            StoredTimings(timings.prompt_tokens, timings.reply_tokens, timings.first_ms, timings.total_ms),
            empathy_row(empathy) if empathy else None,
            [candidate_rows(choice) for choice in self.choices],
        )
        return Reply(self.turn_id, text, word, sentences, self.plan, timings, tuple(self.choices), empathy)


def plan_row(layout: Layout, made: Plan) -> PlanRow:
    """A plan as it is stored."""
    return PlanRow(
        layout=layout.value,
        weights={tactic.value: weight for tactic, weight in made.weights.items()},
        targets=tuple(tactic.value for tactic in made.targets),
        resting=tuple(tactic.value for tactic in made.resting),
        reason=made.reason,
        factors=tuple(FactorRow(f.tactic.value, f.need, f.taste, f.novelty, f.gate, f.weight) for f in made.factors),
    )


def empathy_row(rated: Empathy) -> EmpathyRow:
    """A rating as it is stored."""
    return EmpathyRow(
        rated.validating_emotions,
        rated.encouraging_elaboration,
        rated.demonstrating_understanding,
        rated.advice_giving,
        rated.self_oriented,
        rated.dismissing_emotions,
        rater="encoder",
    )


def candidate_rows(choice: Choice) -> list[Candidate]:
    """What a sentence was chosen from, as it is stored."""
    return [
        Candidate(
            each.text,
            tuple(tactic.value for tactic in each.tactics),
            each.parts,
            each.veto,
            kept=number == choice.kept,
        )
        for number, each in enumerate(choice.considered)
    ]
