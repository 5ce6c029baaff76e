"""Every test has a home of its own; commands run in-process with an engine that says what the test tells it."""

from __future__ import annotations

import io
import json
import os
import sys
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any

import hypothesis
import pytest

from companion import paths
from companion.cli import run
from companion.engine.scripted import ScriptedEngine
from companion.safety import notice
from companion.store import Store
from tests.companion.fakes import CalmReader, CueEncoder

REPOSITORY = Path(__file__).parents[1]

hypothesis.settings.register_profile("calm", deadline=None)  # a busy machine is no defect
hypothesis.settings.load_profile("calm")

ENCODER = REPOSITORY / "models" / "encoder"
with_encoder = pytest.mark.skipif(not (ENCODER / "encoder.onnx").is_file(), reason="models/encoder is not here")
"""For what runs the real program: it reads its replies with the encoder that ships."""


@pytest.fixture(autouse=True)
def own_home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Settings, data and state of the test; nothing that the person at this machine has set counts."""
    for variable in [name for name in os.environ if name.startswith("COMPANION_")]:
        monkeypatch.delenv(variable)
    home = tmp_path / "home"
    monkeypatch.setenv("COMPANION_HOME", str(home))
    return home


@pytest.fixture(scope="session")
def shared_data() -> Path:
    """The corpora beside the checkout."""
    folder = REPOSITORY.parent / "shared" / "data"
    if not folder.is_dir():
        pytest.skip(f"{folder} is not here")
    return folder


@dataclass(frozen=True)
class Outcome:
    """What a command did: its exit code, and what it wrote."""

    code: int
    out: str
    err: str

    @property
    def rows(self) -> list[dict[str, Any]]:
        """Standard output as JSON lines."""
        return [json.loads(line) for line in self.out.splitlines()]


def said_no_more_than_a_sentence(outcome: Outcome) -> str:
    """The sentence on standard error, where there is one and nothing else."""
    assert outcome.out == ""
    assert outcome.err.startswith("companion: ")
    assert outcome.err.count("\n") == 1
    assert "Traceback" not in outcome.err
    return outcome.err.removeprefix("companion: ").strip()


class Program:
    """`companion` in this process. `engine` is what the next command talks with; replies are read by cues."""

    def __init__(self, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> None:
        self._capsys, self._monkeypatch = capsys, monkeypatch
        self.engine = ScriptedEngine()
        self.state_dirs: list[Path | None] = []

    def __call__(self, *arguments: str, typed: str | bytes = b"") -> Outcome:
        raw = typed.encode() if isinstance(typed, str) else typed
        self._monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(raw), "utf-8", "replace"))
        self._capsys.readouterr()
        code = run(list(arguments))
        return Outcome(code, *self._capsys.readouterr())

    def says(self, *replies: Any, **options: Any) -> ScriptedEngine:
        """The next command's engine."""
        self.engine = ScriptedEngine(replies, **options)
        return self.engine

    def store(self) -> Store:
        return Store(paths.database())


@pytest.fixture
def program(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, own_home: Path) -> Program:
    made = Program(capsys, monkeypatch)
    paths.private_folder(paths.user_models())
    (paths.user_models() / "mini.gguf").touch(0o600)

    def engine(model: Path, *, state_dir: Path | None, **_: object) -> ScriptedEngine:
        made.state_dirs.append(state_dir)
        return made.engine

    monkeypatch.setattr("companion.cli.opening.LlamaEngine", engine)
    monkeypatch.setattr("companion.cli.opening.new_encoder", CueEncoder)
    monkeypatch.setattr("companion.cli.opening.new_risk_reader", CalmReader)
    return made


@pytest.fixture
def told(program: Program) -> Program:
    """The notice of the day has been shown."""
    notice.shown(paths.state_folder(), date.today())
    return program
