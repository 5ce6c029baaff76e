"""What every engine promises, asked of each of them."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from pathlib import Path

import pytest

from companion.engine.client import LlamaEngine
from companion.engine.openai import OpenAIEngine
from companion.engine.protocol import (
    Branches,
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
from tests.companion.conftest import SERVERS
from tests.companion.openai_peer import Peer
from tests.companion.openai_server import MODEL, OpenAIServer

HELLO = (Message("user", "hello there"),)
LONG = Sampling(max_tokens=2000, seed=1)
SHORT = Sampling(max_tokens=12, seed=1)
MakeEngine = Callable[[], Engine]


WITHIN = Sampling(max_tokens=200, seed=6)


LLAMA = pytest.param("llama", marks=pytest.mark.llama)
PEERS = [pytest.param(server, marks=pytest.mark.llama) for server in SERVERS]
KINDS = ["scripted", LLAMA, "openai", *PEERS]
KEEPS = [*KINDS[:3], PEERS[0]]
"""Those that tell what they did not have to read again."""


@pytest.fixture(params=KINDS)
def make_engine(request: pytest.FixtureRequest) -> Iterator[MakeEngine]:
    made: list[Engine] = []
    servers: list[OpenAIServer] = []
    if request.param == "llama":
        pytest.importorskip("llama_cpp", reason="llama-cpp-python is not installed")
        path: Path = request.getfixturevalue("slow_model")
    if request.param in SERVERS:
        peer: Peer = request.getfixturevalue("slow_peers")(request.param)

    def make() -> Engine:
        match request.param:
            case "scripted":
                engine: Engine = ScriptedEngine(lambda messages: "and what then " * 700)
            case "llama":
                engine = LlamaEngine(path)
            case "openai":
                servers.append(OpenAIServer(lambda body: "and what then " * 700))
                engine = OpenAIEngine(servers[-1].address, MODEL)
            case _:
                engine = OpenAIEngine(peer.address, peer.model, context=4096)
        made.append(engine)
        return engine

    yield make
    for engine in made:
        engine.close()
    for server in servers:
        server.close()


@pytest.fixture
def engine(make_engine: MakeEngine) -> Engine:
    return make_engine()


@pytest.fixture(params=KINDS)
def talker(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Engine]:
    """An engine whose replies are sentences."""
    if request.param == "scripted":
        yield ScriptedEngine(lambda messages: "And what then? " * 70)
        return
    if request.param == "openai":
        server = OpenAIServer(lambda body: "And what then? " * 70)
        engine: Engine = OpenAIEngine(server.address, MODEL)
        yield engine
        engine.close()
        server.close()
        return
    if request.param in SERVERS:
        peer: Peer = request.getfixturevalue("talking_peers")(request.param)
        engine = OpenAIEngine(peer.address, peer.model, context=2048)
    else:
        pytest.importorskip("llama_cpp", reason="llama-cpp-python is not installed")
        pytest.importorskip("gguf", reason="gguf is not installed: it writes the models of the engine tests")
        from tests.companion import tiny_gguf

        engine = LlamaEngine(tiny_gguf.write(tmp_path / "sentences.gguf", replies="sentences"))
    yield engine
    engine.close()


def reply(engine: Engine, messages: Sequence[Message], sampling: Sampling = SHORT) -> tuple[str, Finish]:
    *pieces, finish = engine.stream(messages, sampling)
    assert isinstance(finish, Finish)
    assert all(isinstance(piece, Piece) and piece.text for piece in pieces)
    return "".join(piece.text for piece in pieces if isinstance(piece, Piece)), finish


def counted(engine: Engine, messages: Sequence[Message], tokens: int) -> bool:
    """Whether `count_tokens` says so many tokens; who only estimates may be off by half."""
    said = engine.count_tokens(messages)
    return said == tokens if engine.load().counts else tokens / 2 <= said <= tokens * 2


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
    assert counted(engine, HELLO, finish.prompt_tokens)
    assert 0 <= finish.first_ms <= finish.total_ms


@pytest.mark.parametrize("make_engine", KEEPS, indirect=True)
def test_what_a_turn_has_read_is_not_read_again_in_the_next(engine: Engine) -> None:
    messages = list(HELLO)
    cached = []
    for _ in range(3):
        text, finish = reply(engine, messages)
        cached.append(finish.cached_tokens)
        messages += [Message("assistant", text), Message("user", "and then")]
    assert cached == sorted(set(cached))


@pytest.mark.parametrize("make_engine", KINDS[:2], indirect=True)
def test_reading_ahead_leaves_only_the_new_words_to_read(engine: Engine) -> None:
    text, _ = reply(engine, HELLO)
    history = [*HELLO, Message("assistant", text)]
    seen: list[tuple[int, int]] = []
    assert engine.prefill(history, lambda read, whole: seen.append((read, whole))) > 0
    assert [read for read, _ in seen] == sorted({read for read, _ in seen})
    assert seen[-1][0] == seen[-1][1] > 0
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
    assert counted(engine, too_long, error.value.tokens)
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


def sentences(engine: Engine, messages: Sequence[Message], turns: int) -> list[tuple[str, Branches]]:
    """So many sentences of a reply, each with what it was chosen from: the longest is."""
    said: list[tuple[str, Branches]] = []
    text = ""
    for seed in range(100):
        branches = engine.branch([*messages, Message("assistant", text)], replace(WITHIN, seed=seed), 3)
        way = max(branches.continuations, key=lambda way: way.tokens)
        if way.tokens:
            text += way.text
            said.append((text, branches))
        if len(said) == turns:
            return said
    raise AssertionError("it has nothing to say")


def test_a_branching_offers_as_many_ways_on_as_were_asked_for(talker: Engine) -> None:
    for count in (1, 2, 3, 4):
        branches = talker.branch(HELLO, WITHIN, count)
        assert len(branches.continuations) == count
        assert not branches.cancelled
        assert counted(talker, HELLO, branches.prompt_tokens)
        assert 0 <= branches.first_ms <= branches.total_ms
        assert branches.steps <= max(way.tokens for way in branches.continuations) + 1


@pytest.mark.parametrize("count", [0, 5, -1])
def test_it_offers_one_to_four_ways_on(talker: Engine, count: int) -> None:
    with pytest.raises(ValueError, match=f"1 to 4 continuations, not {count}"):
        talker.branch(HELLO, WITHIN, count)


def test_the_bounds_hold_for_every_way_on(engine: Engine) -> None:
    for sampling, limit in ((LONG, 5), (replace(LONG, max_tokens=5), 64)):
        ways = engine.branch(HELLO, sampling, 2, limit=limit).continuations
        assert [(way.tokens, way.end) for way in ways] == [(5, "length")] * 2


def test_a_reply_goes_on_sentence_by_sentence_and_reads_nothing_twice(talker: Engine) -> None:
    first, second, third = sentences(talker, HELLO, 3)
    assert third[0].startswith(second[0])
    assert second[0].startswith(first[0])
    assert second[1].prompt_tokens > first[1].prompt_tokens
    if isinstance(talker, OpenAIEngine):
        return  # it lets go of a server before that tells what it has read
    assert second[1].cached_tokens >= second[1].prompt_tokens - 1
    assert third[1].cached_tokens >= third[1].prompt_tokens - 1


def test_a_stream_goes_on_where_the_open_reply_ends(talker: Engine) -> None:
    text, branches = sentences(talker, HELLO, 2)[-1]
    opened = [*HELLO, Message("assistant", text)]
    rest, finish = reply(talker, opened, replace(WITHIN, max_tokens=4))
    assert not rest.startswith(text)
    assert counted(talker, opened, finish.prompt_tokens)
    assert finish.prompt_tokens > branches.prompt_tokens
    if not talker.load().counts:
        return  # a server that tells nothing about tokens
    assert finish.cached_tokens >= finish.prompt_tokens - 1
    asked = [*opened, Message("user", "and then")]
    assert reply(talker, asked)[1].cached_tokens >= finish.prompt_tokens


def test_a_cancel_in_mid_branching_ends_it_and_the_next_one_is_whole(engine: Engine) -> None:
    if isinstance(engine, ScriptedEngine):
        engine._wait = lambda position, cancelled: position == 0 and cancelled.wait(60)
    ended = threading.Event()

    def cancel_until_ended() -> None:
        while not ended.wait(0.05):
            engine.cancel()

    engine.load()
    canceller = threading.Thread(target=cancel_until_ended)
    canceller.start()
    branches = engine.branch(HELLO, LONG, 4, limit=1000)
    ended.set()
    canceller.join()
    assert branches.cancelled
    assert branches.continuations == ()
    assert len(engine.branch(HELLO, LONG, 2, limit=4).continuations) == 2


def test_a_branching_that_does_not_fit_says_so_and_the_next_works(engine: Engine) -> None:
    with pytest.raises(ContextFull, match="4096"):
        engine.branch([Message("user", "word " * 5000)], SHORT, 2)
    assert engine.branch(HELLO, SHORT, 2).continuations


def test_after_closing_there_is_no_branching(engine: Engine) -> None:
    engine.close()
    with pytest.raises(EngineError, match="closed"):
        engine.branch(HELLO, SHORT, 2)
