"""The engine that tests and screenshots use: what it adds to the contract of all engines."""

from __future__ import annotations

import threading

import pytest

from companion.engine.protocol import Continuation, EngineDied, EngineError, Finish, Message, Piece, Sampling
from companion.engine.scripted import Gate, ScriptedEngine

HELLO = (Message("user", "hello there"),)


def said(engine: ScriptedEngine) -> list[str]:
    return [part.text for part in engine.stream(HELLO, Sampling()) if isinstance(part, Piece)]


def test_replies_come_in_order_as_words_or_as_given_pieces() -> None:
    engine = ScriptedEngine(["one two", ["th", "ree"]])
    assert said(engine) == ["one", " two"]
    assert said(engine) == ["th", "ree"]
    with pytest.raises(EngineError, match="given 2 replies"):
        said(engine)


def test_a_reply_can_be_made_from_the_messages() -> None:
    engine = ScriptedEngine(lambda messages: messages[-1].content.upper())
    assert said(engine) == ["HELLO", " THERE"]


def test_it_keeps_what_it_was_given() -> None:
    engine = ScriptedEngine(["ok"])
    engine.prefill(HELLO[:0])
    sampling = Sampling(seed=3)
    list(engine.stream(HELLO, sampling))
    assert engine.read_ahead == [()]
    assert engine.heard == [HELLO]
    assert engine.samplings == [sampling]
    assert engine.loads == 1


def test_it_fails_at_the_piece_it_was_told_to() -> None:
    engine = ScriptedEngine([["so ", EngineError("No more.")], "again"])
    stream = engine.stream(HELLO, Sampling())
    assert next(stream) == Piece("so ")
    with pytest.raises(EngineError, match="No more"):
        next(stream)
    assert said(engine) == ["again"]
    assert engine.loads == 1


def test_after_a_crash_on_cue_it_loads_again() -> None:
    engine = ScriptedEngine([["so ", EngineDied("signal 11")], "again"])
    with pytest.raises(EngineDied, match="signal 11"):
        said(engine)
    assert said(engine) == ["again"]
    assert engine.loads == 2


def test_the_first_load_can_fail() -> None:
    engine = ScriptedEngine(["ok"], load_error=EngineError("No such model."))
    with pytest.raises(EngineError, match="No such model"):
        engine.load()
    assert said(engine) == ["ok"]


def test_a_gate_lets_one_piece_through_at_a_time() -> None:
    gate = Gate()
    stream = ScriptedEngine(["one two three"], wait=gate).stream(HELLO, Sampling())
    gate.open(2)
    assert [next(stream), next(stream)] == [Piece("one"), Piece(" two")]
    threading.Thread(target=gate.open).start()
    assert next(stream) == Piece(" three")


def test_a_cancel_passes_through_a_closed_gate() -> None:
    engine = ScriptedEngine(["one two"], wait=Gate())
    stream = engine.stream(HELLO, Sampling())
    threading.Thread(target=engine.cancel).start()
    (finish,) = stream
    assert isinstance(finish, Finish)
    assert finish.reason == "cancelled"
    assert engine.cancels == 1


def ways(engine: ScriptedEngine, said: str = "", count: int = 2) -> list[tuple[str, str]]:
    messages = (*HELLO, Message("assistant", said))
    return [(way.text, way.end) for way in engine.branch(messages, Sampling(), count).continuations]


def test_it_offers_what_it_was_told_to_call_by_call() -> None:
    cut = Continuation("Well then", 2, "cut")
    engine = ScriptedEngine(branches=[["I see.", "Go on.", "No."], [cut, ""]])
    assert ways(engine) == [("I see.", "sentence"), ("Go on.", "sentence")]
    assert ways(engine, "I see.") == [("Well then", "cut"), ("", "stop")]
    with pytest.raises(EngineError, match="given 2 branchings"):
        ways(engine)
    assert [(messages[-1].content, count) for messages, count in engine.branched] == [("", 2), ("I see.", 2), ("", 2)]


def test_what_it_offers_can_be_made_from_the_messages_and_the_count() -> None:
    engine = ScriptedEngine(branches=lambda messages, count: [f"{messages[0].content} {i}." for i in range(count)])
    assert ways(engine, count=3) == [(f"hello there {i}.", "sentence") for i in range(3)]


def test_a_plain_reply_is_offered_sentence_by_sentence() -> None:
    engine = ScriptedEngine(["I see. What then?  Tell me", "Another."])
    assert ways(engine) == [("I see.", "sentence")] * 2
    assert ways(engine) == [("Another.", "stop")] * 2


def test_an_open_reply_goes_on_with_what_is_left_of_it() -> None:
    engine = ScriptedEngine(["I see. What then?  Tell me"])
    assert ways(engine) == [("I see.", "sentence")] * 2
    assert ways(engine, "I see.") == [(" What then?", "sentence")] * 2
    assert ways(engine, "I see. What then?") == [("  Tell me", "stop")] * 2
    assert ways(engine, "I see. What then?  Tell me") == [("", "stop")] * 2
    rest = engine.stream([*HELLO, Message("assistant", "I see. ")], Sampling())
    assert "".join(part.text for part in rest if isinstance(part, Piece)) == "What then?  Tell me"


def test_a_branching_fails_where_it_was_told_to() -> None:
    engine = ScriptedEngine([["I see.", " So", EngineDied("signal 9")], "Again."], branches=None)
    assert ways(engine) == [("I see.", "sentence")] * 2
    assert ways(engine, "I see.") == [(" So", "sentence")] * 2
    with pytest.raises(EngineDied, match="signal 9"):
        ways(engine, "I see. So")
    assert ways(engine) == [("Again.", "stop")] * 2
    assert engine.loads == 2
    with pytest.raises(EngineError, match="No more"):
        ways(ScriptedEngine(branches=[["Yes.", EngineError("No more.")]]))


def test_a_branching_waits_for_its_gate() -> None:
    gate = Gate()
    engine = ScriptedEngine(["One. Two."], wait=gate)
    threading.Thread(target=gate.open).start()
    assert ways(engine) == [("One.", "sentence")] * 2


def test_a_branching_that_is_cancelled_offers_nothing() -> None:
    engine = ScriptedEngine(["One. Two."], wait=lambda position, cancelled: engine.cancel())
    branches = engine.branch(HELLO, Sampling(), 2)
    assert branches.cancelled
    assert branches.continuations == ()
