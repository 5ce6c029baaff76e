"""The chat as a person meets it: the real program on the whole screen of a terminal, real models, real signals."""

from __future__ import annotations

import os
import re
import select
import shlex
import shutil
import signal
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from companion import paths
from companion.store import Role, Status, Store, Turn
from tests.companion.terminal import PATIENCE
from tests.conftest import REPOSITORY, with_encoder

pytest.importorskip("llama_cpp", reason="llama-cpp-python is not installed")
pytest.importorskip("pyte", reason="pyte is not installed: it draws what the program writes")
from tests.companion.full_screen import FullScreen

pytestmark = [
    pytest.mark.llama,
    with_encoder,
    pytest.mark.skipif(not (REPOSITORY / "models" / "mini.gguf").is_file(), reason="models/mini.gguf is not here"),
]

ESCAPE, LEAVE, ENTER = "\x1b", "\x11", "\r"
WHOLE_SCREEN, BRACKETED_PASTE = "\x1b[?1049h", "\x1b[?2004h"
READY = "what is on your mind"
WRITTEN = "being written"
LABEL = re.compile(r"^ *(Companion\b.*)$", re.MULTILINE)


@contextmanager
def running(*arguments: str, size: tuple[int, int] = (100, 30), **variables: str) -> Iterator[FullScreen]:
    """A chat with the model loaded."""
    with FullScreen("chat", *arguments, size=size, **variables) as chat:
        chat.until_screen(lambda shown: READY in shown and "companion mini" in shown, "a loaded model")
        yield chat


@contextmanager
def noisy(model: Path) -> Iterator[FullScreen]:
    """A chat whose replies are noise without an end."""
    with FullScreen("chat", "--model", str(model), "--candidates", "1", COMPANION_REPLY_TOKENS="4000") as chat:
        chat.sees(READY)
        yield chat


def said_and_replying(chat: FullScreen, text: str) -> None:
    """Until some words of a reply stand below its label."""
    chat.type(text + ENTER)
    chat.until_screen(lambda shown: arriving(shown), "a reply that is arriving")


def arriving(shown: str) -> bool:
    """Whether words stand below the label of a reply that is being written."""
    _, label, below = shown.partition(WRITTEN)
    return bool(label and re.match(r".*\n +\w", below))


def answered(chat: FullScreen) -> None:
    """Until the last reply has ended by itself: then its label does not say how."""
    chat.until_screen(
        lambda shown: LABEL.findall(shown)[-1:] in (["Companion"], ["Companion · 2 of 2 < >"]),
        "a reply that has ended",
    )


def left_as_it_was(chat: FullScreen) -> bool:
    assert chat.left_on() == []
    assert chat.attributes() == chat.before
    assert "Traceback" not in chat.shown
    return True


def turns() -> list[Turn]:
    with Store(paths.database()) as store:
        return [turn for session in store.sessions() for turn in store.turns(session.id)]


def replies() -> list[Turn]:
    return [turn for turn in turns() if turn.role is Role.ASSISTANT]


# -- from the first start to the last key -----------------------------------------------------------------------------


def test_the_first_start_talks_and_leaves_the_terminal_as_it_was(own_home: Path) -> None:
    assert not own_home.exists()
    with running() as chat:
        chat.sees("This is a program, not a person.")
        chat.type("I failed my exam" + ENTER)
        answered(chat)
        chat.until_screen(lambda shown: shown.endswith("Ctrl+G help · F1 keys"), "the chat at rest")
        shown = chat.lines
        assert any(line.strip() == "You" for line in shown)
        chat.type(LEAVE)
        assert chat.end() == 0
        assert left_as_it_was(chat)
    assert [(turn.role, turn.status) for turn in turns()] == [
        (Role.USER, Status.COMPLETE),
        (Role.ASSISTANT, Status.COMPLETE),
    ]
    reply = " ".join(replies()[0].text.split())
    assert reply[:30] in " ".join(" ".join(shown).split())
    assert paths.data_folder().stat().st_mode & 0o777 == 0o700


def test_the_window_changes_its_size_and_the_chat_with_it() -> None:
    with running(COMPANION_SEED="1", COMPANION_REPLY_TOKENS="32") as chat:
        chat.type("I failed my exam" + ENTER)
        answered(chat)
        for columns, rows in ((60, 20), (200, 60)):
            chat.resize(columns, rows)
            chat.until_screen(
                lambda shown, frame=f"╭{'─' * (columns - 2)}╮": (
                    frame in shown and "I failed my exam" in shown and shown.endswith("Ctrl+G help · F1 keys")
                ),
                f"the chat in {columns} columns and {rows} rows",
            )
        chat.type(LEAVE)
        assert chat.end() == 0
        assert left_as_it_was(chat)


def test_escape_stops_a_reply_and_the_chat_goes_on(slow_model: Path) -> None:
    with noisy(slow_model) as chat:
        said_and_replying(chat, "tell me everything")
        chat.type(ESCAPE)
        chat.sees("Companion · stopped")
        said_and_replying(chat, "and again")
        chat.type("\x03")  # Ctrl-C
        chat.sees(WRITTEN, gone=True)
        chat.type(LEAVE)
        assert chat.end() == 0
        assert left_as_it_was(chat)
    assert [turn.status for turn in replies()] == [Status.STOPPED, Status.STOPPED]
    assert all(turn.text for turn in replies())


def test_leaving_in_mid_reply_keeps_what_had_arrived(slow_model: Path) -> None:
    with noisy(slow_model) as chat:
        said_and_replying(chat, "tell me everything")
        chat.type(LEAVE)
        assert chat.end() == 0
        assert left_as_it_was(chat)
    assert [(turn.status, bool(turn.text)) for turn in replies()] == [(Status.STOPPED, True)]


# -- signals ----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGHUP])
@pytest.mark.parametrize("replying", [False, True])
def test_a_polite_kill_restores_the_terminal_and_keeps_what_had_arrived(
    slow_model: Path, number: signal.Signals, replying: bool
) -> None:
    with noisy(slow_model) as chat:
        if replying:
            said_and_replying(chat, "tell me everything")
        chat.process.send_signal(number)
        assert chat.end() == 128 + number
        assert left_as_it_was(chat)
    assert [(turn.status, bool(turn.text)) for turn in replies()] == ([(Status.STOPPED, True)] if replying else [])


@pytest.mark.parametrize("stop", [signal.SIGSTOP, signal.SIGTSTP])
def test_a_program_that_was_stopped_goes_on_and_leaves_the_terminal_as_it_was(stop: signal.Signals) -> None:
    with running() as chat:
        chat.until(WHOLE_SCREEN)
        chat.process.send_signal(stop)
        os.waitid(os.P_PID, chat.process.pid, os.WSTOPPED)
        chat.process.send_signal(signal.SIGCONT)
        chat.until(WHOLE_SCREEN)
        chat.until(BRACKETED_PASTE)  # the last thing of a start
        chat.type("I failed my exam" + ENTER)
        answered(chat)
        chat.type(LEAVE)
        assert chat.end() == 0
        assert left_as_it_was(chat)
    assert turns()[0].text == "I failed my exam"


def test_a_window_that_is_closed_in_mid_reply_keeps_what_had_arrived(slow_model: Path) -> None:
    with noisy(slow_model) as chat:
        said_and_replying(chat, "tell me everything")
        engine = chat.engine_pid()
        chat.hang_up()
        assert chat.process.wait(PATIENCE) == 128 + signal.SIGHUP
        assert gone(engine)
    assert [(turn.status, bool(turn.text)) for turn in replies()] == [(Status.STOPPED, True)]


def gone(pid: int) -> bool:
    """Whether a process has ended, or does so before the patience does."""
    try:
        ended = os.pidfd_open(pid)
    except ProcessLookupError:
        return True
    try:
        return bool(select.select([ended], [], [], PATIENCE)[0])
    finally:
        os.close(ended)


# -- the model process ------------------------------------------------------------------------------------------------


def test_an_engine_that_is_killed_in_mid_reply_is_a_sentence_and_the_next_turn_works(slow_model: Path) -> None:
    with noisy(slow_model) as chat:
        said_and_replying(chat, "tell me everything")
        chat.kill_engine()
        chat.sees("The model process stopped unexpectedly (signal 9)")
        chat.sees("Companion · broke off")
        said_and_replying(chat, "are you there?")
        chat.type(ESCAPE)
        chat.sees("Companion · stopped")
        chat.type(LEAVE)
        assert chat.end() == 0
        assert left_as_it_was(chat)
    assert [turn.status for turn in replies()] == [Status.FAILED, Status.STOPPED]
    assert all(turn.text for turn in replies())


def test_an_engine_that_hangs_and_is_killed_is_a_sentence_and_the_model_that_ships_answers_again() -> None:
    with running() as chat:
        os.kill(chat.engine_pid(), signal.SIGSTOP)
        chat.type("I failed my exam" + ENTER)
        chat.sees(WRITTEN)
        chat.kill_engine()
        chat.sees("The model process stopped unexpectedly (signal 9)")
        assert "Ctrl+R tries again." in " ".join(" ".join(chat.lines).replace("▎", " ").split())
        chat.type("\x12")  # Ctrl-R
        answered(chat)
        chat.sees("stopped unexpectedly", gone=True)
        chat.type(LEAVE)
        assert chat.end() == 0
        assert left_as_it_was(chat)
    assert [turn.status for turn in replies()] == [Status.FAILED, Status.COMPLETE]


def test_an_engine_that_hangs_is_left_all_the_same() -> None:
    with running() as chat:
        engine = chat.engine_pid()
        os.kill(engine, signal.SIGSTOP)
        chat.type("I failed my exam" + ENTER)
        chat.sees(WRITTEN)
        chat.type(LEAVE)
        assert chat.end() == 0
        assert left_as_it_was(chat)
        assert gone(engine)
    assert [turn.text for turn in turns()][:1] == ["I failed my exam"]


# -- what goes wrong at the start -------------------------------------------------------------------------------------


def test_settings_that_are_wrong_are_a_sentence_and_no_screen() -> None:
    paths.config_file().parent.mkdir(parents=True)
    paths.config_file().write_text("them = 'dark'\n")
    with FullScreen("chat") as chat:
        assert chat.end() == 2
        assert "there is no setting 'them'. Did you mean 'theme'?" in chat.shown
        assert "\x1b" not in chat.shown
        assert left_as_it_was(chat)


def test_a_database_that_is_none_is_said_and_one_can_talk_off_the_record() -> None:
    damaged = b"these are not the bytes of a database " * 200
    paths.private_folder(paths.data_folder())
    paths.database().write_bytes(damaged)
    with FullScreen("chat") as chat:
        chat.sees("Your conversations cannot be opened")
        chat.sees("Talk off the record")
        chat.type("\t" + ENTER)
        chat.sees("OFF THE RECORD")
        chat.type("hello" + ENTER)
        answered(chat)
        chat.type(LEAVE)
        assert chat.end() == 0
        assert left_as_it_was(chat)
    assert paths.database().read_bytes() == damaged


def test_a_model_that_is_missing_is_said_with_the_ones_there_are(tmp_path: Path) -> None:
    with FullScreen("chat", "--model", str(tmp_path / "none.gguf")) as chat:
        chat.sees("Known models: mini")
        assert "conversations cannot be opened" not in "\n".join(chat.lines)
        chat.sees("Leave")
        chat.type("\t" + ENTER)
        assert chat.end() == 0
        assert left_as_it_was(chat)


def test_a_model_file_that_is_none_is_said_and_what_is_written_is_kept(tmp_path: Path) -> None:
    model = tmp_path / "none.gguf"
    model.write_text("no model")
    with FullScreen("chat", "--model", str(model)) as chat:
        chat.sees("none.gguf is not a GGUF file")
        chat.type("hello" + ENTER)
        chat.sees("You")
        chat.type(LEAVE)
        assert chat.end() == 0
        assert left_as_it_was(chat)
    assert [turn.text for turn in turns()][:1] == ["hello"]


def test_a_data_folder_that_cannot_be_written_is_said_and_one_can_leave(
    own_home: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    if os.geteuid() == 0:
        monkeypatch.setattr(sys, "executable", str(without_power_over_files(tmp_path)))
    (own_home / "data").mkdir(parents=True, mode=0o700)
    own_home.chmod(0o500)
    (own_home / "data").chmod(0o500)
    try:
        with FullScreen("chat") as chat:
            chat.sees("cannot be opened")
            chat.type("\x07")  # Ctrl-G
            chat.sees("findahelpline.com")
            chat.type(ESCAPE)
            chat.sees("findahelpline.com", gone=True)
            chat.type(LEAVE)
            assert chat.end() == 0
            assert left_as_it_was(chat)
        assert list((own_home / "data").iterdir()) == []
    finally:
        own_home.chmod(0o700)
        (own_home / "data").chmod(0o700)


def without_power_over_files(folder: Path) -> Path:
    """Python for root, to whom otherwise no folder is read-only."""
    setpriv = shutil.which("setpriv")
    if setpriv is None:
        pytest.skip("root can write everywhere, and setpriv is not here to change that")
    wrapped = folder / "python"
    command = shlex.join([setpriv, "--bounding-set=-dac_override,-dac_read_search,-fowner", sys.executable])
    wrapped.write_text(f'#!/bin/sh\nexec {command} "$@"\n')
    wrapped.chmod(0o700)
    return wrapped
