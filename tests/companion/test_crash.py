"""Programs that are killed, and two programs at once, with a real model on one database."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from companion import paths
from companion.store import Role, Status, Store
from tests.conftest import with_encoder

pytest.importorskip("llama_cpp", reason="llama-cpp-python is not installed")
pytestmark = [pytest.mark.llama, with_encoder]

ROUNDS = 20

DRIVER = f"""
import sys
from companion.cli import run
model, name = sys.argv[1:]
for number in range({ROUNDS}):
    code = run(["say", "--model", model, f"{{name}} says {{number}}"])
    assert code == 0, code
"""


def companion(*arguments: str) -> subprocess.Popen[bytes]:
    command = [sys.executable, "-m", "companion", *arguments]
    return subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE)


def outcome(process: subprocess.Popen[bytes], typed: bytes = b"") -> tuple[int, str, str]:
    out, err = process.communicate(typed)
    return process.returncode, out.decode(), err.decode()


def test_a_program_killed_in_mid_reply_leaves_what_had_arrived_and_the_session_goes_on(
    slow_model: Path, tiny_model: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("COMPANION_REPLY_TOKENS", "4000")
    with companion("say", "--model", str(slow_model), "my hamster died") as victim:
        assert victim.stdout is not None
        shown = victim.stdout.read1(64)
        victim.kill()
    with Store(paths.database()) as store:
        session = store.sessions()[0].id
        asked, reply = store.turns(session)
        assert (asked.text, asked.status, reply.status) == ("my hamster died", Status.COMPLETE, Status.STREAMING)
        assert reply.text.encode().startswith(shown)
        assert shown

    code, listed, narration = outcome(companion("sessions"))
    assert (code, narration) == (0, "Note: 1 unfinished reply kept as interrupted.\n")
    assert session in listed
    code, shown_again, _ = outcome(companion("sessions", "show", session))
    assert f"\n\nCompanion (interrupted): {reply.text.strip()[:20]}" in shown_again

    monkeypatch.setenv("COMPANION_REPLY_TOKENS", "16")
    code, out, _ = outcome(companion("chat", "--plain", "--model", str(tiny_model), "--resume", "last"), b"go on\n")
    assert (code, f"Going on with {session}: my hamster died." in out) == (0, True)
    with Store(paths.database()) as store:
        kept = store.branch(session)
        assert [turn.status for turn in kept] == [
            Status.COMPLETE,
            Status.INTERRUPTED,
            Status.COMPLETE,
            Status.COMPLETE,
        ]
        assert kept[1].text == reply.text
        assert kept[3].prompt_tokens is not None
        assert kept[3].prompt_tokens > len(reply.text.split())


def test_two_programs_talk_at_once_and_nothing_is_lost(tiny_model: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COMPANION_REPLY_TOKENS", "16")
    names = ("one", "two")
    programs = [
        subprocess.Popen(
            [sys.executable, "-c", DRIVER, str(tiny_model), name], stdout=subprocess.PIPE, stderr=subprocess.PIPE
        )
        for name in names
    ]
    for program in programs:
        code, _, narration = outcome(program)
        assert code == 0, narration
        assert "companion: " not in narration
    with Store(paths.database()) as store:
        turns = [turn for session in store.sessions() for turn in store.turns(session.id)]
        assert store.check() == []
    said = {turn.text for turn in turns if turn.role is Role.USER}
    assert said == {f"{name} says {number}" for name in names for number in range(ROUNDS)}
    assert len([turn for turn in turns if turn.role is Role.ASSISTANT]) == 2 * ROUNDS
    assert {turn.status for turn in turns} == {Status.COMPLETE}
