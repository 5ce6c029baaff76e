"""Any file and any variables: settings, or a sentence."""

from __future__ import annotations

import tomllib
from pathlib import Path

import pytest
from hypothesis import HealthCheck, example, given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st

from companion import paths, settings
from companion.errors import CompanionError, UsageError
from companion.settings import Settings

calmly = hypothesis_settings(suppress_health_check=[HealthCheck.function_scoped_fixture])

names = st.sampled_from([*Settings.model_fields, "keys.send", "seeds", "", "a b", "é"])
values = st.sampled_from(
    ["1", "0", "-1", "4", "true", "inf", "nan", '""', '"mini"', "[]", "{}", '{a="b"}', "1e999", "9" * 40, "1979-05-27"]
) | st.text(st.characters(exclude_categories=["Cs"]), max_size=12)
lines = st.lists(st.tuples(names, values).map(lambda pair: f"{pair[0]} = {pair[1]}"), max_size=5).map("\n".join)


def write(raw: bytes) -> Path:
    file = paths.config_file()
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_bytes(raw)
    return file


def loaded() -> Settings | None:
    """The settings, or None where they are refused with a sentence that says where."""
    try:
        return settings.load()
    except UsageError as error:
        sentence = str(error)
    assert str(paths.config_file()) in sentence or "COMPANION_" in sentence
    return None


@calmly
@given(st.binary(max_size=80) | lines.map(str.encode))
@example(b"keys = 1\n")
@example(b"[keys]\nsend = 1\n")
@example(b"seed = 99999999999999999999999999999999\n")
@example(b"x = " + b"[" * 5000)
@example(b"\xef\xbb\xbfseed = 1")
def test_any_file_gives_settings_or_one_sentence_that_names_it(own_home: Path, raw: bytes) -> None:
    write(raw)
    found = loaded()
    assert found is None or set(tomllib.loads(raw.decode())) <= set(Settings.model_fields)


@calmly
@given(lines, names, st.none() | st.integers() | st.floats() | st.text(max_size=8) | st.booleans())
@example('keys = "x"\n', "keys.send", "ctrl+j")
@example("keys = 1\n", "keys.send", "ctrl+j")
@example("", "keys.send", None)
@example("", "model", "\ud800")
def test_a_setting_is_written_so_that_the_file_can_be_read_or_it_stays_as_it_is(
    own_home: Path, text: str, name: str, value: object
) -> None:
    before = text.encode()
    file = write(before)
    try:
        settings.set_value(name, value)
    except CompanionError:
        assert file.read_bytes() == before
    else:
        assert settings.load() is not None
    assert [each.name for each in file.parent.iterdir()] == [file.name]


@calmly
@given(st.sampled_from([*Settings.model_fields]), st.text(st.characters(exclude_characters="\0"), max_size=20))
def test_any_variable_gives_settings_or_one_sentence(own_home: Path, name: str, value: str) -> None:
    with pytest.MonkeyPatch.context() as patch:
        try:
            patch.setenv(f"COMPANION_{name.upper()}", value)
        except UnicodeEncodeError:  # no system has such a variable
            return
        loaded()
