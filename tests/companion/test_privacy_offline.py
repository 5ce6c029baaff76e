"""P12 and P15: nothing is asked of the network, and off the record nothing is written to the disk."""

from __future__ import annotations

import json
import os
import socket
import subprocess
import sys
from pathlib import Path

import pytest

from companion import paths, telemetry
from companion.store import Store
from tests.companion.watching import Folders, Watched, can_trace, changes_something, companion, traced
from tests.conftest import Program, with_encoder

SECRET = "Qzxwvmarker is between us"


@pytest.fixture
def watched(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Watched:
    """What is started from here on is watched."""
    folder = tmp_path / "watched"
    folder.mkdir()
    found = Watched(folder)
    for name, value in found.variables.items():
        monkeypatch.setenv(name, value)
    monkeypatch.setenv("COMPANION_REPLY_TOKENS", "16")
    monkeypatch.setenv("PYTHONDONTWRITEBYTECODE", "1")
    return found


def run(*arguments: str, typed: str = "") -> subprocess.CompletedProcess[str]:
    ran = subprocess.run(companion(*arguments), input=typed, text=True, capture_output=True)
    assert ran.returncode == 0, ran.stderr
    return ran


# -- the network ------------------------------------------------------------------------------------------------------


@with_encoder
@pytest.mark.llama
def test_p12_no_command_reaches_for_the_network(
    tiny_model: Path, watched: Watched, monkeypatch: pytest.MonkeyPatch
) -> None:
    pytest.importorskip("llama_cpp", reason="llama-cpp-python is not installed")
    model = ("--model", str(tiny_model))
    elsewhere = [watched.folder / name for name in ("home", "cache")]
    for name, folder in zip(("HOME", "XDG_CACHE_HOME"), elsewhere, strict=True):
        folder.mkdir()
        monkeypatch.setenv(name, str(folder))
    run("chat", "--plain", *model, typed="hello\nI am tired\n/why\n/quit\n")
    run("say", "--json", *model, "hello")
    assert len(run("export").stdout.splitlines()) == 6
    assert json.loads(run("study", "--json", "--bootstrap", "100").stdout)["systems"]
    run("tag", "-", typed="What happened?\n")
    run("models", "list")
    run("data", "backup", str(watched.folder / "copy.db"))
    assert watched.tried == []
    # Reports that are still to be sent, and the number under which a library would send them, lie in such places.
    assert [list(folder.iterdir()) for folder in elsewhere] == [[], []]
    assert sum("companion.engine.worker" in program for program in watched.programs) == 2  # the model's too


@pytest.mark.parametrize(
    "code",
    [
        "import socket; socket.create_connection(('192.0.2.1', 80), 0.1)",
        "import socket; socket.getaddrinfo('example.org', 80)",
        "import urllib.request; urllib.request.urlopen('http://192.0.2.1')",
    ],
)
def test_who_would_reach_for_the_network_is_seen(watched: Watched, code: str) -> None:
    assert subprocess.run([sys.executable, "-c", code], capture_output=True).returncode == 1
    assert watched.tried != []


def test_p12_in_this_process_nothing_opens_a_connection(told: Program, monkeypatch: pytest.MonkeyPatch) -> None:
    tried: list[str] = []

    def refuse(*arguments: object, **_: object) -> None:
        tried.append(repr(arguments))
        raise OSError("no network")

    for name in ("create_connection", "getaddrinfo", "gethostbyname"):
        monkeypatch.setattr(socket, name, refuse)
    for name in ("connect", "connect_ex", "bind", "listen", "sendto"):
        monkeypatch.setattr(socket.socket, name, refuse)
    told.says("What happened?", "You could rest.")
    assert told("chat", "--plain", typed="hello\nI am tired\n").code == 0
    told.says("Rest.")
    assert told("say", "hello").code == 0
    assert len(told("export", "--with-text").rows) == 6
    assert told("study", "--json", "--bootstrap", "100").code == 0
    assert tried == []


SWITCHES = """
import importlib.abc, json, os, sys
LIBRARIES = {"torch", "transformers", "huggingface_hub", "datasets", "trl", "wandb", "vllm", "ray", "tokenizers",
             "onnxruntime", "textual", "llama_cpp", "sqlite_utils"}
seen = {}
class Watch(importlib.abc.MetaPathFinder):
    def find_spec(self, name, path=None, target=None):
        if name in LIBRARIES and name not in seen:
            seen[name] = dict(os.environ)
sys.meta_path.insert(0, Watch())
exec(sys.argv.pop(1))
print(json.dumps(seen))
"""


def imported_under(code: str, **variables: str) -> dict[str, dict[str, str]]:
    """The libraries that `code` imports, each with the environment that it found."""
    names = telemetry.NO_REPORTS | telemetry.NO_LOOK_UPS
    clean = {name: value for name, value in os.environ.items() if name not in names} | variables
    ran = subprocess.run([sys.executable, "-c", SWITCHES, code], env=clean, capture_output=True, text=True)
    assert ran.returncode == 0, ran.stderr
    found: dict[str, dict[str, str]] = json.loads(ran.stdout.splitlines()[-1])
    return found


@pytest.mark.parametrize(
    ("code", "library"),
    [
        ("import companion.encoder as e; e.Encoder().check(); import tokenizers", "tokenizers"),
        ("import companion.store", "sqlite_utils"),
        ("import companion.tui.app", "textual"),
        ("import companion.cli.train, training.mini", "torch"),
        ("import companion.cli.train, training.tokens, transformers", "transformers"),
    ],
)
def test_p12_the_switches_are_set_before_any_library_is_imported(code: str, library: str) -> None:
    if library in {"torch", "transformers"}:
        pytest.importorskip(library, reason=f"{library} is not installed")
    seen = imported_under(code, WANDB_MODE="online", HF_HUB_DISABLE_TELEMETRY="0")
    assert library in seen
    for name, environment in seen.items():
        for switch, value in (telemetry.NO_REPORTS | telemetry.NO_LOOK_UPS).items():
            assert environment.get(switch) == value, (name, switch)


def test_a_person_may_let_a_training_run_fetch_its_model_but_no_library_report(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in telemetry.NO_REPORTS | telemetry.NO_LOOK_UPS:
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("HF_HUB_OFFLINE", "0")
    monkeypatch.setenv("DO_NOT_TRACK", "0")
    telemetry.switch_off()
    assert os.environ["HF_HUB_OFFLINE"] == "0"
    assert os.environ["TRANSFORMERS_OFFLINE"] == "1"
    assert {name: os.environ[name] for name in telemetry.NO_REPORTS} == telemetry.NO_REPORTS


# -- the disk ---------------------------------------------------------------------------------------------------------


@pytest.fixture
def places(tmp_path: Path, own_home: Path, monkeypatch: pytest.MonkeyPatch) -> tuple[Path, ...]:
    """HOME, COMPANION_HOME, TMPDIR, XDG folders and the working folder, all of the test and there already."""
    found = {
        name: tmp_path / f"{name.lower()}-folder" for name in ("HOME", "TMPDIR", "XDG_CACHE_HOME", "XDG_STATE_HOME")
    }
    for name, folder in found.items():
        folder.mkdir()
        monkeypatch.setenv(name, str(folder))
    for folder in (own_home, paths.data_folder(), paths.state_folder(), tmp_path / "cwd"):
        folder.mkdir(mode=0o700)
    monkeypatch.chdir(tmp_path / "cwd")
    monkeypatch.setenv("PYTHONPATH", str(Path(__file__).parents[2]))
    monkeypatch.setenv("PYTHONDONTWRITEBYTECODE", "1")
    monkeypatch.setenv("COMPANION_REPLY_TOKENS", "16")
    return (*found.values(), own_home, tmp_path / "cwd")


def off_record(model: Path) -> tuple[tuple[list[str], str], ...]:
    with_model = ("--off-record", "--model", str(model))
    return (
        (companion("say", *with_model, "-"), SECRET),
        (companion("say", "--candidates", "2", *with_model, SECRET), ""),
        (companion("chat", "--plain", *with_model), f"{SECRET}\n/why\nand more\n/quit\n"),
    )


@with_encoder
@pytest.mark.llama
def test_p15_off_the_record_no_file_is_even_touched(tiny_model: Path, places: tuple[Path, ...]) -> None:
    pytest.importorskip("llama_cpp", reason="llama-cpp-python is not installed")
    for command, typed in off_record(tiny_model):
        with Folders(*places) as watch:
            ran = subprocess.run(command, input=typed, text=True, capture_output=True)
            assert ran.returncode == 0, ran.stderr
            assert watch.changes() == []
    with Folders(*places) as watch:  # and that it would have been seen
        subprocess.run(companion("sessions"), check=True, capture_output=True)
        assert any("companion.db" in change for change in watch.changes())


@with_encoder
@pytest.mark.llama
def test_p15_off_the_record_the_kernel_sees_no_file_written_and_no_connection(
    tiny_model: Path, places: tuple[Path, ...], tmp_path: Path
) -> None:
    pytest.importorskip("llama_cpp", reason="llama-cpp-python is not installed")
    if not can_trace():
        pytest.skip("strace is not here, or may not be used")
    for number, (command, typed) in enumerate(off_record(tiny_model)):
        folder = tmp_path / f"trace{number}"
        folder.mkdir()
        ran, calls = traced(command, folder, typed=typed)
        assert ran.returncode == 0, ran.stderr
        assert calls == []
        assert "companion" in (folder / "strace.log").read_text(errors="replace")


@pytest.mark.parametrize(
    ("line", "counts"),
    [
        ('12 openat(AT_FDCWD, "/home/x/notes", O_WRONLY|O_CREAT|O_TRUNC, 0600) = 3', True),
        ('12 openat(AT_FDCWD, "/dev/shm/x", O_RDWR|O_CREAT, 0600) = 3', True),
        ('12 mkdir("/home/x", 0700) = 0', True),
        ('12 mkdir("/home/x", 0700) = -1 EEXIST (File exists)', False),
        ('12 openat(AT_FDCWD, "/home/x/notes", O_RDONLY|O_CLOEXEC) = 3', False),
        ('12 openat(AT_FDCWD, "/dev/null", O_RDWR|O_CLOEXEC) = 3', False),
        ("12 connect(3, {sa_family=AF_INET, sin_port=htons(80)}, 16) = -1 EINPROGRESS", True),
        ('12 unlink("/home/x/notes") = 0', True),
    ],
)
def test_what_of_a_trace_counts(line: str, counts: bool) -> None:
    assert changes_something(line) is counts


def test_p15_a_store_off_the_record_has_no_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    with Folders(tmp_path) as watch, Store(None) as store:
        session = store.new_session(None)
        asked = store.add_user_turn(session.id, SECRET * 10_000)
        store.begin_reply(session.id, asked.id)
        store.delete(session.id)
        assert watch.changes() == []
