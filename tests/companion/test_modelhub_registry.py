from __future__ import annotations

from pathlib import Path

import pytest

from companion import paths
from companion.engine.gguf_file import read_header
from companion.engine.profile import guess
from companion.errors import NotFound, Refused, UsageError
from companion.modelhub import registry
from companion.modelhub.registry import CardSampling, Entry
from planner.layouts import CONTROL_TOKENS, Layout


@pytest.fixture
def shipped(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    folder = tmp_path / "shipped"
    folder.mkdir()
    (folder / "mini.gguf").touch()
    monkeypatch.setattr(paths, "shipped_models", lambda: folder)
    return folder


def add(name: str) -> Path:
    paths.user_models().mkdir(parents=True, exist_ok=True)
    file = paths.user_models() / name
    file.touch()
    return file


def test_models_that_ship_and_models_that_were_added_are_known_by_name(shipped: Path) -> None:
    added = add("large.gguf")
    add("notes.txt")
    assert {name: entry.path for name, entry in registry.known().items()} == {
        "mini": shipped / "mini.gguf",
        "large": added,
    }
    assert registry.find("large").path == added


def test_a_model_that_was_added_wins_over_one_that_ships(shipped: Path) -> None:
    assert registry.find("mini").path == shipped / "mini.gguf"
    added = add("mini.gguf")
    assert registry.find("mini").path == added


def test_any_file_can_be_given_by_its_path(shipped: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HOME", str(tmp_path))
    (tmp_path / "own.gguf").touch()
    assert registry.find(str(tmp_path / "own.gguf")).path == tmp_path / "own.gguf"
    assert registry.find("~/own.gguf").path == tmp_path / "own.gguf"


@pytest.mark.parametrize("name", ["nope", "", "x" * 5000, "~nobody-of-that-name/x.gguf", "a\0b"])
def test_a_model_that_is_not_there_is_one_sentence_with_the_names_there_are(shipped: Path, name: str) -> None:
    add("large.gguf")
    with pytest.raises(NotFound) as error:
        registry.find(name)
    assert str(error.value).startswith(f"There is no model {name!r}. Known models: mini, large;")


def test_where_there_is_no_model_at_all_it_says_so(shipped: Path) -> None:
    (shipped / "mini.gguf").unlink()
    with pytest.raises(NotFound, match="Known models: none; or give the path of a GGUF file"):
        registry.find("mini")


def test_the_model_that_ships_is_a_mini_that_takes_a_plan() -> None:
    header = read_header(paths.shipped_models() / "mini.gguf")
    profile = guess(header)
    assert (profile.layout, profile.controls) == (Layout.MINI, frozenset(CONTROL_TOKENS))
    assert 10_000_000 <= header.parameters <= 30_000_000


SERVER = Entry(name="big", engine="openai", base_url="http://gpu:8000/v1", model_id="org/model")


def test_an_entry_comes_back_as_it_was_written_and_only_its_owner_may_read_the_file(
    shipped: Path, tmp_path: Path
) -> None:
    mine = Entry(
        name="qwen-1.7b",
        path=tmp_path / "q.gguf",
        layout=Layout.MINT,
        adapter=tmp_path / "a.gguf",
        adapter_scale=0.5,
        think="auto",
        context=2048,
        sampling=CardSampling(temperature=0.7, top_k=20),
        source="org/model@abc",
        licence="MIT",
        sha256="0" * 64,
    )
    registry.add(mine)
    registry.add(SERVER)
    assert registry.find("qwen-1.7b") == mine
    assert registry.find("big") == SERVER
    assert registry.models_file().stat().st_mode & 0o777 == 0o600
    registry.add(mine.model_copy(update={"context": None}))
    assert registry.find("qwen-1.7b").context is None
    assert list(registry.registered()) == ["big", "qwen-1.7b"]


def test_a_file_in_the_models_folder_is_written_by_its_name_so_that_the_folder_can_move(
    shipped: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    registry.add(Entry(name="a", path=add("large.gguf")))
    assert 'path = "large.gguf"' in registry.models_file().read_text()
    paths.data_folder().rename(tmp_path / "moved-data")
    (tmp_path / "new").mkdir()
    (tmp_path / "moved-data").rename(tmp_path / "new/data")
    monkeypatch.setenv("COMPANION_HOME", str(tmp_path / "new"))
    assert registry.find("a").file.exists()


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ('[a]\npath = "x"\nlayuot = "mint"', "the model 'a' has an unknown key 'layuot'. Did you mean 'layout'?"),
        ('[a]\npath = "x"\nzzz = 1', "the model 'a' has an unknown key 'zzz'. A model has: engine, path"),
        ('[a]\npath = "x"\nlayout = "loud"', "the model 'a': layout = 'loud' cannot be used"),
        ('[a]\npath = "x"\nadapter_scale = 2', "the model 'a': adapter_scale = 2 cannot be used"),
        ("[a]\npath = 3", "the model 'a': path = 3 cannot be used"),
        ("[a]", "the model 'a': a model for the llama engine needs a path."),
        ('[a]\nengine = "openai"', "the model 'a': a model on a server needs base_url and model_id."),
        ('["a b"]\npath = "x"', "a name has up to 64 letters"),
        ("a = 1", "a = 1 is not a model. Each model is a table: [a]."),
        ("[a", "is not valid TOML"),
    ],
)
def test_a_slip_in_the_file_is_a_sentence_that_names_it(shipped: Path, text: str, sentence: str) -> None:
    paths.private_folder(paths.data_folder())
    registry.models_file().write_text(text)
    with pytest.raises(UsageError) as error:
        registry.known()
    assert str(registry.models_file()) in str(error.value)
    assert sentence in str(error.value)


def test_removing_deletes_a_file_in_the_models_folder_and_no_other(shipped: Path, tmp_path: Path) -> None:
    ours, theirs = add("ours.gguf"), tmp_path / "theirs.gguf"
    theirs.touch()
    registry.add(Entry(name="ours", path=ours))
    registry.add(Entry(name="theirs", path=theirs))
    trained = add("trained.gguf")
    for name in ("ours", "theirs", "trained"):
        registry.remove(name)
    assert (ours.exists(), theirs.exists(), trained.exists()) == (False, True, False)
    assert list(registry.known()) == ["mini"]


def test_a_file_that_two_entries_share_stays_until_the_last_is_removed(shipped: Path) -> None:
    base = add("base.gguf")
    registry.add(Entry(name="one", path=base))
    registry.add(Entry(name="two", path=base, adapter=add("lora.gguf")))
    registry.remove("two")
    assert base.exists()
    assert not (paths.user_models() / "lora.gguf").exists()
    registry.remove("one")
    assert not base.exists()


def test_what_ships_cannot_be_removed(shipped: Path) -> None:
    with pytest.raises(Refused, match="mini came with the program"):
        registry.remove("mini")
    assert (shipped / "mini.gguf").exists()


def test_a_model_on_a_server_has_no_file(shipped: Path) -> None:
    with pytest.raises(UsageError, match="big is on a server"):
        _ = SERVER.file
