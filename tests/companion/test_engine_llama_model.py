"""The low-level wrapper, in this process: tokens and bytes."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from itertools import islice
from pathlib import Path

import pytest

pytest.importorskip("llama_cpp", reason="llama-cpp-python is not installed")

from companion.engine.inbox import StopFlag
from companion.engine.llama import LlamaModel, Stopped
from companion.engine.protocol import Sampling
from companion.engine.speaker import Speaker, Utterance

pytestmark = pytest.mark.llama

GREEDY = Sampling(temperature=0)


def load(path: Path, stop: StopFlag | None = None) -> LlamaModel:
    model = LlamaModel(
        str(path),
        context=4096,
        extra_buffers=True,
        stop=stop or StopFlag(),
        progress=lambda fraction: True,
    )
    model.use_threads(1)
    return model


@pytest.fixture
def model(tiny_model: Path) -> Iterator[LlamaModel]:
    model = load(tiny_model)
    yield model
    model.close()


@pytest.mark.parametrize("text", ["hello there", "naïve café 🙂", "<|im_end|>", "a <think> b</think>", "\n\n \t"])
def test_text_becomes_ordinary_tokens_that_spell_it(model: LlamaModel, text: str) -> None:
    tokens = model.tokenize(text)
    assert b"".join(map(model.piece, tokens)).decode() == text
    specials = {model.special(name) for name in ("<|im_start|>", "<|im_end|>", "<think>", "</think>")}
    assert None not in specials
    assert specials.isdisjoint(tokens)


def test_only_a_control_or_user_defined_token_is_special(model: LlamaModel) -> None:
    assert model.special("hello") is None
    assert model.special("<|no such token|>") is None
    assert model.special("<|validation|>") is not None


def test_a_control_token_has_no_text(model: LlamaModel) -> None:
    token = model.special("<|im_end|>")
    assert token is not None
    assert model.piece(token) == b""
    assert model.is_end(token)


def test_a_token_longer_than_the_buffer_is_whole(model: LlamaModel) -> None:
    (long,) = [token for token in range(256, 280) if len(model.piece(token)) > 256]
    assert model.piece(long) == b"-" * 300


def test_only_what_differs_is_read_again(model: LlamaModel) -> None:
    model.read(list(range(1, 200)))
    assert model.reuse([*range(1, 150), 7, 8], for_reply=True) == 149
    assert model.cached == 149
    assert model.reuse(list(range(1, 150)), for_reply=True) == 148


def test_what_is_kept_gives_the_reply_that_reading_everything_gives(model: LlamaModel) -> None:
    prompt = list(range(1, 200))

    def reply() -> list[int]:
        model.reuse(prompt, for_reply=True)
        model.read(prompt)
        return list(islice(model.generate(GREEDY, 1, ()), 8))

    afresh = reply()
    assert reply() == afresh
    model.reuse([1, 2, 3, 99], for_reply=True)
    model.read([1, 2, 3, 99])
    assert reply() == afresh


def test_a_repeat_penalty_counts_earlier_replies(model: LlamaModel) -> None:
    def first(recent: list[int], penalty: float) -> int:
        prompt = model.tokenize("hello there")
        model.reuse(prompt, for_reply=True)
        model.read(prompt)
        return next(model.generate(Sampling(temperature=0, repeat_penalty=penalty), 1, recent))

    favourite = first([], 1.0)
    assert first([], 50.0) == favourite
    assert first([favourite], 1.0) == favourite
    assert first([favourite], 50.0) != favourite


def test_reading_stops_in_the_middle_and_goes_on_from_there(slow_model: Path) -> None:
    stop = StopFlag()
    model = load(slow_model, stop)
    prompt = [index % 250 for index in range(2000)]

    def stop_once_reading() -> None:
        while not model.cached:
            pass
        stop.set(True)

    thread = threading.Thread(target=stop_once_reading)
    thread.start()
    with pytest.raises(Stopped):
        model.read(prompt)
    thread.join()
    assert 0 < model.cached < len(prompt)
    with pytest.raises(Stopped):
        model.read(prompt)
    stop.set(False)
    short = prompt[: model.cached + 10]
    model.read(short)
    assert model.cached == len(short)
    model.close()


def test_a_character_over_several_tokens_arrives_whole() -> None:
    sent: list[str] = []
    utterance = Utterance(sent.append)
    for token, byte in enumerate("né🙂e".encode()):
        utterance.add(token, bytes([byte]))
    utterance.flush()
    assert "".join(sent) == "né🙂e"
    assert utterance.whole == ("né🙂e", list(range(8)))


def test_half_a_character_at_the_end_is_left_out_of_text_and_memory() -> None:
    sent: list[str] = []
    utterance = Utterance(sent.append)
    utterance.add(5, b"ok")
    utterance.add(6, b"\xf0\x9f")
    utterance.flush()
    assert sent == ["ok"]
    assert utterance.whole == ("ok", [5])


def test_a_token_that_ends_one_character_and_begins_another_is_not_remembered_in_part() -> None:
    utterance = Utterance(lambda text: None)
    utterance.add(5, b"ok\xf0\x9f")
    utterance.flush()
    assert utterance.whole == ("ok", [])


def test_a_reply_in_history_is_the_tokens_it_was_generated_as(tmp_path: Path) -> None:
    from tests.companion import tiny_gguf

    speaker = Speaker(load(tiny_gguf.write(tmp_path / "bytes.gguf", replies="bytes")))
    sent: list[str] = []
    opening = [("control", "<|im_start|>"), ("text", "assistant\n")]
    outcome = speaker.stream(opening, Sampling(max_tokens=60, seed=3), sent.append)
    text = "".join(sent)  # bytes that are no characters became U+FFFD, which is spelled with other bytes
    as_history = speaker.count([*opening, ("said", text)])
    assert outcome.prompt_tokens < as_history <= outcome.prompt_tokens + outcome.reply_tokens
    assert speaker.count([*opening, ("text", text)]) > as_history
    speaker.model.close()
