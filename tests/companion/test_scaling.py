"""`--engine ray`: two workers, one of which dies in the middle, give what one process gives."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from importlib.util import find_spec
from pathlib import Path

import pytest

from companion import paths, scaling, tag_stream
from companion.cli import opening
from companion.cli import tag as tag_command
from companion.encoder import CARD, Encoder
from companion.errors import CompanionError
from companion.study import gather
from companion.tagging import Replies, Scores, Tagger
from tests.conftest import Program, said_no_more_than_a_sentence, with_encoder

REPLIES = 40
RAY = ("--engine", "ray", "--workers", "2")


@pytest.fixture(scope="module")
def cluster() -> Iterator[scaling.RayTagger]:
    """Two workers on this machine, for all tests of this file: a start takes seconds."""
    for package in ("ray", "pyarrow"):
        if find_spec(package) is None:  # to import it here would be before its switches are set
            pytest.skip(f"{package} is not installed")
    with scaling.workers(2, Encoder(paths.shipped_models() / "encoder")) as tagger:
        yield tagger


def killed_once(make: Callable[[], Tagger], mark: Path) -> Callable[[], Tagger]:
    """The same, but the worker that comes to its third chunk first dies there, as if the machine had killed it."""

    def made() -> Tagger:
        tagger = make()

        class Dying:
            name, chunks = tagger.name, 0

            def tag_replies(self, replies: Replies) -> list[Scores]:
                self.chunks += 1
                if self.chunks == 3:
                    try:
                        mark.touch(exist_ok=False)
                    except FileExistsError:
                        pass
                    else:
                        os.kill(os.getpid(), signal.SIGKILL)
                return tagger.tag_replies(replies)

            tag = tagger.tag

        return Dying()

    return made


@pytest.fixture
def dying(
    cluster: scaling.RayTagger, program: Program, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Iterator[Program]:
    """The program with the encoder that ships, small chunks, and a cluster that loses a worker."""
    mark = tmp_path / "killed"

    @contextmanager
    def workers(count: int | None, encoder: Encoder) -> Iterator[scaling.RayTagger]:
        assert count == 2
        yield scaling.RayTagger(killed_once(cluster._make, mark), 2)

    for module in (opening, tag_command):
        monkeypatch.setattr(module, "new_encoder", lambda: Encoder(paths.shipped_models() / "encoder"))
    monkeypatch.setattr(scaling, "workers", workers)
    monkeypatch.setattr(tag_stream, "CHUNK", 4)
    monkeypatch.setattr(gather, "CHUNK", 8)
    yield program
    assert mark.exists()  # or nothing was shown


def replies() -> list[str]:
    return [
        f"That sounds hard{' indeed' * (n % 7)}. What happened {n} days ago? You could " + "rest a little " * (n % 5)
        for n in range(REPLIES)
    ]


@with_encoder
@pytest.mark.ray
@pytest.mark.timeout(900)
def test_tags_are_the_same_to_the_byte_though_a_worker_is_killed(dying: Program, tmp_path: Path) -> None:
    import pyarrow as pa
    from pyarrow import parquet

    rows = [{"id": n, "text": text} for n, text in enumerate(replies())]
    (tmp_path / "in.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows), encoding="utf-8")
    parquet.write_table(pa.Table.from_pylist(rows), tmp_path / "in.parquet")
    alone = dying("tag", "--json", str(tmp_path / "in.jsonl"))
    together = dying("tag", "--json", str(tmp_path / "in.parquet"), *RAY)
    assert (together.code, together.err) == (0, "")
    assert together.out == alone.out
    assert len(together.rows) == REPLIES


@with_encoder
@pytest.mark.ray
@pytest.mark.timeout(900)
def test_a_study_is_the_same_though_a_worker_is_killed(dying: Program, tmp_path: Path) -> None:
    said = replies()
    conversations = [
        {"id": n, "messages": [{"role": role, "content": text} for text in said[n : n + 4] for role in ("user", "bot")]}
        for n in range(0, REPLIES, 4)
    ]
    file = tmp_path / "chats.jsonl"
    file.write_text("".join(json.dumps(each) + "\n" for each in conversations), encoding="utf-8")
    alone, together = (dying("study", "--json", "--bootstrap", "10", str(file), *engine) for engine in ((), RAY))
    assert (together.code, together.err) == (0, "")
    assert together.out == alone.out
    assert json.loads(together.out)["method"]["sources"]["chats"]["tagged"] == REPLIES


@with_encoder
@pytest.mark.ray
@pytest.mark.timeout(900)
@pytest.mark.skipif(not Path("/proc/net/tcp6").exists(), reason="needs Linux's list of sockets")
def test_p12_workers_listen_on_this_machine_only_and_ray_reports_to_nobody(cluster: scaling.RayTagger) -> None:
    import ray
    from ray._common.usage import usage_lib

    listening = {address for address, inode in listeners() if inode in sockets_of(descendants())}
    assert listening
    assert {address[-8:] for address in listening} == {"0100007F"}  # 127.0.0.1, also as an address of IPv6
    assert not usage_lib.usage_stats_enabled()
    assert not ray._private.worker.global_worker.node.webui_url


def listeners() -> Iterator[tuple[str, str]]:
    """(address, inode) of every socket that listens for TCP."""
    for family in ("tcp", "tcp6"):
        for line in Path(f"/proc/net/{family}").read_text(encoding="ascii").splitlines()[1:]:
            fields = line.split()
            if fields[3] == "0A":
                yield fields[1].partition(":")[0], fields[9]


def descendants() -> set[int]:
    """The processes that this one has started, and those that they have."""
    parent_of = {}
    for status in Path("/proc").glob("[0-9]*/stat"):
        with suppress(OSError):
            parent_of[int(status.parent.name)] = int(status.read_text(encoding="utf-8").rpartition(")")[2].split()[1])
    found = {os.getpid()}
    while more := {process for process, parent in parent_of.items() if parent in found} - found:
        found |= more
    return found


def sockets_of(processes: set[int]) -> set[str]:
    found = set()
    for process in processes:
        with suppress(OSError):
            for handle in Path(f"/proc/{process}/fd").iterdir():
                with suppress(OSError):
                    target = os.readlink(handle)
                    if target.startswith("socket:["):
                        found.add(target[8:-1])
    return found


def test_a_worker_with_another_encoder_is_a_sentence(tmp_path: Path) -> None:
    for name in ("encoder.onnx", "tokenizer.json"):
        (tmp_path / name).touch()
    (tmp_path / CARD).write_text('{"tactics": {}, "empathy": [], "risk": []}', encoding="utf-8")
    assert scaling.tagger_of(str(tmp_path), (tmp_path / CARD).read_bytes()).name == "encoder"
    with pytest.raises(CompanionError, match="another encoder"):
        scaling.tagger_of(str(tmp_path), b"{}")


def test_nothing_goes_to_a_cluster_without_being_asked(
    program: Program, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(scaling.ADDRESS, "10.1.2.3:6379")
    file = tmp_path / "in.txt"
    file.write_text("So?\n", encoding="utf-8")
    outcome = program("tag", str(file), "--engine", "ray")
    assert outcome.code == 4
    assert "would leave this machine for the Ray cluster at 10.1.2.3:6379" in said_no_more_than_a_sentence(outcome)


def test_workers_are_ray_s(program: Program, tmp_path: Path) -> None:
    (tmp_path / "in.txt").write_text("So?\n", encoding="utf-8")
    outcome = program("tag", str(tmp_path / "in.txt"), "--workers", "2")
    assert outcome.code == 2
    assert "--engine ray" in said_no_more_than_a_sentence(outcome)


def test_without_ray_it_says_what_to_install(program: Program, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(scaling, "find_spec", lambda name: None)
    (tmp_path / "in.txt").write_text("So?\n", encoding="utf-8")
    outcome = program("tag", str(tmp_path / "in.txt"), "--engine", "ray")
    assert outcome.code == 1
    assert 'pip install "companion-chat[scale]"' in said_no_more_than_a_sentence(outcome)


def test_ray_is_not_imported_before_it_is_needed() -> None:
    asked = "import sys, companion.cli.tag, companion.cli.study, companion.scaling; assert 'ray' not in sys.modules"
    subprocess.run([sys.executable, "-c", asked], check=True)
