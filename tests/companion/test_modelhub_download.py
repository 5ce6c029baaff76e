"""Files of a hub repository: what is cut off goes on, what is wrong is refused, what fails is a sentence."""

from __future__ import annotations

import errno
import hashlib
import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from companion import telemetry
from companion.errors import CompanionError, NotFound, Refused
from companion.modelhub import download
from companion.modelhub.download import RemoteFile, Snapshot, fetch, look_up, online
from tests.companion.hub_server import COMMIT, Hub, git_id, serve

pytest.importorskip("huggingface_hub", reason="huggingface_hub is not installed")

REPOSITORY = "someone/Model"
WEIGHTS = os.urandom(3 << 20)  # more than one chunk
CONFIG = b'{"model_type": "qwen3"}'
MEGABYTE = 1 << 20


@pytest.fixture
def hub(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Hub]:
    """A hub with one repository. The home folder that huggingface_hub would use is the test's."""
    for name in telemetry.NO_LOOK_UPS:
        monkeypatch.delenv(name, raising=False)
    monkeypatch.delenv("HF_TOKEN", raising=False)
    monkeypatch.setattr("huggingface_hub.constants.HF_TOKEN_PATH", str(tmp_path / "no token"))
    made = Hub({REPOSITORY: {"config.json": CONFIG, "model.safetensors": WEIGHTS}}, card={"license": "mit"})
    with serve(made):
        monkeypatch.setenv("HF_ENDPOINT", made.url)
        yield made


def found(name: str = "model.safetensors") -> tuple[Snapshot, RemoteFile]:
    snapshot = look_up(REPOSITORY, "main")
    return snapshot, next(file for file in snapshot.files if file.name == name)


def fetched(folder: Path, name: str = "model.safetensors") -> Path:
    waits: list[float] = []
    with online():
        path = fetch(*found(name), folder, lambda *_: None, wait=waits.append)
    assert waits == sorted(waits)
    return path


def test_a_repository_is_looked_up_with_its_commit_sizes_and_hashes(hub: Hub) -> None:
    with online():
        snapshot = look_up(REPOSITORY, "main")
    assert (snapshot.commit, snapshot.licence) == (COMMIT, "mit")
    assert snapshot.files == (
        RemoteFile("config.json", len(CONFIG), f"git:{git_id(CONFIG)}"),
        RemoteFile("model.safetensors", len(WEIGHTS), f"sha256:{hashlib.sha256(WEIGHTS).hexdigest()}"),
    )


def test_files_outside_the_folder_are_not_in_the_list(hub: Hub) -> None:
    hub.repositories[REPOSITORY] |= {"../evil.json": b"x", "onnx/model.onnx": b"x", ".gitattributes": b"x"}
    with online():
        assert [file.name for file in look_up(REPOSITORY, "main").files] == ["config.json", "model.safetensors"]


@pytest.mark.parametrize("name", ["config.json", "model.safetensors"])
def test_a_file_comes_whole_and_is_told_about(hub: Hub, tmp_path: Path, name: str) -> None:
    told: list[tuple[str, int, int]] = []
    with online():
        path = fetch(*found(name), tmp_path, lambda *step: told.append(step))
    data = hub.repositories[REPOSITORY][name]
    assert path.read_bytes() == data
    assert told[-1] == (name, len(data), len(data))
    assert path.stat().st_mode & 0o077 == 0
    assert list(tmp_path.glob("*.part")) == []


def test_what_is_there_already_is_not_fetched_again(hub: Hub, tmp_path: Path) -> None:
    fetched(tmp_path)
    hub.asked.clear()
    fetched(tmp_path)
    assert hub.sent == []


def test_a_connection_that_is_cut_goes_on_at_the_next_byte(hub: Hub, tmp_path: Path) -> None:
    hub.cuts = [MEGABYTE, 0, MEGABYTE // 2]
    assert fetched(tmp_path).read_bytes() == WEIGHTS
    ranges = [asked for _, asked in hub.sent]
    assert ranges == ["", f"bytes={MEGABYTE}-", f"bytes={MEGABYTE}-", f"bytes={MEGABYTE}-"]


def test_a_connection_that_never_holds_keeps_what_has_come_and_the_next_try_goes_on_there(
    hub: Hub, tmp_path: Path
) -> None:
    hub.cuts = [2 * MEGABYTE] + [0] * download.TRIES
    with pytest.raises(CompanionError, match=r"does not hold .* 2\.1 MB of 3\.1 MB of model\.safetensors have come"):
        fetched(tmp_path)
    hub.asked.clear()
    assert fetched(tmp_path).read_bytes() == WEIGHTS
    assert hub.sent == [("model.safetensors", f"bytes={2 * MEGABYTE}-")]


def test_a_server_that_cannot_begin_in_the_middle_begins_anew(hub: Hub, tmp_path: Path) -> None:
    hub.cuts, hub.ranges = [MEGABYTE], False
    assert fetched(tmp_path).read_bytes() == WEIGHTS


@pytest.mark.parametrize("name", ["config.json", "model.safetensors"])
def test_bytes_that_are_not_what_the_hub_says_are_refused_and_thrown_away(hub: Hub, tmp_path: Path, name: str) -> None:
    data = hub.repositories[REPOSITORY][name]
    hub.instead[name] = data[:-1] + bytes([data[-1] ^ 1])
    with pytest.raises(Refused, match=f"{name} of {REPOSITORY} is not what the hub says it is"):
        fetched(tmp_path, name)
    assert list(tmp_path.iterdir()) == []


def test_a_file_that_is_longer_than_the_hub_says_is_refused(hub: Hub, tmp_path: Path) -> None:
    hub.instead["model.safetensors"] = WEIGHTS + b"more"
    with pytest.raises(Refused, match="is longer than the hub says"):
        fetched(tmp_path)
    assert not (tmp_path / "model.safetensors").exists()


def test_a_part_that_a_crash_left_damaged_is_begun_anew_by_itself(hub: Hub, tmp_path: Path) -> None:
    (tmp_path / "model.safetensors.part").write_bytes(bytes(MEGABYTE))
    assert fetched(tmp_path).read_bytes() == WEIGHTS
    (tmp_path / "model.safetensors").unlink()
    (tmp_path / "model.safetensors.part").write_bytes(bytes(len(WEIGHTS) + 5))
    assert fetched(tmp_path).read_bytes() == WEIGHTS


def test_a_full_disk_is_a_sentence_and_keeps_what_has_come(
    hub: Hub, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    resource = pytest.importorskip("resource")
    signal = pytest.importorskip("signal")
    ignored = signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    monkeypatch.setattr(errno, "EDQUOT", errno.EFBIG)  # a limit on one file's size stands for a quota
    try:
        resource.setrlimit(resource.RLIMIT_FSIZE, (2 * MEGABYTE, before[1]))
        with pytest.raises(CompanionError, match=r"The disk is full: .* Make room for") as error:
            fetched(tmp_path)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)
        signal.signal(signal.SIGXFSZ, ignored)
    assert str(tmp_path) in str(error.value)
    assert (tmp_path / "model.safetensors.part").stat().st_size >= MEGABYTE
    assert fetched(tmp_path).read_bytes() == WEIGHTS


# -- what the hub may say ---------------------------------------------------------------------------------------------


@pytest.mark.parametrize("token", [None, "hf_wrong"])
def test_a_gated_repository_says_where_to_accept_its_licence(
    hub: Hub, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, token: str | None
) -> None:
    hub.gated.add(REPOSITORY)
    if token:
        monkeypatch.setenv("HF_TOKEN", token)
    with pytest.raises(Refused, match=f"wants its licence accepted first: do that at {hub.url}/{REPOSITORY}") as error:
        fetched(tmp_path)
    assert "set HF_TOKEN" in str(error.value)


def test_the_token_opens_a_gated_repository_and_goes_to_the_hub_only(
    hub: Hub, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    hub.gated.add(REPOSITORY)
    monkeypatch.setenv("HF_TOKEN", "hf_right")
    assert fetched(tmp_path).read_bytes() == WEIGHTS
    told = {path.split("/")[1]: "authorization" in headers for _, path, headers in hub.asked}
    assert told == {"api": True, "someone": True, "cdn": False}


def test_a_repository_that_is_not_there_is_said(hub: Hub) -> None:
    with online(), pytest.raises(NotFound, match="There is no repository someone/Nothing at"):
        look_up("someone/Nothing", "main")


def test_a_revision_that_is_not_there_is_said(hub: Hub) -> None:
    with online(), pytest.raises(NotFound, match="has no revision 'v9'"):
        look_up(REPOSITORY, "v9")


@pytest.mark.parametrize(
    ("status", "sentence"),
    [
        (401, "does not accept the token"),
        (403, "wants its licence accepted"),
        (429, "is asked too often. Try again in 7 seconds"),
        (500, "answered 500"),
        (404, "There is no repository|answered 404"),
    ],
)
def test_whatever_the_hub_answers_is_a_sentence(hub: Hub, tmp_path: Path, status: int, sentence: str) -> None:
    hub.status = status
    with pytest.raises(CompanionError, match=sentence):
        fetched(tmp_path)


def test_without_a_network_it_says_what_else_can_be_done(hub: Hub, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HF_ENDPOINT", "http://127.0.0.1:9")
    with online(), pytest.raises(CompanionError, match=r"127\.0\.0\.1:9 cannot be reached .*companion models add"):
        look_up(REPOSITORY, "main")


def test_what_is_no_hub_is_said(hub: Hub) -> None:
    hub.commits[REPOSITORY] = "not a commit"
    with online(), pytest.raises(CompanionError, match="does not say at which commit"):
        look_up(REPOSITORY, "main")


@pytest.mark.parametrize("page", [b"<html>Welcome to our hotel</html>", b"[]", b"{}", b'{"siblings": 3}', b"null"])
def test_a_page_of_something_else_is_a_sentence(hub: Hub, page: bytes) -> None:
    hub.page = page
    with online(), pytest.raises(CompanionError, match=r"makes no sense .* Is HF_ENDPOINT right\?|at which commit"):
        look_up(REPOSITORY, "main")


@pytest.mark.parametrize("address", ["http://[", "not an address", "ftp://127.0.0.1/"])
def test_an_address_that_is_none_is_a_sentence(hub: Hub, monkeypatch: pytest.MonkeyPatch, address: str) -> None:
    monkeypatch.setenv("HF_ENDPOINT", address)
    with online(), pytest.raises(CompanionError, match=r"cannot be reached|makes no sense"):
        look_up(REPOSITORY, "main")


def test_without_the_package_it_says_how_to_install_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(download, "find_spec", lambda name: None)
    with pytest.raises(CompanionError, match=r'pip install "companion-chat\[models\]"'), online():
        pass


# -- privacy ----------------------------------------------------------------------------------------------------------


def test_who_has_switched_the_network_off_is_obeyed(hub: Hub, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HF_HUB_OFFLINE", "1")
    monkeypatch.setattr(telemetry, "_set_here", set())
    with pytest.raises(Refused, match="HF_HUB_OFFLINE is set, so nothing is fetched"), online():
        pass
    assert hub.asked == []


def test_the_switch_of_the_program_itself_is_lifted_for_as_long_as_it_takes(
    hub: Hub, monkeypatch: pytest.MonkeyPatch
) -> None:
    import huggingface_hub

    telemetry.switch_off()
    monkeypatch.setattr("huggingface_hub.constants.HF_HUB_OFFLINE", True)
    with online():
        assert os.environ["HF_HUB_OFFLINE"] == "0"
        look_up(REPOSITORY, "main")
    assert os.environ["HF_HUB_OFFLINE"] == "1"
    with pytest.raises(Exception, match="offline"):
        huggingface_hub.HfApi(endpoint=hub.url).model_info(REPOSITORY)


def test_no_more_is_asked_than_the_model_and_nobody_is_told_what_this_machine_is(
    hub: Hub, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    home = tmp_path / "hf home"
    monkeypatch.setattr("huggingface_hub.constants.HF_HOME", str(home))
    (tmp_path / "files").mkdir()
    fetched(tmp_path / "files")
    assert [path for _, path, _ in hub.asked] == [
        f"/api/models/{REPOSITORY}/revision/main",
        f"/{REPOSITORY}/resolve/{COMMIT}/model.safetensors",
        f"/cdn/{REPOSITORY}/model.safetensors",
    ]
    for _, _, headers in hub.asked:
        assert headers["user-agent"].startswith("companion/")
        assert not {"torch", "agent"} & {part.partition("/")[0].strip() for part in headers["user-agent"].split(";")}
        assert "cookie" not in headers
    assert not home.exists()
