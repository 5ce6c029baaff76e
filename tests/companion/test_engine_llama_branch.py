"""Branching and reading ahead on the real library, in this process: what is kept is as if it had been read afresh."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path

import pytest

pytest.importorskip("llama_cpp", reason="llama-cpp-python is not installed")

import numpy as np

from companion.engine.inbox import StopFlag
from companion.engine.llama import LlamaModel
from companion.engine.profile import Profile
from companion.engine.protocol import Continuation, Message, Sampling
from companion.engine.speaker import Offer, Speaker, TooLong
from companion.engine.template import render

pytestmark = pytest.mark.llama

LIVELY = Sampling(seed=16)
HELLO = Message("user", "hello there")
SAME = 5e-3
"""Logits are equal to the rounding of a cache of 16 bits; after other tokens they differ by more than 1."""


@pytest.fixture(scope="module")
def path(tmp_path_factory: pytest.TempPathFactory) -> Path:
    pytest.importorskip("gguf", reason="gguf is not installed: it writes the models of the engine tests")
    from tests.companion import tiny_gguf

    folder = tmp_path_factory.mktemp("models")
    return tiny_gguf.write(folder / "sentences.gguf", replies="sentences", precision=np.float32)


class Mouth:
    """A speaker with a stop flag, asked in messages."""

    def __init__(self, path: Path, context: int = 2048) -> None:
        self.stop = StopFlag()
        self.model = LlamaModel(
            str(path), context=context, extra_buffers=True, stop=self.stop, progress=lambda fraction: True
        )
        self.model.use_threads(1)
        self.speaker = Speaker(self.model)

    def branch(self, *messages: Message, sampling: Sampling = LIVELY, count: int = 4, limit: int = 64) -> Offer:
        return self.speaker.branch(render(messages, Profile()), sampling, count, limit)

    def stream(self, *messages: Message, sampling: Sampling = LIVELY) -> tuple[str, int]:
        """The text, and how many tokens of the prompt had been read already."""
        sent: list[str] = []
        outcome = self.speaker.stream(render(messages, Profile()), sampling, sent.append)
        return "".join(sent), outcome.cached_tokens

    def prefill(self, *messages: Message) -> int:
        return self.speaker.prefill(render(messages, Profile(), ahead=True))

    def first_logits(self, *messages: Message) -> list[float]:
        """Those of the reply's first token."""
        tokens = self.speaker._prompt(render(messages, Profile())).tokens
        return logits_after(self.model, tokens)


def logits_after(model: LlamaModel, tokens: Sequence[int]) -> list[float]:
    model.reuse(tokens, for_reply=True)
    model.read(tokens)
    return model.logits()


def says(text: str) -> Message:
    return Message("assistant", text)


def longest(offer: Offer) -> Continuation:
    return max(offer.continuations, key=lambda way: way.tokens)


@pytest.fixture
def mouth(path: Path) -> Iterator[Mouth]:
    mouth = Mouth(path)
    yield mouth
    mouth.model.close()


@pytest.fixture
def cold(path: Path) -> Iterator[Mouth]:
    """Another one, which has read nothing."""
    mouth = Mouth(path)
    yield mouth
    mouth.model.close()


def test_the_same_seed_offers_the_same_and_its_candidates_differ(mouth: Mouth, cold: Mouth) -> None:
    offer = mouth.branch(HELLO)
    assert offer.continuations == cold.branch(HELLO).continuations == mouth.branch(HELLO).continuations
    assert len({way.text for way in offer.continuations}) == 4
    assert offer.continuations != mouth.branch(HELLO, sampling=replace(LIVELY, seed=12)).continuations


def test_without_a_seed_it_offers_something_new(mouth: Mouth) -> None:
    anything = replace(LIVELY, seed=None)
    assert mouth.branch(HELLO, sampling=anything).continuations != mouth.branch(HELLO, sampling=anything).continuations


@pytest.mark.parametrize("seed", range(1, 6))
def test_the_first_candidate_is_how_a_stream_begins(mouth: Mouth, seed: int) -> None:
    sampling = replace(LIVELY, seed=seed)
    whole, _ = mouth.stream(HELLO, sampling=sampling)
    (way,) = mouth.branch(HELLO, sampling=sampling, count=1).continuations
    assert whole.startswith(way.text)
    assert (way.end == "stop") == (way.text == whole)


def an_offer_with(mouth: Mouth, end: str, sequences: range = range(4)) -> tuple[Offer, Continuation]:
    """The latest offer of `mouth`, in which one of these candidates ended so, with some text."""
    for seed in range(200):
        offer = mouth.branch(HELLO, sampling=Sampling(seed=seed))
        for way in offer.continuations[sequences.start : sequences.stop]:
            if way.end == end and way.tokens:
                return offer, way
    raise AssertionError(f"no candidate ends with {end}")


@pytest.mark.parametrize("sequences", [range(1), range(1, 4)], ids=["first", "other"])
@pytest.mark.parametrize("end", ["sentence", "stop", "cut"])
def test_going_on_from_any_of_them_is_as_if_it_had_been_read_afresh(
    mouth: Mouth, cold: Mouth, end: str, sequences: range
) -> None:
    offer, way = an_offer_with(mouth, end, sequences)
    tokens = mouth.speaker._prompt(render([HELLO, says(way.text)], Profile())).tokens
    assert len(tokens) == offer.prompt_tokens + way.tokens
    assert logits_after(mouth.model, tokens) == pytest.approx(logits_after(cold.model, tokens), abs=SAME)
    longer = [*tokens, *range(60, 200)]
    assert logits_after(mouth.model, longer) == pytest.approx(logits_after(cold.model, longer), abs=SAME)


def test_a_sentence_that_is_kept_is_not_read_again(mouth: Mouth) -> None:
    offer, way = an_offer_with(mouth, "sentence")
    again = mouth.branch(HELLO, says(way.text))
    assert again.cached_tokens == again.prompt_tokens == offer.prompt_tokens + way.tokens


def test_a_reply_made_of_sentences_goes_on_with_any_number_of_candidates_or_as_a_stream(mouth: Mouth) -> None:
    text = ""
    for count in (4, 2, 1, 3):
        offers = (mouth.branch(HELLO, says(text), sampling=Sampling(seed=seed), count=count) for seed in range(50))
        text += next(way.text for way in map(longest, offers) if way.tokens)
    tokens = mouth.speaker._prompt(render([HELLO, says(text)], Profile())).tokens
    rest, cached = mouth.stream(HELLO, says(text), sampling=Sampling(max_tokens=5))
    assert len(tokens) - cached <= 1
    history = [HELLO, says((text + rest).strip()), Message("user", "and then")]
    _, cached = mouth.stream(*history)
    assert cached >= len(tokens)


def test_a_reply_that_ended_is_found_in_the_history_as_the_tokens_it_was_made_of(mouth: Mouth) -> None:
    first = mouth.branch(HELLO)
    way = longest(first)
    history = [HELLO, says(way.text.strip()), Message("user", "and then")]
    assert mouth.prefill(*history[:2]) > 0
    second = mouth.branch(*history)
    assert second.cached_tokens >= first.prompt_tokens + way.tokens
    mouth.branch(Message("user", "something else"))  # drafts of other replies do not drive it out
    assert mouth.speaker.count(render(history, Profile())) == second.prompt_tokens


def test_what_was_said_so_far_is_taken_to_the_last_space(mouth: Mouth) -> None:
    parts = render([HELLO, says("the ")], Profile())
    assert mouth.speaker.count(parts) == mouth.speaker.count(render([HELLO, says("the")], Profile())) + 1


def test_a_repeat_penalty_counts_what_the_reply_has_said(mouth: Mouth) -> None:
    def follows(penalty: float) -> Continuation:
        sampling = Sampling(temperature=0, repeat_penalty=penalty)
        return mouth.branch(HELLO, says(" the the a a w"), sampling=sampling, count=1, limit=1).continuations[0]

    said = {" the", " a"}
    assert follows(1e6).text not in said | {follows(1.0).text}


def test_a_context_that_fills_up_ends_every_candidate(path: Path) -> None:
    letters = Sampling(temperature=0.01, top_k=1, seed=1)
    mouth = Mouth(path, context=256)
    room = 256 - mouth.branch(HELLO, count=1).prompt_tokens
    prompt = Message("user", "hello there" + "z" * (room - 10))  # a token each
    offer = mouth.branch(prompt, sampling=letters)
    assert offer.prompt_tokens == 246
    assert [way.end for way in offer.continuations] == ["length"] * 4
    assert sum(way.tokens for way in offer.continuations) == 4 * 3  # two were read, the last is only sampled
    text = offer.continuations[0].text
    assert mouth.branch(prompt, says(text), sampling=letters, count=1).continuations[0].end == "length"
    with pytest.raises(TooLong):
        mouth.branch(Message("user", "z" * 300))
    assert mouth.branch(HELLO).continuations
    mouth.model.close()


def test_a_branch_that_was_stopped_offers_nothing_and_the_next_is_whole(mouth: Mouth, cold: Mouth) -> None:
    mouth.stop.set(True)
    offer = mouth.branch(HELLO)
    assert offer.cancelled
    assert offer.continuations == ()
    mouth.stop.set(False)
    assert mouth.branch(HELLO).continuations == cold.branch(HELLO).continuations


def test_a_branch_stopped_between_two_steps_leaves_a_cache_that_can_be_used(
    mouth: Mouth, cold: Mouth, monkeypatch: pytest.MonkeyPatch
) -> None:
    advance = mouth.model.advance
    steps = 0

    def advance_and_stop(rows: Sequence[tuple[int, int]]) -> None:
        nonlocal steps
        advance(rows)
        steps += 1
        mouth.stop.set(steps == 2)

    monkeypatch.setattr(mouth.model, "advance", advance_and_stop)
    assert mouth.branch(HELLO).cancelled
    monkeypatch.undo()
    mouth.stop.set(False)
    offer = mouth.branch(HELLO)
    assert offer.cached_tokens == offer.prompt_tokens - 1
    assert offer.continuations == cold.branch(HELLO).continuations


def test_reading_ahead_gives_the_logits_of_a_prompt_read_at_once(mouth: Mouth, cold: Mouth) -> None:
    history = [Message("system", "be kind " * 40), HELLO, says("the hell in")]
    asked = [*history, Message("user", "and then what " * 20)]
    assert mouth.prefill(*history) > 0
    assert mouth.first_logits(*asked) == pytest.approx(cold.first_logits(*asked), abs=SAME)


def test_reading_ahead_that_was_stopped_is_used_as_far_as_it_came(
    mouth: Mouth, cold: Mouth, monkeypatch: pytest.MonkeyPatch
) -> None:
    history = [HELLO, says("the hell " * 60)]
    asked = [*history, Message("user", "and then")]
    decode = mouth.model._decode

    def decode_and_stop(tokens: Sequence[int], *, logits: bool) -> None:
        decode(tokens, logits=logits)
        mouth.stop.set(True)

    monkeypatch.setattr(mouth.model, "_decode", decode_and_stop)
    read = mouth.prefill(*history)
    assert 0 < read < mouth.speaker.count(render(history, Profile(), ahead=True))
    monkeypatch.undo()
    mouth.stop.set(False)
    offer = mouth.branch(*asked)
    assert offer.cached_tokens == read
    assert mouth.first_logits(*asked) == pytest.approx(cold.first_logits(*asked), abs=SAME)


def test_the_logits_of_another_prompt_are_others(mouth: Mouth) -> None:
    here, there = mouth.first_logits(HELLO), mouth.first_logits(Message("user", "in the an"))
    assert max(abs(a - b) for a, b in zip(here, there, strict=True)) > 1
