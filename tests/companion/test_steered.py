from __future__ import annotations

from collections.abc import Sequence

import pytest

from companion.engine.protocol import Branches, Continuation, EngineDied, Finish, Piece, Sampling
from companion.engine.scripted import Gate, ScriptedEngine
from companion.safety.lint import veto
from companion.speaking.choice import Choice, Chooser
from companion.speaking.pace import Pace
from companion.speaking.steered import LONGEST, TRIES, steered
from planner.layouts import Message
from planner.ledger import Ledger, TurnRecord
from planner.policy import plan
from planner.reading import Reading
from planner.steering import SteeringWeights
from tests.companion.fakes import CueTagger

PROMPT = [Message("user", "hello")]
NOTHING_SAID = Ledger()
Item = Choice | Piece | Finish


def speak(
    engine: ScriptedEngine,
    *,
    pace: Pace | None = None,
    messages: Sequence[Message] = PROMPT,
    sampling: Sampling | None = None,
    stop_after: int | None = None,
    ledger: Ledger = NOTHING_SAID,
) -> list[Item]:
    chooser = Chooser(CueTagger(), None, plan(ledger, Reading()), ledger, SteeringWeights(), "hello")
    items: list[Item] = []
    for item in steered(
        engine,
        messages,
        sampling or Sampling(),
        chooser,
        pace or Pace(4, 2.5),
        lambda: stop_after is not None and sum(isinstance(item, Piece) for item in items) >= stop_after,
    ):
        items.append(item)
    return items


def text(items: Sequence[Item]) -> str:
    return "".join(item.text for item in items if isinstance(item, Piece))


def finish(items: Sequence[Item]) -> Finish:
    assert [isinstance(item, Finish) for item in items].count(True) == 1
    assert isinstance(items[-1], Finish)
    return items[-1]


def test_a_reply_is_made_of_the_sentences_that_were_kept() -> None:
    engine = ScriptedEngine(branches=[["That is bad.", "What happened?"], [" Go on.", " Try to rest."], ["", " More."]])
    items = speak(engine)
    assert text(items) == "What happened? Go on."
    assert [type(item) for item in items] == [Choice, Piece, Choice, Piece, Finish]
    assert finish(items).reason == "stop"


def test_it_goes_on_from_what_was_kept() -> None:
    engine = ScriptedEngine(branches=[["One."], [" Two."], [""]])
    speak(engine, messages=[*PROMPT, Message("assistant", "", ("<|advice|>",))])
    opened = [messages[-1] for messages, _ in engine.branched]
    assert [message.content for message in opened] == ["", "One.", "One. Two."]
    assert {message.controls for message in opened} == {("<|advice|>",)}
    plain = ScriptedEngine(branches=[["One."], [""]])
    speak(plain)
    assert [messages[1:] for messages, _ in plain.branched] == [(), (Message("assistant", "One."),)]


def test_the_model_decides_when_the_reply_is_over() -> None:
    ends = ScriptedEngine(branches=[["One."], ["", " Two.", " Three."]])
    assert text(speak(ends)) == "One."
    goes_on = ScriptedEngine(branches=[["One."], [" Two.", "", ""], [""]])
    assert text(speak(goes_on)) == "One. Two."


def test_a_last_sentence_that_is_kept_ends_the_reply() -> None:
    engine = ScriptedEngine(branches=[[Continuation("That is all.", 4, "stop")]])
    items = speak(engine)
    assert text(items) == "That is all."
    assert finish(items).reason == "stop"


def test_a_reply_does_not_end_before_it_began_while_there_is_something_to_say() -> None:
    engine = ScriptedEngine(branches=[["", "Something."], [""]])
    assert text(speak(engine)) == "Something."
    silent = ScriptedEngine(branches=[["", "", "", ""]])
    items = speak(silent)
    assert (text(items), finish(items).reason) == ("", "stop")


def test_whole_sentences_go_before_broken_ones() -> None:
    cut = Continuation("What if this question, which is the best by far, never ended", 12, "cut")
    assert text(speak(ScriptedEngine(branches=[[cut, "Well."], [""]]))) == "Well."
    assert text(speak(ScriptedEngine(branches=[[cut], [" Yes?"], [""]]))) == f"{cut.text} Yes?"


def test_a_candidate_that_never_ends_is_gone_on_with_only_where_there_is_nothing_else() -> None:
    endless = Continuation("and " * LONGEST, LONGEST, "length")
    items = speak(ScriptedEngine(branches=[[endless], ["so on."], [""]]))
    assert text(items) == f"{endless.text}so on."
    assert finish(items).reason == "stop"


def test_a_full_context_ends_the_reply() -> None:
    full = Continuation("There was room for", 4, "length")
    items = speak(ScriptedEngine(branches=[[full]]))
    assert text(items) == "There was room for"
    assert finish(items).reason == "length"


def test_a_reply_has_at_most_as_many_tokens_as_it_may() -> None:
    engine = ScriptedEngine(branches=lambda messages, count: [" one two three."] * count)
    items = speak(engine, sampling=Sampling(max_tokens=8))
    assert finish(items).reason == "length"
    assert finish(items).reply_tokens <= 8


def test_what_may_not_be_said_is_drawn_again() -> None:
    engine = ScriptedEngine(branches=[["I love you."], ["My mom left me too."], ["What happened?"], [""]])
    items = speak(engine)
    assert text(items) == "What happened?"
    (choice,) = (item for item in items if isinstance(item, Choice))
    assert choice.kept == 2
    assert [bool(each.veto) for each in choice.considered] == [True, True, False]


def test_where_nothing_may_be_said_something_fixed_is() -> None:
    engine = ScriptedEngine(branches=lambda messages, count: ["I love you."] * count)
    items = speak(engine)
    assert text(items)
    assert not veto(text(items))
    assert len(engine.branched) == TRIES
    begun = ScriptedEngine(branches=[["Yes."], *[["I love you."]] * TRIES])
    assert text(speak(begun)) == "Yes."


def test_where_every_way_opens_as_a_recent_reply_did_others_are_drawn() -> None:
    ledger = Ledger((TurnRecord((frozenset(),), opener="i hear you"),))
    worn, fresh = "I hear you loud and clear.", "The week was long."
    engine = ScriptedEngine(branches=[[worn], [worn, fresh], [""]])
    assert text(speak(engine, ledger=ledger)) == fresh
    stuck = ScriptedEngine(branches=lambda messages, count: [""] if len(messages) > 1 else [worn])
    items = speak(stuck, ledger=ledger)
    assert text(items) == worn
    assert len([item for item in items if isinstance(item, Choice)]) == 1
    assert len(stuck.branched) == TRIES + 1


def test_a_slow_machine_streams() -> None:
    pace = Pace(4, 2.5)
    pace.note(1, 1, 10.0)
    engine = ScriptedEngine(["One. Two."])
    items = speak(engine, pace=pace)
    assert text(items) == "One. Two."
    assert not any(isinstance(item, Choice) for item in items)
    assert not engine.branched
    assert finish(items).reply_tokens == 2


def test_fewer_are_tried_as_soon_as_the_machine_becomes_slow() -> None:
    pace = Pace(4, 2.5)

    class Busy(ScriptedEngine):
        def branch(self, messages: Sequence[Message], sampling: Sampling, count: int, *, limit: int = 64) -> Branches:
            offered = super().branch(messages, sampling, count, limit=limit)
            return Branches(offered.continuations, 9, 0, 0.0, 200.0 * 4 ** len(self.branched), steps=10)

    engine = Busy(["One. Two. Three. Four. Five. Six."])
    items = speak(engine, pace=pace)
    assert text(items) == "One. Two. Three. Four. Five. Six."
    counts = [count for _, count in engine.branched]
    assert counts[0] == 4
    assert counts == sorted(counts, reverse=True)
    assert len(engine.heard) == 1  # the rest was streamed


def test_a_stop_between_two_sentences_keeps_the_first() -> None:
    items = speak(ScriptedEngine(["One. Two. Three."]), stop_after=1)
    assert text(items) == "One."
    assert finish(items).reason == "cancelled"


def test_a_cancel_in_a_branching_ends_the_reply() -> None:
    gate = Gate()
    engine = ScriptedEngine(["One. Two."], wait=lambda position, cancelled: (engine.cancel(), gate(0, cancelled)))
    items = speak(engine)
    assert (text(items), finish(items).reason) == ("", "cancelled")


def test_a_death_in_a_branching_is_the_callers_to_tell() -> None:
    engine = ScriptedEngine(branches=[["One."], [EngineDied("killed")]])
    with pytest.raises(EngineDied):
        speak(engine)
    assert len(engine.branched) == 2


def test_a_fixed_seed_is_another_one_for_every_sentence() -> None:
    class Noting(ScriptedEngine):
        seeds: list[int | None]

        def branch(self, messages: Sequence[Message], sampling: Sampling, count: int, *, limit: int = 64) -> Branches:
            self.seeds = [*getattr(self, "seeds", []), sampling.seed]
            return super().branch(messages, sampling, count, limit=limit)

    engine = Noting(["One. Two. Three."])
    speak(engine, sampling=Sampling(seed=5))
    assert len(set(engine.seeds)) == len(engine.seeds) == 3
    again = Noting(["One. Two. Three."])
    speak(again, sampling=Sampling(seed=5))
    assert again.seeds == engine.seeds
    drawn = Noting(["One. Two."])
    speak(drawn)
    assert set(drawn.seeds) == {None}
