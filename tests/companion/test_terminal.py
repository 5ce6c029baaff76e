"""The plain chat as a person meets it: the real program, a real model file, a terminal."""

from __future__ import annotations

import os
import re
import signal
from collections.abc import Iterator
from pathlib import Path

import pytest

from companion import paths
from companion.store import Status, Store, Turn
from tests.companion.terminal import Terminal
from tests.conftest import with_encoder

pytest.importorskip("llama_cpp", reason="llama-cpp-python is not installed")
pytestmark = [pytest.mark.llama, with_encoder]

STOPPED = "Stopped. What had arrived is kept.\r\n"
GOODBYE = "Goodbye. This conversation is saved.\r\n"


@pytest.fixture
def chat(slow_model: Path) -> Iterator[Terminal]:
    """A chat at its prompt, whose replies are long and noise."""
    with Terminal("chat", "--plain", "--model", str(slow_model), COMPANION_REPLY_TOKENS="4000") as chat:
        chat.until("/quit to leave.\r\n")
        chat.until("You: ")
        yield chat


def turns() -> list[Turn]:
    with Store(paths.database()) as store:
        return [turn for session in store.sessions() for turn in store.turns(session.id)]


def said_and_replying(chat: Terminal, text: str) -> None:
    chat.type(f"{text}\n")
    chat.until("Companion: ")


def test_it_starts_talks_and_leaves_the_terminal_as_it_was(tiny_model: Path) -> None:
    with Terminal("chat", "--plain", "--model", str(tiny_model), COMPANION_REPLY_TOKENS="16") as chat:
        chat.until("This is a program, not a person.")
        chat.until("New session ")
        chat.until("You: ")
        chat.type("hello there\n")
        chat.until("Companion: ")
        chat.until("\r\nYou: ")
        chat.type("/quit\n")
        chat.until(GOODBYE)
        assert chat.end() == 0
        assert chat.attributes() == chat.before
        assert "\x1b" not in re.sub(r"\x1b\[\?2004[hl]\r?", "", chat.shown)  # readline's bracketed paste, and no more
    assert [(turn.role, turn.status) for turn in turns()] == [
        ("user", Status.COMPLETE),
        ("assistant", Status.COMPLETE),
    ]


def test_ctrl_c_in_mid_reply_stops_it_and_keeps_what_had_arrived(chat: Terminal) -> None:
    said_and_replying(chat, "tell me everything")
    chat.type("\x03")
    chat.until(STOPPED)
    chat.until("You: ")
    said_and_replying(chat, "and again")
    chat.type("\x03\x03")
    chat.until(STOPPED)
    chat.until("You: ")
    chat.type("\x04")
    chat.until(GOODBYE)
    assert chat.end() == 0
    assert chat.attributes() == chat.before
    kept = turns()
    assert [turn.text for turn in kept[::2]] == ["tell me everything", "and again"]
    assert [turn.status for turn in kept[1::2]] == [Status.STOPPED, Status.STOPPED]
    assert all(turn.text for turn in kept)


def test_stop_typed_in_mid_reply_stops_it(chat: Terminal) -> None:
    said_and_replying(chat, "tell me everything")
    chat.type("/stop\n")
    chat.until(STOPPED)
    chat.until("You: ")
    chat.type("/quit\n")
    assert chat.end() == 0
    assert [turn.status for turn in turns()] == [Status.COMPLETE, Status.STOPPED]


def test_what_is_typed_in_mid_reply_is_said_after_it(chat: Terminal) -> None:
    said_and_replying(chat, "first")
    chat.type("second\n")
    chat.type("/stop\n")
    chat.until(STOPPED)
    chat.until("You: second\r\n")
    chat.until("Companion: ")
    chat.type("/quit\n/stop\n")
    chat.until("You: /quit\r\n")
    chat.until(GOODBYE)
    assert chat.end() == 0
    assert [turn.text for turn in turns()[::2]] == ["first", "second"]


def test_a_paste_of_ten_thousand_characters_and_several_lines_is_one_message(chat: Terminal) -> None:
    pasted = "first line\n" + "x" * 10_000 + "\nlast line"
    chat.type(f"\x1b[200~{pasted}\x1b[201~\n")
    chat.until("Note: Your message is about 10,")
    chat.until("You: ")
    chat.type("/quit\n")
    assert chat.end() == 0
    assert turns()[0].text == pasted


def test_ctrl_c_at_the_prompt_says_how_to_leave_and_ctrl_d_leaves(chat: Terminal) -> None:
    chat.type("half a mess")
    chat.until("half a mess")  # it reads: a signal between the prompt and that waits for the next key
    chat.type("\x03")
    chat.until("Nothing is arriving. Type /quit or press Ctrl-D to leave.\r\n")
    chat.until("You: ")
    chat.type("\x04")
    chat.until(GOODBYE)
    assert chat.end() == 0
    assert chat.attributes() == chat.before
    assert turns() == []


def test_ctrl_c_before_anything_is_there_ends_it_with_130(tmp_path: Path) -> None:
    fifo = tmp_path / "never.gguf"  # opening it waits for a writer that does not come
    os.mkfifo(fifo)
    with Terminal("chat", "--plain", "--model", str(fifo)) as chat:
        chat.until("/quit to leave.\r\n")
        chat.type("\x03")
        assert chat.end() == 130
        assert "Traceback" not in chat.shown
        assert chat.attributes() == chat.before


@pytest.mark.parametrize("replying", [False, True])
def test_a_polite_kill_keeps_what_had_arrived(chat: Terminal, replying: bool) -> None:
    if replying:
        said_and_replying(chat, "tell me everything")
    chat.process.send_signal(signal.SIGTERM)
    assert chat.end() == 128 + signal.SIGTERM
    assert "Traceback" not in chat.shown
    assert chat.attributes() == chat.before
    assert [turn.status for turn in turns()] == ([Status.COMPLETE, Status.STOPPED] if replying else [])
    assert all(turn.text for turn in turns())


def test_a_window_that_is_closed_in_mid_reply_keeps_what_had_arrived(chat: Terminal) -> None:
    said_and_replying(chat, "tell me everything")
    chat.hang_up()
    assert chat.process.wait() == 128 + signal.SIGHUP
    assert [turn.status for turn in turns()] == [Status.COMPLETE, Status.STOPPED]
    assert all(turn.text for turn in turns())


def test_an_engine_that_is_killed_in_mid_reply_is_one_sentence_and_the_next_message_works(chat: Terminal) -> None:
    said_and_replying(chat, "tell me everything")
    chat.kill_engine()
    chat.until("Note: The model process stopped unexpectedly (signal 9). Your conversation is saved;")
    chat.until("You: ")
    said_and_replying(chat, "are you there?")
    chat.type("\x03")
    chat.until(STOPPED)
    chat.type("/quit\n")
    assert chat.end() == 0
    assert [turn.status for turn in turns()[1::2]] == [Status.FAILED, Status.STOPPED]
    assert all(turn.text for turn in turns())


CLEARED = "\x1b[H\x1b[2J\x1b[3J"


def test_p15_hide_clears_the_terminal_and_enter_goes_on(chat: Terminal) -> None:
    chat.type("/hide\n")
    chat.until(CLEARED)
    chat.until("Enter goes on.")
    chat.type("\n")
    chat.until("You: ")


def test_p15_lock_clears_the_terminal_and_asks_until_the_code_is_right(chat: Terminal) -> None:
    chat.type("/lock\n")
    chat.until(CLEARED)
    chat.until("Code: ")
    chat.type("horses\n")
    chat.until("Locked. Your code opens it. Ctrl-D leaves. ")
    chat.type("cows\n")
    shown = chat.until("That does not open it.")
    assert "horses" not in shown
    assert "cows" not in shown
    chat.until("Ctrl-D leaves. ")
    chat.type("horses\n")
    chat.until("You: ")


def test_p16_a_locked_chat_can_be_left(chat: Terminal) -> None:
    chat.type("/lock\n")
    chat.until("Code: ")
    chat.type("horses\n")
    chat.until("Ctrl-D leaves. ")
    chat.type("\x03")
    chat.until("Ctrl-D leaves. ")
    chat.type("\x04")
    assert chat.end() == 0
