"""What every engine promises, asked of each of them."""

from __future__ import annotations

import importlib.util
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

import pytest

from companion.engine.client import LlamaEngine
from companion.engine.protocol import (
    ContextFull,
    Engine,
    EngineError,
    Finish,
    LoadProgress,
    Message,
    Piece,
    Sampling,
)
from companion.engine.scripted import ScriptedEngine

HELLO = (Message("user", "hello there"),)
LONG = Sampling(max_tokens=2000, seed=1)
SHORT = Sampling(max_tokens=12, seed=1)
MakeEngine = Callable[[], Engine]


def scripted() -> Engine:
    return ScriptedEngine(lambda messages: "and what then " * 700)


@pytest.fixture(params=["scripted", pytest.param("llama", marks=pytest.mark.llama)])
def make_engine(request: pytest.FixtureRequest) -> Iterator[MakeEngine]:
    made: list[Engine] = []
    if request.param == "llama":
        if importlib.util.find_spec("llama_cpp") is None:
            pytest.skip("llama-cpp-python is not installed")
        path: Path = request.getfixturevalue("slow_model")

    def make() -> Engine:
        made.append(scripted() if request.param == "scripted" else LlamaEngine(path))
        return made[-1]

    yield make
    for engine in made:
        engine.close()


@pytest.fixture
def engine(make_engine: MakeEngine) -> Engine:
    return make_engine()


def reply(engine: Engine, messages: Sequence[Message], sampling: Sampling = SHORT) -> tuple[str, Finish]:
    *pieces, finish = engine.stream(messages, sampling)
    assert isinstance(finish, Finish)
    assert all(isinstance(piece, Piece) and piece.text for piece in pieces)
    return "".join(piece.text for piece in pieces if isinstance(piece, Piece)), finish


def test_it_is_an_engine(engine: Engine) -> None:
    assert isinstance(engine, Engine)


def test_loading_reports_progress_up_to_the_whole(engine: Engine) -> None:
    seen: list[LoadProgress] = []
    info = engine.load(seen.append)
    assert seen[-1].fraction == 1.0
    assert info.context == 4096
    assert engine.load() == info


def test_a_reply_is_pieces_and_then_one_finish_with_its_counts(engine: Engine) -> None:
    text, finish = reply(engine, HELLO)
    assert text
    assert finish.reason == "length"
    assert finish.reply_tokens == SHORT.max_tokens
    assert finish.prompt_tokens == engine.count_tokens(HELLO)
    assert 0 <= finish.first_ms <= finish.total_ms


def test_what_a_turn_has_read_is_not_read_again_in_the_next(engine: Engine) -> None:
    messages = list(HELLO)
    cached = []
    for _ in range(3):
        text, finish = reply(engine, messages)
        cached.append(finish.cached_tokens)
        messages += [Message("assistant", text), Message("user", "and then")]
    assert cached == sorted(set(cached))


def test_reading_ahead_leaves_only_the_new_words_to_read(engine: Engine) -> None:
    text, _ = reply(engine, HELLO)
    history = [*HELLO, Message("assistant", text)]
    assert engine.prefill(history) > 0
    assert engine.prefill(history) == 0
    words = "one two three four five"
    _, finish = reply(engine, [*history, Message("user", words)])
    assert finish.prompt_tokens - finish.cached_tokens < len(words) + 20


def test_a_cancel_before_the_first_piece_ends_the_reply(engine: Engine) -> None:
    stream = engine.stream(HELLO, LONG)
    engine.cancel()
    (finish,) = stream
    assert isinstance(finish, Finish)
    assert finish.reason == "cancelled"


def test_a_cancel_in_mid_reply_ends_it_and_the_next_one_is_whole(engine: Engine) -> None:
    stream = engine.stream(HELLO, LONG)
    assert isinstance(next(stream), Piece)
    engine.cancel()
    *_, finish = stream
    assert isinstance(finish, Finish)
    assert finish.reason == "cancelled"
    assert finish.reply_tokens < LONG.max_tokens
    assert reply(engine, HELLO)[1].reason == "length"


def test_a_cancel_with_nothing_in_progress_changes_nothing(engine: Engine) -> None:
    engine.load()
    engine.cancel()
    engine.cancel()
    assert reply(engine, HELLO)[1].reason == "length"


def test_a_reply_that_nobody_reads_on_does_not_disturb_the_next(engine: Engine) -> None:
    next(engine.stream(HELLO, LONG))
    abandoned = engine.stream(HELLO, LONG)
    next(abandoned)
    assert reply(engine, HELLO)[1].reason == "length"


def test_a_prompt_that_does_not_fit_says_by_how_much_and_the_next_works(engine: Engine) -> None:
    too_long = [Message("user", "word " * 5000)]
    with pytest.raises(ContextFull, match="4096") as error:
        reply(engine, too_long)
    assert error.value.tokens == engine.count_tokens(too_long)
    assert error.value.tokens > error.value.context
    assert reply(engine, HELLO)[1].reason == "length"


def test_closing_ends_the_reply_in_progress_and_refuses_later_ones(engine: Engine) -> None:
    stream = engine.stream(HELLO, LONG)
    next(stream)
    engine.close()
    *_, finish = stream
    assert isinstance(finish, Finish)
    assert finish.reason == "cancelled"
    with pytest.raises(EngineError, match="closed"):
        engine.stream(HELLO, SHORT)
    engine.close()
