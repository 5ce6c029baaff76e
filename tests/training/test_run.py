from __future__ import annotations

import errno
import json
import os
import signal
import subprocess
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from companion.errors import CompanionError, NotFound, UsageError
from training import run as run_module
from training.run import KEEP, Interrupt, Run, commit, digest, write_json


@pytest.fixture
def run(tmp_path: Path) -> Run:
    return Run.create(tmp_path, "mini", {"seed": 1})


def save(run: Run, step: int, text: str = "weights") -> None:
    with run.checkpoint(step) as folder:
        (folder / "state.pt").write_text(text)


def break_off(run: Run, step: int, error: BaseException) -> None:
    with run.checkpoint(step) as folder:
        (folder / "state.pt").write_text("half")
        raise error


def steps(run: Run) -> list[int]:
    return [int(path.name.removeprefix("checkpoint-")) for path in run.checkpoints()]


def full_disk(*_: object, **__: object) -> Any:
    raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))


def test_a_run_folder_holds_the_recipe_and_the_versions(run: Run) -> None:
    assert run.recipe() == {"seed": 1}
    assert {"companion", "python", "torch"} <= set(json.loads((run.folder / "versions.json").read_text()))
    assert Run.open(run.folder) == run


def test_a_second_run_in_the_same_second_is_refused_and_harms_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    class Stopped(datetime):
        @classmethod
        def now(cls, tz: Any = None) -> Stopped:
            return cls(2026, 1, 2, 3, 4, 5, tzinfo=UTC)

    monkeypatch.setattr(run_module, "datetime", Stopped)
    first = Run.create(tmp_path, "mini", {"seed": 1})
    assert first.folder.name == "mini-20260102-030405"
    with pytest.raises(UsageError, match=r"mini-20260102-030405 exists already; wait a second, or .* --resume "):
        Run.create(tmp_path, "mini", {"seed": 2})
    assert first.recipe() == {"seed": 1}


def test_a_place_where_no_run_folder_can_be_made_is_one_sentence(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(CompanionError, match=r"cannot be made: Not a directory\. Give another place with --runs\."):
        Run.create(tmp_path / "file", "mini", {})


def test_a_folder_that_is_no_run_cannot_be_opened(tmp_path: Path) -> None:
    with pytest.raises(NotFound, match=r"holds no run \(no recipe\.json\)"):
        Run.open(tmp_path)


def test_a_checkpoint_counts_only_once_it_is_whole(run: Run) -> None:
    with run.checkpoint(10) as folder:
        (folder / "state.pt").write_text("half")
        assert steps(run) == []
    assert steps(run) == [10]
    assert (run.checkpoints()[0] / "state.pt").read_text() == "half"


def test_a_checkpoint_broken_off_in_the_middle_never_counts_and_is_cleared_away(run: Run) -> None:
    save(run, 10)
    with pytest.raises(KeyboardInterrupt):
        break_off(run, 17, KeyboardInterrupt())
    assert steps(run) == [10]
    save(run, 20)
    assert steps(run) == [10, 20]
    assert not list(run.folder.glob("*.partial"))


def test_the_newest_checkpoints_are_kept_in_the_order_of_their_steps(run: Run) -> None:
    for step in (50, 100, 999_950, 1_000_000):
        save(run, step)
    assert KEEP == 3
    assert steps(run) == [100, 999_950, 1_000_000]


def test_a_checkpoint_of_the_same_step_replaces_the_old_one(run: Run) -> None:
    save(run, 10, "old")
    save(run, 10, "new")
    assert [path.joinpath("state.pt").read_text() for path in run.checkpoints()] == ["new"]


def test_a_full_disk_is_a_sentence_and_the_earlier_checkpoints_stay(run: Run) -> None:
    for step in (10, 20, 30):
        save(run, step)
    with pytest.raises(CompanionError) as error:
        break_off(run, 40, OSError(errno.ENOSPC, os.strerror(errno.ENOSPC)))
    assert str(error.value) == (
        f"The checkpoint at step 40 could not be written to {run.folder}: No space left on device. "
        f"Free some space and continue with --resume {run.folder}."
    )
    assert steps(run) == [10, 20, 30]
    assert not list(run.folder.glob("*.partial"))


def test_a_disk_found_full_only_when_the_file_is_settled_loses_no_earlier_checkpoint(
    run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    save(run, 10)
    monkeypatch.setattr(os, "fsync", full_disk)
    with pytest.raises(CompanionError, match="--resume"):
        save(run, 20)
    assert steps(run) == [10]


def test_another_error_while_saving_is_not_taken_for_a_full_disk(run: Run) -> None:
    with pytest.raises(ZeroDivisionError):
        break_off(run, 10, ZeroDivisionError())
    assert steps(run) == []


def test_metrics_after_the_checkpoint_are_dropped_on_resume(run: Run) -> None:
    for step in (1, 2, 3, 4):
        run.log({"step": step})
    run.rewind(2)
    run.log({"step": 3, "again": True})
    rows = [json.loads(line) for line in (run.folder / "metrics.jsonl").read_text().splitlines()]
    assert rows == [{"step": 1}, {"step": 2}, {"step": 3, "again": True}]


def test_a_line_of_metrics_that_was_cut_off_does_not_stop_a_resume(run: Run) -> None:
    run.log({"step": 1})
    with (run.folder / "metrics.jsonl").open("a") as file:
        file.write('{"step": 2, "lo')
    run.rewind(2)
    assert (run.folder / "metrics.jsonl").read_text() == '{"step": 1}\n'


def test_metrics_on_a_full_disk_are_a_sentence(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Path, "open", full_disk)
    with pytest.raises(CompanionError, match=r"The metrics could not be written .* No space left .* --resume "):
        run.log({"step": 1})


def test_a_json_file_is_written_whole_or_not_at_all(tmp_path: Path) -> None:
    path = tmp_path / "data.json"
    write_json(path, {"word": "naïve"})
    with pytest.raises(TypeError):
        write_json(path, {"word": object()})
    assert json.loads(path.read_text("utf-8")) == {"word": "naïve"}
    assert [file.name for file in tmp_path.iterdir()] == ["data.json"]


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_the_first_signal_asks_to_stop_and_the_second_acts_at_once(number: signal.Signals) -> None:
    before = signal.getsignal(number)
    with Interrupt() as interrupt:
        assert not interrupt.requested
        os.kill(os.getpid(), number)
        assert interrupt.requested
        with pytest.raises(KeyboardInterrupt):
            os.kill(os.getpid(), number)
    assert signal.getsignal(number) is before


def test_a_digest_tells_where_one_text_ends() -> None:
    assert digest(iter(["ab", "c"])) != digest(iter(["a", "bc"]))
    assert digest(iter(["ab", "c"])) == digest(iter(["ab", "c"]))


def test_what_a_run_learns_from_must_stay_as_it_was(run: Run, tmp_path: Path) -> None:
    files = {name: tmp_path / name for name in ("one", "two")}
    for name, file in files.items():
        file.write_text(name)
    run.learns_from(files)
    run.learns_from({"one": files["one"]})
    files["two"].write_text("three")
    with pytest.raises(UsageError, match=rf"^Not as when this run began: {files['two']}\. Put back .* --resume "):
        run.learns_from(files)
    files["two"].write_text("two")
    run.learns_from(files)


def test_a_run_from_a_checkout_says_at_which_commit_and_whether_files_differ(tmp_path: Path) -> None:
    def git(*words: str) -> str:
        who = ("-c", "user.name=A", "-c", "user.email=a@example.org")
        return subprocess.run(
            ["git", "-C", str(tmp_path), *who, *words], check=True, capture_output=True, text=True
        ).stdout.strip()

    assert commit(tmp_path) is None
    git("init", "-q")
    assert commit(tmp_path) is None  # no commit yet
    (tmp_path / "file").write_text("one")
    git("add", "file")
    git("commit", "-qm", "First")
    assert commit(tmp_path) == git("rev-parse", "HEAD")
    (tmp_path / "file").write_text("two")
    assert commit(tmp_path) == f"{git('rev-parse', 'HEAD')}+changes"
