"""The plain interface on a pair of streams: what it shows for each thing that may happen."""

from __future__ import annotations

import io
import os
import re
import signal
import threading
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from companion.conversation import Conversation
from companion.engine.protocol import EngineDied, EngineError, Message, ReadProgress
from companion.engine.scripted import ScriptedEngine
from companion.errors import CompanionError
from companion.events import Event
from companion.plain import PlainChat
from companion.safety.risk.assessor import RiskAssessor
from companion.settings import Settings
from companion.store import Status, Store
from tests.companion.fakes import CueTagger

GOODBYE = "Goodbye. This conversation is saved.\n"


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    with Store(tmp_path / "companion.db") as store:
        yield store


class Chat:
    """A chat whose lines are given at once; `shown` is everything it wrote."""

    def __init__(self, store: Store, engine: ScriptedEngine, lines: str, **settings: Any) -> None:
        session = store.new_session("mini")
        self.conversation = Conversation(store, engine, CueTagger(), session, Settings(**{"candidates": 1} | settings))
        out = io.StringIO()
        self.code = PlainChat(self.conversation, lines=io.StringIO(lines), out=out).run()
        self.shown = out.getvalue()
        self.kept = [(turn.text, turn.status) for turn in store.branch(session.id)]


def test_a_conversation_is_labelled_lines_and_a_goodbye(store: Store) -> None:
    chat = Chat(store, ScriptedEngine(["I hear you.", "Go on."]), "hello\nagain\n")
    assert chat.shown == f"Companion: I hear you.\nCompanion: Go on.\n{GOODBYE}"
    assert chat.code == 0
    assert [text for text, _ in chat.kept] == ["hello", "I hear you.", "again", "Go on."]


def test_quit_leaves_at_once(store: Store) -> None:
    chat = Chat(store, ScriptedEngine(), "/quit\nnever said\n")
    assert (chat.shown, chat.kept) == (GOODBYE, [])


def test_off_the_record_the_goodbye_does_not_claim_that_it_is_saved() -> None:
    with Store(None) as store:
        assert Chat(store, ScriptedEngine(), "/quit\n").shown == "Goodbye.\n"


def test_help_lists_every_command_and_where_to_find_people(store: Store) -> None:
    shown = Chat(store, ScriptedEngine(), "/help\n").shown
    assert all(command in shown for command in ("/help", "/why", "/stop", "/quit", "findahelpline.com"))


def test_why_explains_the_plan_of_the_last_reply(store: Store) -> None:
    shown = Chat(store, ScriptedEngine(["What happened?"]), "/why\nI am sad\n/why\n").shown
    assert shown.startswith("There is no plan yet; it is made with each reply.\n")
    assert re.search(r"^validation +\d+% +x1\.00 +x1\.00 +\d+%", shown, re.M)
    assert re.search(r"^advice .* 0%  closed$", shown, re.M)
    assert "  aimed for\n" in shown


def test_an_unknown_command_is_answered_and_not_said(store: Store) -> None:
    chat = Chat(store, ScriptedEngine(), "/halp\n/stop\n")
    assert chat.shown == f"There is no command /halp. /help lists them.\nNothing is arriving.\n{GOODBYE}"
    assert chat.kept == []


def test_a_message_that_only_begins_with_a_slash_is_said(store: Store) -> None:
    assert Chat(store, ScriptedEngine(["Yes."]), "/ that was a slash\n").kept[0][0] == "/ that was a slash"


def test_empty_lines_are_passed_over(store: Store) -> None:
    chat = Chat(store, ScriptedEngine(["Yes."]), "\n   \n\x1b[31m\n\u202e\nhello\n")
    assert [text for text, _ in chat.kept] == ["hello", "Yes."]


def test_nothing_that_steers_a_terminal_gets_through_either_way(store: Store) -> None:
    chat = Chat(store, ScriptedEngine([["\x1b]0;title", "\x07yes\x1b[", "2J \u202eno"]]), "a\x1b[2J\x00b\u202ec\n")
    assert chat.kept == [("abc", Status.COMPLETE), ("yes no", Status.COMPLETE)]
    assert chat.shown == f"Companion: yes no\n{GOODBYE}"


@pytest.mark.parametrize("length", [10_000, 1_000_000])
def test_a_message_without_a_single_space_is_said_whole_if_it_fits(store: Store, length: int) -> None:
    chat = Chat(store, ScriptedEngine(["Yes.", "Yes."]), "x" * length + "\nhello\n")
    assert chat.kept[0] == ("x" * length, Status.COMPLETE)
    assert chat.kept[-1] == ("Yes.", Status.COMPLETE)
    assert ("please send it again in shorter parts" in chat.shown) == (length == 1_000_000)


def test_a_model_that_cannot_be_loaded_is_noted_at_once_and_talking_goes_on(store: Store) -> None:
    engine = ScriptedEngine(["Back again."], load_error=EngineError("mini.gguf is damaged: get it again."))
    chat = Chat(store, engine, "hello\n")
    assert chat.shown.startswith("Note: mini.gguf is damaged: get it again. You can still read and write here")
    assert chat.kept[-1] == ("Back again.", Status.COMPLETE)


def test_an_engine_that_dies_is_one_line_and_the_next_message_works(store: Store) -> None:
    chat = Chat(store, ScriptedEngine([["Half", EngineDied("signal 9")], "Whole."]), "one\ntwo\n")
    lines = chat.shown.splitlines()
    assert lines[0] == "Companion: Half"
    assert lines[1].startswith("Note: The model process stopped unexpectedly (signal 9).")
    assert lines[2] == "Companion: Whole."
    assert [status for _, status in chat.kept[1::2]] == [Status.FAILED, Status.COMPLETE]


def test_a_reply_without_words_is_said_to_be_one(store: Store) -> None:
    assert "(no words came; try saying it differently)" in Chat(store, ScriptedEngine([[]]), "hello\n").shown


def test_a_long_conversation_is_noted_once(store: Store) -> None:
    engine = ScriptedEngine(lambda messages: "one two three four five six", context=50)
    chat = Chat(store, engine, "six words in every single message\n" * 8)
    assert chat.shown.count("out of the model's view") == 1
    assert len(chat.kept) == 16


def test_a_database_that_fails_is_a_note_and_not_the_end(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    saved = store.save_partial

    def full(turn_id: int, text: str) -> None:
        if text.startswith("One. Two"):
            raise CompanionError("There is no space left.")
        saved(turn_id, text)

    monkeypatch.setattr(store, "save_partial", full)
    chat = Chat(store, ScriptedEngine(["One. Two.", "Three."]), "a\nb\n")
    assert chat.shown == f"Companion: One.\nNote: There is no space left.\nCompanion: Three.\n{GOODBYE}"


def test_ctrl_c_in_mid_reply_stops_it_and_the_chat_goes_on(store: Store) -> None:
    def interrupt(position: int, cancelled: threading.Event) -> None:
        if position == 2:
            os.kill(os.getpid(), signal.SIGINT)
            cancelled.wait()

    chat = Chat(store, ScriptedEngine(["one two three", "four"], wait=interrupt), "a\nb\n")
    assert chat.shown == f"Companion: one two\nStopped. What had arrived is kept.\nCompanion: four\n{GOODBYE}"
    assert [status for _, status in chat.kept[1::2]] == [Status.STOPPED, Status.COMPLETE]


def test_a_second_ctrl_c_right_after_the_reply_does_not_end_the_chat(store: Store) -> None:
    class Pressing(io.StringIO):
        """Presses Ctrl-C when the end of a reply is shown: nothing arrives any more, nothing is read yet."""

        def write(self, text: str) -> int:
            if text == "\n":
                signal.raise_signal(signal.SIGINT)
            return super().write(text)

    conversation = Conversation(
        store, ScriptedEngine(["one", "two"]), CueTagger(), store.new_session("mini"), Settings(candidates=1)
    )
    out = Pressing()
    assert PlainChat(conversation, lines=io.StringIO("a\nb\n"), out=out).run() == 0
    assert out.getvalue() == f"Companion: one\nCompanion: two\n{GOODBYE}"


def test_a_stop_that_is_late_does_not_stop_the_next_reply(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    conversation = Conversation(
        store, ScriptedEngine(["one", "two"]), CueTagger(), store.new_session("mini"), Settings(candidates=1)
    )
    done: list[str] = []
    next_is_asked = threading.Event()
    say, stop = conversation.say, conversation.stop

    def asked(text: str) -> Iterator[Event]:
        done.append(text.strip())
        if done[-1] == "a":
            signal.raise_signal(signal.SIGINT)
        else:
            next_is_asked.set()
        return say(text)

    def late() -> None:
        next_is_asked.wait(0.2)
        stop()
        done.append("stop")

    monkeypatch.setattr(conversation, "say", asked)
    monkeypatch.setattr(conversation, "stop", late)
    PlainChat(conversation, lines=io.StringIO("a\nb\n"), out=io.StringIO()).run()
    assert done == ["a", "stop", "b"]


def test_ctrl_c_while_a_pipe_is_read_leaves(store: Store) -> None:
    class Pressed(io.StringIO):
        """Ctrl-C is pressed instead of a line."""

        def readline(self, size: int | None = -1, /) -> str:
            signal.raise_signal(signal.SIGINT)
            return super().readline()

    conversation = Conversation(
        store, ScriptedEngine(["one"]), CueTagger(), store.new_session("mini"), Settings(candidates=1)
    )
    with pytest.raises(KeyboardInterrupt):
        PlainChat(conversation, lines=Pressed("hello\n"), out=io.StringIO()).run()


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGHUP])
def test_a_polite_kill_in_mid_reply_keeps_what_was_shown(store: Store, number: signal.Signals) -> None:
    def terminate(position: int, cancelled: threading.Event) -> None:
        if position == 2:
            signal.raise_signal(number)

    with pytest.raises(SystemExit) as left:
        Chat(store, ScriptedEngine(["One. Two three."], wait=terminate), "a\n")
    assert left.value.code == 128 + number
    assert store.branch(store.sessions()[0].id)[-1].status is Status.STOPPED
    assert store.branch(store.sessions()[0].id)[-1].text == "One."


def test_afterwards_signals_do_what_they_did_before(store: Store) -> None:
    numbers = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)
    before = [signal.getsignal(number) for number in numbers]
    Chat(store, ScriptedEngine(), "/quit\n")
    assert [signal.getsignal(number) for number in numbers] == before


class Slow(ScriptedEngine):
    """Takes three seconds, by the clock of the chat, to read what was said before."""

    def __init__(self, clock: list[float], *, pressed: bool = False) -> None:
        super().__init__(["Welcome back."])
        self._clock, self._pressed = clock, pressed

    def prefill(self, messages: Sequence[Message], progress: ReadProgress | None = None) -> int:
        read = super().prefill(messages)
        for part in (1, 2, 3):
            self._clock[0] += 1
            if progress:
                progress(part * 1000, 3000)
            if self._pressed:
                signal.raise_signal(signal.SIGINT)
        return read


@pytest.mark.parametrize("pressed", [False, True])
def test_a_session_that_is_gone_on_with_is_read_first_with_progress_and_a_way_out(
    store: Store, monkeypatch: pytest.MonkeyPatch, pressed: bool
) -> None:
    session = store.new_session("mini")
    said = store.add_user_turn(session.id, "hello")
    store.finish_reply(store.begin_reply(session.id, said.id).id, Status.COMPLETE, "Hi.")
    clock = [0.0]
    monkeypatch.setattr("companion.plain.time.monotonic", lambda: clock[0])
    engine = Slow(clock, pressed=pressed)
    conversation = Conversation(store, engine, CueTagger(), session, Settings(candidates=1))
    out = io.StringIO()
    assert PlainChat(conversation, lines=io.StringIO("back\n"), out=out).run() == 0
    assert [message.content for message in engine.read_ahead[0]] == ["hello", "Hi."]
    note = (
        "The rest is read with your next message."
        if pressed
        else "Reading the conversation so far: 2,000 of 3,000 tokens, 2 s. Ctrl-C goes on without."
    )
    assert out.getvalue() == f"{note}\nCompanion: Welcome back.\n{GOODBYE}"


def test_why_shows_the_ways_a_sentence_could_have_gone(store: Store) -> None:
    engine = ScriptedEngine(branches=[["That makes sense.", "I love you.", "What happened?"], [""]])
    shown = Chat(store, engine, "I am sad\n/why\n", candidates=4).shown
    assert "Companion: What happened?\n" in shown
    assert re.search(r"^Sentence 1, kept: .*\.$", shown, re.M)
    assert re.search(r"^  > What happened\?  \[questioning\]$", shown, re.M)
    assert re.search(r"^    That makes sense\.  \[validation\]$", shown, re.M)
    assert "      not to be said: love or a mind of its own\n" in shown
    assert re.search(r"^      -?\d\.\d\d: plan -?\d\.\d\d  novelty \d\.\d\d  quality", shown, re.M)


def test_s2_a_break_is_suggested_here_too(store: Store) -> None:
    times = iter([0, 10, 180, 200])
    began = datetime(2026, 3, 1, 20, 0, tzinfo=UTC)
    session = store.new_session("mini")
    engine = ScriptedEngine(["One.", "Two.", "Three."])
    conversation = Conversation(store, engine, CueTagger(), session, Settings(candidates=1))
    out = io.StringIO()
    clock = lambda: began + timedelta(minutes=next(times))  # noqa: E731
    PlainChat(conversation, lines=io.StringIO("a\nb\nc\n"), out=out, clock=clock).run()
    assert out.getvalue().count("Note: You have been here for 3 hours. This is a program, not a person") == 1
    assert out.getvalue().index("One.") < out.getvalue().index("3 hours") < out.getvalue().index("Two.")


def test_s20_hourly_to_who_said_that_they_are_under_eighteen(store: Store) -> None:
    times = iter([0, 10, 61, 122])
    began = datetime(2026, 3, 1, 20, 0, tzinfo=UTC)
    session = store.new_session("mini")
    conversation = Conversation(
        store, ScriptedEngine(["One.", "Two.", "Three."]), CueTagger(), session, Settings(candidates=1),
        assessor=RiskAssessor(),
    )  # fmt: skip
    out = io.StringIO()
    clock = lambda: began + timedelta(minutes=next(times))  # noqa: E731
    PlainChat(conversation, lines=io.StringIO("I am 15 years old.\nb\nc\n"), out=out, clock=clock).run()
    assert out.getvalue().count("Note: You have been here for") == 2


def test_p15_hiding_and_locking_say_where_they_work(store: Store) -> None:
    chat = Chat(store, ScriptedEngine(), "/lock\n/hide\n")
    assert chat.shown.count("works where lines are typed in a terminal.") == 2
    assert "\x1b" not in chat.shown
