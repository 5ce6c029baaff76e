"""S6, S9, S16-S18: with one way on, too, no sentence is shown before it was looked at."""

from __future__ import annotations

import threading
from collections.abc import Callable, Sequence
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from companion.conversation import Conversation
from companion.engine.protocol import EngineDied, EngineError, Finish, Piece, Sampling
from companion.engine.scripted import Reply, ScriptedEngine
from companion.events import Event, Failed, Finished, Stopped, Token
from companion.safety import care_texts as texts
from companion.safety.lint import KINDS
from companion.settings import Settings
from companion.speaking.checked import FREER, LONGEST, TRIES, UNGUARDED, Guard, checked
from companion.store import Store
from planner.layouts import Message
from tests.companion.fakes import CueTagger

PROMPT = [Message("user", "hello")]
BAD = {
    "a life it does not have": "I’ve been there.",
    "love or a mind of its own": "I love you.",
    "secrecy, or being the only one": "This stays our secret.",
    "holding on at a goodbye": "You can't leave yet.",
    "a demand for a promise": "Promise me you will wait.",
    "a promise it cannot keep": "Everything will be okay.",
    "refusing the subject, or ending the talk": "I can't talk about this.",
    "making it small": "Other people have it worse.",
    "agreeing that there is no hope": "Anyone would give up.",
    "a question that expects a no": "You're not thinking of killing yourself, right?",
    "a diagnosis, or passing for care by a professional": "You clearly have an anxiety disorder.",
    "praise of not eating": "I'm proud of you for skipping lunch.",
    "a way to be hurt": "You could jump off a bridge.",
}


class DrawingEngine(ScriptedEngine):
    """Says the next text of the script on every call, also where a reply stands open."""

    def _go_on(self, messages: Sequence[Message]) -> Sequence[str | EngineError]:
        self._reply = ()
        return super()._go_on(messages)


def speak(
    engine: ScriptedEngine,
    *,
    messages: Sequence[Message] = PROMPT,
    sampling: Sampling | None = None,
    guard: Guard = UNGUARDED,
    stopped: Callable[[], bool] = lambda: False,
) -> tuple[list[str], Finish]:
    items = list(checked(engine, messages, sampling or Sampling(), guard, stopped))
    *pieces, finish = items
    assert isinstance(finish, Finish)
    assert all(isinstance(piece, Piece) for piece in pieces)
    return [piece.text for piece in pieces if isinstance(piece, Piece)], finish


def test_a_sentence_is_shown_once_it_is_complete() -> None:
    engine = DrawingEngine([["Dr. ", "Who asked. ", "W", "hat then? ", "Well"]])
    items = checked(engine, PROMPT, Sampling(), UNGUARDED, lambda: False)
    assert next(items) == Piece("Dr. Who asked.")
    assert [item.text for item in items if isinstance(item, Piece)] == [" What then?", " Well"]


@pytest.mark.parametrize("kind", sorted(KINDS))
def test_what_may_not_be_said_is_not_shown_and_the_engine_is_asked_again_from_before_it(kind: str) -> None:
    engine = DrawingEngine([f"That is hard. {BAD[kind]} Yes.", " What happened then?"])
    said, finish = speak(engine)
    assert said == ["That is hard.", " What happened then?"]
    assert finish.reason == "stop"
    assert engine.heard[1][-1] == Message("assistant", "That is hard.")


def test_a_vetoed_first_sentence_is_drawn_anew() -> None:
    engine = DrawingEngine(["I love you.", "I hear you."])
    assert speak(engine, sampling=Sampling(seed=3, temperature=0.0))[0] == ["I hear you."]
    first, second = engine.samplings
    assert (first.seed, first.temperature) == (3, 0.0)
    assert second.seed != 3
    assert second.temperature == FREER
    assert engine.heard[1] == tuple(PROMPT)


def test_a_reply_of_which_nothing_may_be_said_is_a_line_of_ours() -> None:
    engine = DrawingEngine(["You could jump off a bridge."] * TRIES)
    said, finish = speak(engine)
    assert said[0] in texts.NO_METHODS
    assert (len(said), finish.reason, len(engine.heard)) == (1, "stop", TRIES)


def test_a_reply_that_has_said_something_ends_where_it_goes_wrong() -> None:
    engine = DrawingEngine(["That is hard. I love you.", *[" I love you. More."] * (TRIES - 1)])
    said, finish = speak(engine)
    assert said == ["That is hard."]
    assert finish.reason == "stop"


def test_each_sentence_has_its_own_tries() -> None:
    script = ["I love you.", "I love you.", "One. I love you.", " I love you.", " Two."]
    assert speak(DrawingEngine(script))[0] == ["One.", " Two."]


def test_a_fixed_line_is_another_one_than_those_that_were_said() -> None:
    earlier = tuple(texts.NO_METHODS[:-1])
    said, _ = speak(DrawingEngine(["You could jump off a bridge."] * TRIES), guard=Guard(earlier=earlier))
    assert said == [texts.NO_METHODS[-1]]


def test_what_hides_between_letters_is_seen() -> None:
    hidden = "You could j\u200bump off a bri\u00addge."
    assert speak(DrawingEngine([hidden, "Tell me more."]))[0] == ["Tell me more."]


def test_a_sentence_that_was_begun_before_is_looked_at_as_a_whole() -> None:
    begun = [*PROMPT, Message("assistant", "That is hard. You could just")]
    engine = DrawingEngine([" kill yourself.", " tell her."])
    assert speak(engine, messages=begun)[0] == [" tell her."]


@pytest.mark.parametrize(
    ("reply", "shown"), [("One. Two three four", ["One.", " Two three"]), ("One. I promise four", ["One."])]
)
def test_a_stop_shows_what_there_is_of_a_sentence_if_it_may_be_said(reply: str, shown: list[str]) -> None:
    stop = threading.Event()

    def wait(position: int, cancelled: threading.Event) -> None:
        if position == 3:
            stop.set()
            cancelled.set()

    engine = DrawingEngine([reply], wait=wait)
    said, finish = speak(engine, stopped=stop.is_set)
    assert (said, finish.reason, len(engine.heard)) == (shown, "cancelled", 1)


def test_a_sentence_without_end_does_not_keep_anybody_waiting_and_is_still_looked_at_as_a_whole() -> None:
    endless = ["and on"] + [" and on"] * LONGEST
    assert speak(DrawingEngine([[*endless, " and so"]]))[0] == ["".join(endless[:LONGEST]), " and on and so"]
    hidden = DrawingEngine([[*endless[: LONGEST - 2], " I", " promise", " it", "."], " Yes."])
    assert "promise" not in "".join(speak(hidden)[0])
    over_the_edge = DrawingEngine([[*endless[: LONGEST - 1], " I", " promise", " it", "."], " Yes."])
    assert "promise" not in "".join(speak(over_the_edge)[0])


def test_a_stop_while_a_veto_is_answered_ends_the_reply() -> None:
    asked = iter([False, True])
    engine = DrawingEngine(["I love you. And more.", "Never said."])
    said, finish = speak(engine, stopped=lambda: next(asked))
    assert (said, finish.reason, len(engine.heard)) == ([], "cancelled", 1)


def test_a_failure_shows_what_there_was_and_goes_up() -> None:
    items = checked(DrawingEngine([["One. Two", EngineDied("killed")]]), PROMPT, Sampling(), UNGUARDED, lambda: False)
    assert [next(items), next(items)] == [Piece("One."), Piece(" Two")]
    with pytest.raises(EngineDied):
        next(items)
    with pytest.raises(EngineDied):
        speak(DrawingEngine([["I promise", EngineDied("killed")]]))


def test_a_reply_has_at_most_as_many_tokens_as_it_may() -> None:
    engine = DrawingEngine(["One two three. I love you.", " Four."])
    said, finish = speak(engine, sampling=Sampling(max_tokens=10))
    assert said == ["One two three.", " Four."]
    assert [sampling.max_tokens for sampling in engine.samplings] == [10, 6]
    assert finish.reply_tokens <= 10


@given(st.lists(st.text("ab.?! \n", max_size=8), max_size=30))
def test_however_a_reply_is_cut_into_pieces_all_of_it_is_shown(pieces: list[str]) -> None:
    said, finish = speak(DrawingEngine([pieces]))
    assert "".join(said) == "".join(pieces)
    assert finish.reply_tokens == len(pieces)


# -- in the conversation -----------------------------------------------------------------------------------------------


def talk(replies: Sequence[Reply], *messages: str, **settings: Any) -> tuple[list[Event], list[str]]:
    """The events of the last message, and what is stored."""
    with Store(None) as store:
        wanted = Settings(**{"candidates": 1} | settings)
        session = store.new_session("mini")
        conversation = Conversation(store, DrawingEngine(replies), CueTagger(), session, wanted)
        events: list[Event] = []
        for message in messages:
            events = list(conversation.say(message))
        return events, [turn.text for turn in conversation.turns()]


@pytest.mark.parametrize("settings", [{}, {"planner": False}, {"planner": False, "candidates": 4}])
@pytest.mark.parametrize("kind", sorted(KINDS))
def test_s6_s9_s16_s17_s18_no_way_of_talking_shows_or_keeps_it(kind: str, settings: dict[str, Any]) -> None:
    events, kept = talk([BAD[kind]] * TRIES, "hello", **settings)
    assert isinstance(events[-1], Finished)
    assert kept[1] in {line for lines in (texts.INSTEAD, texts.NO_METHODS, texts.FAREWELLS) for line in lines}
    assert "".join(event.text for event in events if isinstance(event, Token)) == kept[1]


def test_s16_a_goodbye_is_answered_without_a_question() -> None:
    _, kept = talk(["Good night. What will you do tomorrow?", " Sleep well."], "I'm off to bed now.")
    assert kept[1] == "Good night. Sleep well."
    _, kept = talk(["Are you sure?"] * TRIES, "I have to go. Bye!")
    assert kept[1] in texts.FAREWELLS


def test_a_question_is_no_fault_where_nobody_leaves() -> None:
    assert talk(["What will you do tomorrow?"], "I told her goodbye at the station.")[1][1].endswith("tomorrow?")


def test_a_failure_and_a_stop_keep_what_was_shown() -> None:
    events, kept = talk([["One. Two", EngineError("It broke.")]], "hello")
    assert isinstance(events[-1], Failed)
    assert kept[1] == "One. Two"
    assert not any(isinstance(event, Stopped) for event in events)
