"""The reward as TRL calls it: replies in, one number each out, the raw parts logged."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Sequence
from statistics import fmean
from typing import Any

from companion.errors import CompanionError
from planner.ledger import opener_of
from planner.tactics import TACTICS
from training.mint_recipe import RewardRecipe
from training.openings import Openings, run_on
from training.readings import Dialogue, Read, Reader
from training.rewards import Reward, Scored, rewards
from training.violations import must_not_be_said, names_tactics, without_thoughts


class GrpoReward:
    """Scores whole groups. `count` gives the tokens of a text with the policy's own tokenizer.

    Thoughts are taken off first: they are neither read nor counted, and one that never ends is a violation and an empty
    reply. The paper counted tokens with another tokenizer, that of its reward model.
    """

    def __init__(self, recipe: RewardRecipe, group: int, reader: Reader, count: Callable[[str], int]) -> None:
        self.__name__ = "mint"  # TRL names the function's metrics by it
        self._recipe, self._group, self._reader, self._count = recipe, group, reader, count
        self._openings = Openings(recipe.common)

    def state(self) -> dict[str, Any]:
        """What the reward of the next step depends on beside its replies: it belongs into a checkpoint, as JSON."""
        return {"openings": self._openings.last}

    def restore(self, state: dict[str, Any]) -> None:
        """Go back to a state."""
        self._openings.forget()
        self._openings.remember(state["openings"])

    def __call__(
        self,
        *,
        completions: Sequence[Any],
        row: Sequence[int],
        previous: Sequence[Sequence[int]],
        openers: Sequence[Sequence[str]],
        dialogue: Sequence[Dialogue],
        log_metric: Callable[[str, float], None] | None = None,
        log_extra: Callable[[str, list[Any]], None] | None = None,
        **_: Any,
    ) -> list[float]:
        """The rewards of the replies of whole groups; the columns are those of `training.prompts.columns`.

        Raises CompanionError for groups that are not whole, and where a reading fails.
        """
        self._must_be_whole(row)
        parts = [without_thoughts(_text(completion)) for completion in completions]
        texts = [text for text, _ in parts]
        read = self._reader.read(dialogue, texts)
        worn = self._worn(texts, row, openers)
        scored = [
            Scored(
                row=row[place],
                counts=read[place].counts,
                previous=tuple(previous[place]),
                quality=read[place].quality,
                tokens=self._count(text) if text else 0,
                violation=unclosed or names_tactics(text) or (self._recipe.lint and must_not_be_said(text)),
                opener=worn[place],
                run_on=run_on(text),
                empty=not text,
            )
            for place, (text, unclosed) in enumerate(parts)
        ]
        found = rewards(
            scored,
            self._recipe.mode,
            weights=self._recipe.weights,
            floor=self._recipe.floor,
            length=self._recipe.length,
        )
        self._openings.remember(opener_of(text) for text in texts)
        if log_metric is not None:
            for name, value in means(scored, found).items():
                log_metric(name, value)
        if log_extra is not None:
            for name, values in _columns(scored, found, read).items():
                log_extra(name, values)
        return [each.total for each in found]

    def _must_be_whole(self, row: Sequence[int]) -> None:
        for number, count in Counter(row).items():
            if count % self._group:
                raise CompanionError(
                    f"{count} of the {self._group} replies to row {number} came together; a reward compares a whole "
                    "group. Choose rows, update.groups and the number of processes so that every process has whole "
                    "ones."
                )

    def _worn(self, texts: Sequence[str], row: Sequence[int], openers: Sequence[Sequence[str]]) -> list[float]:
        found = [0.0] * len(texts)
        groups: dict[int, list[int]] = {}
        for place, number in enumerate(row):
            groups.setdefault(number, []).append(place)
        for places in groups.values():
            worn = self._openings.worn([texts[place] for place in places], openers[places[0]])
            for place, value in zip(places, worn, strict=True):
                found[place] = value
        return found


def means(scored: Sequence[Scored], found: Sequence[Reward]) -> dict[str, float]:
    """The raw parts over a batch, and the mean spread of those that are scaled within their groups."""
    groups: dict[int, list[Reward]] = {}
    for each, reward in zip(scored, found, strict=True):
        groups.setdefault(each.row, []).append(reward)

    def spread(part: str) -> float:
        return fmean(
            max(getattr(reward, part) for reward in group) - min(getattr(reward, part) for reward in group)
            for group in groups.values()
        )

    return {
        "parts/quality": fmean(reward.quality for reward in found),
        "parts/novelty": fmean(reward.kl for reward in found),
        "parts/entropy": fmean(reward.h for reward in found),
        "parts/length": fmean(reward.length for reward in found),
        "parts/tokens": fmean(each.tokens for each in scored),
        "parts/tactics": fmean(sum(count > 0 for count in each.counts) for each in scored),
        "parts/violations": fmean(reward.violation for reward in found),
        "parts/opener": fmean(reward.opener for reward in found),
        "parts/run_on": fmean(reward.run_on for reward in found),
        "parts/empty": fmean(each.empty for each in scored),
        "spread/quality": spread("quality"),
        "spread/novelty": spread("kl"),
        "spread/entropy": spread("h"),
    }


def _columns(scored: Sequence[Scored], found: Sequence[Reward], read: Sequence[Read]) -> dict[str, list[Any]]:
    """What is kept of every reply beside its text."""
    return {
        "quality": [round(reward.quality, 4) for reward in found],
        "novelty": [round(reward.kl, 4) for reward in found],
        "entropy": [round(reward.h, 4) for reward in found],
        "tokens": [each.tokens for each in scored],
        "violation": [reward.violation for reward in found],
        "opener": [round(reward.opener, 4) for reward in found],
        "run_on": [round(reward.run_on, 4) for reward in found],
        "tactics": [
            "; ".join(",".join(t.value for t in TACTICS if t in sentence) or "-" for sentence in each.sentences)
            for each in read
        ],
    }


def _text(completion: Any) -> str:
    """A completion is text, or one message where the prompt was messages."""
    return str(completion if isinstance(completion, str) else completion[0]["content"])
