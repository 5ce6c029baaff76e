from __future__ import annotations

import stat
from pathlib import Path

import pytest

from companion import paths
from companion.errors import CompanionError, UsageError


def test_one_variable_moves_everything_into_one_folder(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("COMPANION_HOME", str(tmp_path))
    places = (paths.config_file(), paths.database(), paths.state_folder(), paths.user_models())
    assert all(place.is_relative_to(tmp_path) for place in places)
    assert len(set(places)) == len(places)


def test_without_the_variable_the_platforms_folders_are_used(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.delenv("COMPANION_HOME")
    for kind in ("CONFIG", "DATA", "STATE"):
        monkeypatch.setenv(f"XDG_{kind}_HOME", str(tmp_path / kind))
    assert paths.config_file() == tmp_path / "CONFIG" / "companion" / "config.toml"
    assert paths.database() == tmp_path / "DATA" / "companion" / "companion.db"
    assert paths.state_folder() == tmp_path / "STATE" / "companion"


def test_the_settings_file_can_be_named_alone(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    database = paths.database()
    monkeypatch.setenv("COMPANION_CONFIG", str(tmp_path / "mine.toml"))
    assert paths.config_file() == tmp_path / "mine.toml"
    assert paths.database() == database


def test_a_tilde_is_the_home_folder_and_one_that_is_nobodys_is_a_sentence(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv("COMPANION_HOME", "~/kept")
    assert paths.data_folder() == tmp_path / "kept" / "data"
    monkeypatch.setenv("COMPANION_HOME", "~nobody-of-that-name/kept")
    with pytest.raises(UsageError, match="COMPANION_HOME = '~nobody-of-that-name/kept'"):
        paths.data_folder()


def test_looking_a_path_up_makes_nothing(own_home: Path) -> None:
    assert paths.database().parent != own_home
    assert not own_home.exists()


@pytest.mark.parametrize("there_before", [False, True])
def test_a_private_folder_is_the_owners_alone(tmp_path: Path, there_before: bool) -> None:
    folder = tmp_path / "kept"
    if there_before:
        folder.mkdir(mode=0o755)
    assert paths.private_folder(folder) == folder
    assert stat.S_IMODE(folder.stat().st_mode) == 0o700


def test_a_folder_that_cannot_be_made_is_one_sentence_with_its_name(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(CompanionError, match=r"^The folder .*/file/data cannot be used: Not a directory\."):
        paths.private_folder(tmp_path / "file" / "data")
