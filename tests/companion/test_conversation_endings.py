"""How a reply may end: a failure, a stop, an exception; what had arrived is kept."""

from __future__ import annotations

import threading

import pytest

from companion.engine.protocol import EngineCancelled, EngineDied, EngineError
from companion.engine.scripted import ScriptedEngine
from companion.events import Event, Failed, Finished, Planned, Stopped, Token, UserSaved
from companion.store import Status, Store
from tests.companion.conversations import WatchedEngine, kept, reply_of, shown, talking
from tests.companion.conversations import path as path
from tests.companion.conversations import store as store


def test_a_model_that_cannot_be_loaded_leaves_the_message_a_failed_reply_and_a_sentence(store: Store) -> None:
    engine = ScriptedEngine(load_error=EngineError("The model file is damaged: get it again."))
    conversation = talking(store, engine)
    events = list(conversation.say("are you there?"))
    assert isinstance(events[-1], Failed)
    assert events[-1].message == "The model file is damaged: get it again."
    assert kept(store, conversation) == [("are you there?", Status.COMPLETE), ("", Status.FAILED)]


def test_a_failure_keeps_what_had_arrived_with_its_sentences(store: Store) -> None:
    broken = ["What happened? ", "I am ", EngineDied("signal 9"), "never said"]
    conversation = talking(store, ScriptedEngine([broken]))
    events = list(conversation.say("hello"))
    assert isinstance(events[-1], Failed)
    assert "stopped unexpectedly (signal 9)" in events[-1].message
    assert reply_of(events).status == "failed"
    assert kept(store, conversation)[-1] == ("What happened? I am", Status.FAILED)
    assert [s.text for s in reply_of(events).sentences] == ["What happened?", "I am"]
    assert len(store.sentences(conversation.session.id)[reply_of(events).turn_id]) == 2


def test_the_message_after_the_engine_died_works(store: Store) -> None:
    engine = ScriptedEngine([["Half ", EngineDied("signal 11")], "Whole."])
    conversation = talking(store, engine)
    list(conversation.say("first"))
    events = list(conversation.say("second"))
    assert isinstance(events[-1], Finished)
    assert engine.loads == 2
    assert [m.content for m in engine.heard[-1] if m.content] == ["first", "Half", "second"]


def test_a_stop_keeps_what_had_arrived(store: Store) -> None:
    conversation = talking(store, ScriptedEngine([["One.\n", "Two.\n", "Three.\n"]]))
    events = []
    for event in conversation.say("count"):
        events.append(event)
        if shown(events) == "One.\nTwo.\n":
            conversation.stop()
    assert isinstance(events[-1], Stopped)
    assert reply_of(events).status == "stopped"
    assert kept(store, conversation)[-1] == ("One.\nTwo.", Status.STOPPED)


def test_a_stop_within_a_sentence_shows_and_keeps_what_there_is_of_it(store: Store) -> None:
    def stop(position: int, cancelled: threading.Event) -> None:
        if position == 4:
            conversation.stop()

    conversation = talking(store, ScriptedEngine(["That is bad. What happened then?"], wait=stop))
    events = list(conversation.say("count"))
    assert shown(events) == "That is bad. What"
    assert kept(store, conversation)[-1] == ("That is bad. What", Status.STOPPED)


def test_a_stop_from_another_thread_ends_a_reply_that_hangs(store: Store) -> None:
    hanging = threading.Event()

    def hang(position: int, cancelled: threading.Event) -> None:
        if position == 2:
            hanging.set()
            cancelled.wait()

    conversation = talking(store, ScriptedEngine(["one two three"], wait=hang))
    stopper = threading.Thread(target=lambda: hanging.wait() and conversation.stop())
    stopper.start()
    events = list(conversation.say("count"))
    stopper.join()
    assert isinstance(events[-1], Stopped)
    assert kept(store, conversation)[-1] == ("one two", Status.STOPPED)


@pytest.mark.parametrize("moment", [UserSaved, Planned])
def test_a_stop_before_the_reply_has_begun_is_not_lost(store: Store, moment: type[Event]) -> None:
    engine = ScriptedEngine(["one two", "three"])
    conversation = talking(store, engine)
    events = []
    for event in conversation.say("count"):
        events.append(event)
        if isinstance(event, moment):
            conversation.stop()
    assert isinstance(events[-1], Stopped)
    assert engine.loads == 0
    assert kept(store, conversation)[-1] == ("", Status.STOPPED)


def test_a_stop_between_loading_and_speaking_is_not_lost(store: Store) -> None:
    engine = WatchedEngine(["one two"], at_load=lambda: conversation.stop())
    conversation = talking(store, engine)
    events = list(conversation.say("count"))
    assert isinstance(events[-1], Stopped)
    assert shown(events) == ""


def test_a_load_that_was_cancelled_is_a_stop_and_no_failure(store: Store) -> None:
    conversation = talking(store, ScriptedEngine(load_error=EngineCancelled()))
    assert isinstance(list(conversation.say("count"))[-1], Stopped)
    assert kept(store, conversation)[-1] == ("", Status.STOPPED)


def test_a_stop_with_nothing_arriving_does_not_touch_the_next_reply(store: Store) -> None:
    conversation = talking(store, ScriptedEngine(["one", "two"]))
    conversation.stop()
    assert isinstance(list(conversation.say("first"))[-1], Finished)
    conversation.stop()
    assert isinstance(list(conversation.say("second"))[-1], Finished)


def test_a_front_end_that_walks_away_leaves_what_had_arrived_as_stopped(store: Store) -> None:
    conversation = talking(store, ScriptedEngine(["One. Two. Three.", "Next."]))
    events = conversation.say("count")
    while not isinstance(next(events), Token):
        pass
    events.close()  # type: ignore[attr-defined]  # it is a generator
    assert kept(store, conversation)[-1] == ("One.", Status.STOPPED)
    assert isinstance(list(conversation.say("again"))[-1], Finished)


@pytest.mark.parametrize(
    ("error", "status"), [(KeyboardInterrupt, Status.STOPPED), (SystemExit, Status.STOPPED), (OSError, Status.FAILED)]
)
def test_an_exception_in_mid_reply_keeps_what_was_shown_and_goes_on_up(
    store: Store, error: type[BaseException], status: Status
) -> None:
    def interrupt(position: int, cancelled: threading.Event) -> None:
        if position == 2:
            raise error

    conversation = talking(store, ScriptedEngine(["One. Two three."], wait=interrupt))
    with pytest.raises(error):
        list(conversation.say("count"))
    assert kept(store, conversation)[-1] == ("One.", status)


def test_a_reply_without_words_is_complete_and_no_message_in_the_history(store: Store) -> None:
    engine = ScriptedEngine([[], "Now I have words."])
    conversation = talking(store, engine)
    assert isinstance(list(conversation.say("hm"))[-1], Finished)
    list(conversation.say("hello?"))
    assert [(m.role, m.content) for m in engine.heard[-1]] == [("user", "hm\n\nhello?"), ("assistant", "")]
