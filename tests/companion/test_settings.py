from __future__ import annotations

from pathlib import Path

import pytest

from companion import paths, settings
from companion.errors import UsageError
from companion.settings import Settings


def write(text: str) -> Path:
    file = paths.config_file()
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(text, encoding="utf-8")
    return file


def refused() -> str:
    with pytest.raises(UsageError) as error:
        settings.load()
    assert error.value.exit_code == 2
    return str(error.value)


def test_without_file_and_variables_the_defaults_are_in_force() -> None:
    assert settings.load() == Settings()
    assert {origin.source for origin in settings.origins()} == {"default"}


def test_the_command_line_wins_over_the_environment_that_over_the_file_that_over_the_default(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    assert settings.load().model == "mini"
    write('model = "from the file"\ntemperature = 0.1\nthreads = 3\n')
    assert settings.load().model == "from the file"
    monkeypatch.setenv("COMPANION_MODEL", "from the environment")
    monkeypatch.setenv("COMPANION_TEMPERATURE", "0.2")
    chosen = settings.load().changed(model="from the command line", temperature=None)
    assert settings.load().model == "from the environment"
    assert (chosen.model, chosen.temperature, chosen.threads) == ("from the command line", 0.2, 3)
    assert chosen.top_p == Settings().top_p


def test_every_setting_says_what_it_means_and_where_its_value_comes_from(monkeypatch: pytest.MonkeyPatch) -> None:
    file = write("seed = 7\n")
    monkeypatch.setenv("COMPANION_PLANNER", "off")
    found = {origin.name: origin for origin in settings.origins()}
    assert set(found) == set(Settings.model_fields)
    assert all(origin.help for origin in found.values())
    assert (found["seed"].value, found["seed"].source) == (7, str(file))
    assert (found["planner"].value, found["planner"].source) == (False, "COMPANION_PLANNER")
    assert found["model"].source == "default"


def test_an_unknown_key_in_the_file_names_the_file_and_the_nearest_key() -> None:
    file = write("temprature = 1\n")
    assert refused() == f"{file}: there is no setting 'temprature'. Did you mean 'temperature'?"


def test_an_unknown_variable_is_named_with_the_nearest_key(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COMPANION_REPLY_TOKEN", "3")
    assert refused() == "COMPANION_REPLY_TOKEN: there is no setting 'reply_token'. Did you mean 'reply_tokens'?"


def test_a_key_like_no_other_is_answered_with_where_the_settings_are_listed() -> None:
    write("zzz = 1\n")
    assert "`companion config show`" in refused()


@pytest.mark.parametrize("variable", ["COMPANION_HOME", "COMPANION_DEBUG", "COMPANION_WHEELS"])
def test_variables_with_another_purpose_are_no_settings(monkeypatch: pytest.MonkeyPatch, variable: str) -> None:
    monkeypatch.setenv(variable, "1")
    settings.load()


@pytest.mark.parametrize(
    ("line", "wrong"),
    [
        ("temperature = 5", "temperature = 5 cannot be used: input should be less than or equal to 2."),
        ("temperature = nan", "temperature = nan cannot be used: input should be "),
        ('context = "big"', "context = 'big' cannot be used: input should be a valid integer"),
        ("model = 3", "model = 3 cannot be used: input should be a valid string."),
        ("seed = -1", "seed = -1 cannot be used: input should be greater than or equal to 0."),
        ("[planner]\nx = 1", "planner = {'x': 1} cannot be used: input should be a valid boolean."),
    ],
)
def test_a_wrong_value_is_named_with_its_file_key_and_value(line: str, wrong: str) -> None:
    file = write(f"{line}\n")
    assert refused().startswith(f"{file}: {wrong}")


def test_a_wrong_value_in_a_variable_is_named_with_the_variable(monkeypatch: pytest.MonkeyPatch) -> None:
    write("variety = 2\n")
    monkeypatch.setenv("COMPANION_VARIETY", "much")
    assert refused().startswith("COMPANION_VARIETY: variety = 'much' cannot be used: ")


def test_a_wrong_value_on_the_command_line_is_named_so() -> None:
    with pytest.raises(UsageError, match=r"^the command line: temperature = 9\.0 cannot be used: "):
        settings.load().changed(temperature=9.0)


@pytest.mark.parametrize("content", [b"temperature = = 1\n", b"\xff\xfe\x00"])
def test_a_file_that_is_not_toml_is_one_sentence_with_its_name(content: bytes) -> None:
    file = write("")
    file.write_bytes(content)
    assert refused().startswith(f"{file} is not valid TOML: ")


def test_a_folder_in_the_files_place_is_one_sentence() -> None:
    paths.config_file().mkdir(parents=True)
    assert refused() == f"{paths.config_file()} cannot be read: Is a directory."


def test_settings_cannot_be_changed_by_accident() -> None:
    with pytest.raises(ValueError, match="frozen"):
        Settings().model = "other"  # type: ignore[misc]  # that is the point


def test_one_setting_is_written_and_the_rest_of_the_file_stays() -> None:
    file = paths.config_file()
    file.parent.mkdir(parents=True)
    file.write_text("# mine\ncandidates = 2  # two are enough\n")
    settings.set_value("theme", "light")
    settings.set_value("keys.send", "ctrl+j")
    assert "# mine\ncandidates = 2  # two are enough\n" in file.read_text()
    found = settings.load()
    assert (found.candidates, found.theme, found.keys) == (2, "light", {"send": "ctrl+j"})
    settings.set_value("keys.send", None)
    settings.set_value("theme", None)
    assert (settings.load().theme, settings.load().keys) == ("auto", {})


@pytest.mark.parametrize(
    ("name", "value", "said"), [("theme", "pink", "theme = 'pink'"), ("themes", "dark", "'theme'")]
)
def test_what_cannot_be_set_is_not_written(name: str, value: str, said: str) -> None:
    with pytest.raises(UsageError, match=said):
        settings.set_value(name, value)
    assert not paths.config_file().exists()


def test_the_folder_of_the_settings_is_for_its_owner_alone() -> None:
    settings.set_value("check_in", True)
    assert paths.config_file().parent.stat().st_mode & 0o777 == 0o700
