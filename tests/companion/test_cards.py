"""The help card (S3, S8, S19, S20)."""

from __future__ import annotations

import os
import socket
import tomllib
from datetime import date, timedelta
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from companion.safety import cards
from companion.safety.cards import EU_MEMBERS, SHIPPED, STALE_DAYS, Card, Entry, card, country_of
from companion.safety.notice import HELP_FROM_PEOPLE

TODAY = date(2026, 11, 21)
NOWHERE: dict[str, str] = {}

MINE = """
[[line]]
country = "{country}"
name = "{name}"
how = "{how}"
number = "{number}"
source = "the poster in the hall"
verified_on = 2026-11-20
{more}
"""


def mine(country: str = "IE", name: str = "Hall", how: str = "call", number: str = "555", more: str = "") -> str:
    return MINE.format(country=country, name=name, how=how, number=number, more=more)


@pytest.fixture
def own(own_home: Path) -> Path:
    folder = own_home / "config"
    folder.mkdir(parents=True)
    return folder / "resources.toml"


def shown(country: str, *, today: date = TODAY, imminent: bool = False, minor: bool = False) -> Card:
    return card(country, today=today, imminent=imminent, minor=minor, environ=NOWHERE)


def test_s19_every_shipped_entry_has_a_source_and_a_date() -> None:
    rows = tomllib.loads(SHIPPED.read_text("utf-8"))["line"]
    assert len(rows) >= 9
    for row in rows:
        entry = Entry.model_validate(row)
        assert entry.source
        assert entry.verified_on <= TODAY


@pytest.mark.parametrize(
    ("country", "numbers"),
    [("US", ["988", "988lifeline.org", "741741"]), ("CA", ["988"]), ("GB", ["116 123"]), ("IE", ["116 123", "112"])],
)
def test_s19_the_lines_of_a_country(country: str, numbers: list[str]) -> None:
    text = shown(country).text()
    for number in numbers:
        assert number in text


@pytest.mark.parametrize("country", ["", "US", "IE", "XX", "DE", "ZW"])
@pytest.mark.parametrize("imminent", [False, True])
@pytest.mark.parametrize("minor", [False, True])
def test_s19_findahelpline_and_the_emergency_number_are_on_every_card(
    country: str, imminent: bool, minor: bool
) -> None:
    text = shown(country, imminent=imminent, minor=minor).text()
    assert "findahelpline.com" in text
    assert "emergency number" in text.split("\n\n")[0]
    assert "findahelpline.com" in shown(country).text()
    assert "emergency number" in shown(country).brief()


@pytest.mark.parametrize("country", sorted(EU_MEMBERS))
def test_s19_the_european_emergency_number(country: str) -> None:
    assert "112" in shown(country).text().split("\n\n")[0]
    assert shown(country).emergency == "112"


def test_s19_a_country_without_entries_names_no_number() -> None:
    assert not any(letter.isdigit() for letter in shown("ZW").text())


@pytest.mark.parametrize(
    ("setting", "environ", "country", "guessed"),
    [
        ("ie", {"LANG": "en_US.UTF-8"}, "IE", False),
        ("UK", {}, "GB", False),
        ("", {"LANG": "en_GB.UTF-8"}, "GB", True),
        ("", {"LANG": "de_DE", "LC_ALL": "fr_CA.UTF-8"}, "CA", True),
        ("", {"LANG": "C.UTF-8"}, "", False),
        ("", {"LANG": "en"}, "", False),
        ("", {}, "", False),
        ("Ireland", {"LANG": "de_AT@euro"}, "AT", True),
    ],
)
def test_s19_the_country_is_the_setting_or_the_locale(
    setting: str, environ: dict[str, str], country: str, guessed: bool
) -> None:
    assert country_of(setting, environ) == (country, guessed)


def test_s19_a_country_from_the_locale_is_said_to_be_a_guess() -> None:
    assert "language setting" in card("", today=TODAY, environ={"LANG": "en_US.UTF-8"}).text()
    assert "language setting" not in shown("US").text()


def test_s19_never_the_network(monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_: object, **__: object) -> None:
        raise AssertionError("the network was asked")

    monkeypatch.setattr(socket, "socket", refuse)
    monkeypatch.setattr(socket, "getaddrinfo", refuse)
    assert card("", today=TODAY).text()


@pytest.mark.parametrize(("days", "warned"), [(STALE_DAYS, False), (STALE_DAYS + 1, True), (-400, False)])
def test_s19_an_entry_older_than_180_days_is_said_to_be_out_of_date(days: int, warned: bool) -> None:
    text = shown("US", today=date(2026, 11, 1) + timedelta(days=days)).text()
    assert ("May be out of date" in text) is warned
    if warned:
        assert "1 November 2026: 988 Lifeline, Crisis Text Line, Find A Helpline." in text


def test_s19_the_person_s_own_entry_is_added(own: Path) -> None:
    own.write_text(mine(name="Hall"), "utf-8")
    assert "Hall: call 555." in shown("IE").text()
    assert "116 123" in shown("IE").text()
    assert "Hall" not in shown("US").text()


def test_s19_the_person_s_own_entry_takes_the_place_of_one(own: Path) -> None:
    own.write_text(
        mine(name="helpline", number="999 000") + mine("US", "Crisis Text Line", "text", "1", "remove = true")
    )
    assert "116 123" not in shown("IE").text()
    assert "999 000" in shown("IE").text()
    assert "741741" not in shown("US").text()


def test_s19_a_fall_back_that_was_taken_away_comes_back(own: Path) -> None:
    own.write_text(mine("*", "Find A Helpline", "web", "x.example", "remove = true"))
    assert "findahelpline.com lists free helplines" in shown("").text()


@pytest.mark.parametrize(
    ("content", "says"),
    [
        (b"[[line", "cannot be used"),
        (b"\xff\xfe", "cannot be used"),
        (b"line = 3", "begins with [[line]]"),
        (b"[[line]]\ncountry = 'IE'\n", "entry 1 is left out (name: Field required)"),
        (mine("Ireland").encode(), "entry 1 is left out (country"),
        (mine(how="fax").encode(), "entry 1 is left out (how"),
        (b"line = [3]", "entry 1 is left out"),
        (b"a = " + b"[" * 3000, "cannot be used"),
        (b"#" * 300_000, "larger than 256 KB"),
    ],
)
def test_s19_what_is_wrong_with_the_own_file_is_a_line_and_never_the_end(own: Path, content: bytes, says: str) -> None:
    own.write_bytes(content)
    text = shown("IE").text()
    assert says in text
    assert "116 123" in text


def test_s19_one_wrong_entry_leaves_the_others(own: Path) -> None:
    own.write_text(mine(how="fax") + mine(name="Other", number="777"))
    assert "Other: call 777." in shown("IE").text()


def test_s3_a_pipe_in_the_place_of_the_own_file_does_not_hang(own: Path) -> None:
    os.mkfifo(own)
    assert "is left out" in shown("IE").text()


def test_s3_without_the_shipped_file_there_is_still_a_card(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(cards, "SHIPPED", tmp_path / "gone.toml")
    text = shown("US").text()
    assert "emergency number" in text
    assert "findahelpline.com" in text
    assert "cannot be read" in text


def test_s3_a_home_that_is_nobody_s_is_a_line(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COMPANION_HOME", "~nobody-of-that-name/x")
    assert "116 123" in shown("IE").text()
    assert "left out" in shown("IE").text()


def test_s3_nothing_is_written(own_home: Path) -> None:
    assert shown("IE").text()
    assert not own_home.exists()


def test_the_own_file_cannot_steer_the_terminal(own: Path) -> None:
    own.write_text(mine(name="a\\u001b[2Jb\\u202e\\nEnd"), "utf-8")
    text = shown("IE").text()
    assert "\x1b" not in text
    assert "\u202e" not in text


def test_s8_imminent_puts_the_emergency_number_first_in_three_short_lines() -> None:
    first = shown("IE", imminent=True).text().split("\n\n")[0].split("\n")
    assert len(first) == 3
    assert "112" in first[0]
    assert "stay with you" in first[1]
    assert "distance" in first[2]


def test_s20_a_minor_is_shown_the_youth_line_where_there_is_one(own: Path) -> None:
    assert "young people" in shown("IE", minor=True).text()
    assert "adult you trust" in shown("IE", minor=True).text()
    own.write_text(mine(name="Young Line", more="youth = true"))
    assert "Young Line" not in shown("IE").text()
    text = shown("IE", minor=True).text()
    assert text.index("Young Line") < text.index("116 123")


def test_the_card_begins_as_the_notice_does() -> None:
    assert shown("IE").text().startswith(HELP_FROM_PEOPLE[:50])
    assert shown("").text().startswith(HELP_FROM_PEOPLE[:50])


@given(st.text(max_size=10), st.text(max_size=20), st.dates())
def test_any_setting_locale_and_day_give_a_card(country: str, lang: str, today: date) -> None:
    text = card(country, today=today, environ={"LANG": lang}).text()
    assert "findahelpline.com" in text
    assert "{" not in text
