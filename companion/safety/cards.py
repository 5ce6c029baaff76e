"""The help card: where to find help from people in the person's country. Needs no model, database, network or disk.

The country comes from the settings or from the locale, never from an address on the network. Entries come from
resources.toml beside this file, with source and date, and from the person's own file of that name; whatever is wrong
with either is a line on the card and never the end of it.
"""

from __future__ import annotations

import os
import re
import stat
import tomllib
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field, ValidationError

from companion import paths
from companion.errors import CompanionError
from companion.text import clean

SHIPPED = Path(__file__).with_name("resources.toml")
OWN = "resources.toml"
"""The person's own file, beside the settings."""

STALE_DAYS = 180
"""Days after which an entry may be out of date (S19)."""
MOST_BYTES = 256 * 1024
"""An own file above this size is not read."""

EVERYWHERE, EUROPE = "*", "EU"
EU_MEMBERS = frozenset(
    ("AT", "BE", "BG", "HR", "CY", "CZ", "DK", "EE", "FI", "FR", "DE", "GR", "HU", "IE", "IT", "LV", "LT", "LU", "MT",
     "NL", "PL", "PT", "RO", "SK", "SI", "ES", "SE")
)  # ISO 3166-1 alpha-2  # fmt: skip
NAMES = {"US": "the United States", "CA": "Canada", "GB": "the United Kingdom", "IE": "Ireland"}
SAME = {"UK": "GB", "EL": "GR"}
"""What people write, and the code of the standard."""

VERBS = {"call": "call", "text": "text", "chat": "chat at", "web": "see"}

DANGER = "If you may be in danger, please call your local emergency number{number}, or go to someone near you now."
NOW = (
    "Please call your local emergency number{number} now.",
    "Go to someone, or ask someone to come and stay with you.",
    "Put distance between you and anything you could hurt yourself with.",
)
"""S8: the three lines of a card for danger right now."""
FALL_BACK = "findahelpline.com lists free helplines in many countries."
TELL = "You can also tell someone you trust how things are."
TELL_YOUNG = "You can also tell a parent, a teacher or another adult you trust how things are."
YOUNG = "There are lines for young people too: you can ask for one there, or at any line you reach."


def _one_line(text: str) -> str:
    return " ".join(clean(text).split())


def _known(code: str) -> str:
    code = SAME.get(code.upper(), code.upper())
    if not re.fullmatch(r"[A-Z]{2}|\*", code):
        raise ValueError('a country is two letters, as in "IE", or "*" for everywhere')
    return code


Line = Annotated[str, BeforeValidator(lambda value: _one_line(value) if isinstance(value, str) else value)]


class Entry(BaseModel):
    """One way to reach one line."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    country: Annotated[Line, AfterValidator(_known)]
    """ISO 3166-1 alpha-2, "EU" or "*"."""
    name: Line = Field(min_length=1, max_length=80)
    how: Literal["call", "text", "chat", "web"]
    number: Line = Field(min_length=1, max_length=120)
    """What to call or text, or the address of a page."""
    who: Line = Field(default="", max_length=120)
    """For whom, or what it does."""
    source: Line = Field(min_length=1, max_length=200)
    verified_on: date
    emergency: bool = False
    youth: bool = False
    remove: bool = False
    """In an own file: this entry is not to be shown."""

    @property
    def key(self) -> tuple[str, str, str]:
        """What an entry of an own file has in common with the one it takes the place of."""
        return self.country, self.name.casefold(), self.how

    def stale(self, today: date) -> bool:
        """Whether it was checked more than `STALE_DAYS` days ago."""
        return (today - self.verified_on).days > STALE_DAYS

    def within(self, country: str) -> bool:
        """Whether it can be used in this country."""
        return self.country in {country, EVERYWHERE} or (self.country == EUROPE and country in EU_MEMBERS)


@dataclass(frozen=True, slots=True)
class Card:
    """What to show. `entries` are in the order to show them in."""

    country: str
    """Two letters, or "" where it is not known."""
    guessed: bool
    """The country comes from the locale, not from the settings."""
    entries: tuple[Entry, ...]
    imminent: bool
    minor: bool
    today: date
    notes: tuple[str, ...] = ()
    """What was wrong with the files, in sentences."""

    @property
    def emergency(self) -> str:
        """The emergency number, or "" where the data has none."""
        return next((entry.number for entry in self.entries if entry.emergency), "")

    def text(self) -> str:
        """The card as plain paragraphs, one blank line between them; lines are not broken to a width."""
        number = f", {self.emergency}," if self.emergency else ""
        first = "\n".join(NOW) if self.imminent else DANGER
        found = "\n".join(self._lines(entry for entry in self.entries if entry.country != EVERYWHERE))
        everywhere = list(self._lines(entry for entry in self.entries if entry.country == EVERYWHERE))
        if not any("findahelpline.com" in line for line in everywhere):
            everywhere.append(FALL_BACK)
        parts = (
            first.format(number=number).replace(",,", ","),
            f"{self._whose()}\n{found}" if found else "",
            "\n".join(everywhere),
            YOUNG if self.minor and not any(entry.youth for entry in self.entries) else "",
            TELL_YOUNG if self.minor else TELL,
            "\n".join((*self._stale(), *self.notes)),
        )
        return "\n\n".join(part for part in parts if part)

    def brief(self) -> str:
        """The card in one paragraph, for when the whole was shown a few turns ago. It is never left out."""
        number = f" ({self.emergency})" if self.emergency else ""
        lines = list(self._lines(entry for entry in self.entries if entry.country != EVERYWHERE))[:1] or [FALL_BACK]
        return " ".join((f"In danger, please call your local emergency number{number}.", *lines, "/help shows more."))

    def _lines(self, entries: Iterable[Entry]) -> Iterator[str]:
        """One line for each name, with all its ways: "Name: call 1; text 1." """
        ways: dict[tuple[str, str], list[Entry]] = {}
        for entry in entries:
            if not entry.emergency:
                ways.setdefault((entry.name, entry.who), []).append(entry)
        for (name, who), each in ways.items():
            if [entry.how for entry in each] == ["web"] and who:
                yield f"{each[0].number} {who}."
                continue
            how = "; ".join(f"{VERBS[entry.how]} {entry.number}" for entry in each)
            yield f"{name}: {how}{f' ({who})' if who else ''}."

    def _whose(self) -> str:
        where = NAMES.get(self.country, f"your country ({self.country})")
        guess = ", which is what this computer's language setting names; the setting `country` changes it"
        return f"Lines in {where}{guess if self.guessed else ''}:"

    def _stale(self) -> Iterator[str]:
        old = sorted({entry.verified_on for entry in self.entries if entry.stale(self.today)})
        if old:
            names = ", ".join(dict.fromkeys(entry.name for entry in self.entries if entry.stale(self.today)))
            yield (
                f"May be out of date, last checked on {old[0].day} {old[0]:%B %Y}: {names}. "
                "If a number does not answer, please use your local emergency number or findahelpline.com."
            )


def country_of(setting: str, environ: Mapping[str, str] = os.environ) -> tuple[str, bool]:
    """The country in the setting, else in LC_ALL or LANG, and whether it is only the latter. "" where there is none."""
    try:
        if setting.strip():
            return _known(setting.strip()), False
    except ValueError:
        pass  # a setting that cannot be used is reported where settings are read; the card goes by the locale
    named = environ.get("LC_ALL") or environ.get("LANG") or ""
    found = re.match(r"[A-Za-z]{2,3}[_-]([A-Za-z]{2})(?=[.@]|$)", named)
    return (_known(found[1]), True) if found else ("", False)


def card(
    country: str = "",
    *,
    imminent: bool = False,
    minor: bool = False,
    today: date,
    own: Path | None = None,
    environ: Mapping[str, str] = os.environ,
) -> Card:
    """The card for a country ("" asks the locale). `own` is the person's file, by default the one in the configuration
    folder. Raises nothing for what is wrong with a file."""
    code, guessed = country_of(country, environ)
    shipped, notes = _read(SHIPPED, "The list of lines that ships with this program")
    if own is None:
        try:
            own = paths.config_file().with_name(OWN)
        except CompanionError as error:
            notes.append(f"Your own list of lines is left out: {error}")
    mine: Sequence[Entry] = ()
    if own is not None:
        mine, more = _read(own, f"Your own list of lines ({own})", may_lack=True)
        notes += more
    replaced = {entry.key for entry in mine}
    entries = [entry for entry in mine if not entry.remove]
    entries += [entry for entry in shipped if entry.key not in replaced]
    fitting = [entry for entry in entries if entry.within(code) and (minor or not entry.youth)]
    fitting.sort(key=lambda entry: (not entry.emergency, not entry.youth, entry.country == EVERYWHERE))
    return Card(code, guessed, tuple(fitting), imminent, minor, today, tuple(notes))


def _read(path: Path, what: str, *, may_lack: bool = False) -> tuple[list[Entry], list[str]]:
    """The entries of a file, and in sentences what cannot be used of it."""
    try:
        if may_lack and not path.exists():
            return [], []
        about = path.stat()
        if not stat.S_ISREG(about.st_mode) or about.st_size > MOST_BYTES:  # opening a pipe would wait for ever
            return [], [f"{what} is left out: it is not a file, or larger than {MOST_BYTES // 1024} KB."]
        rows: Any = tomllib.loads(path.read_bytes().decode("utf-8")).get("line", [])
    except OSError as error:
        return [], [f"{what} cannot be read: {error.strerror or error}."]
    except (ValueError, RecursionError) as error:  # not TOML, or not UTF-8
        return [], [f"{what} cannot be used: {_one_line(str(error))[:120]}."]
    if not isinstance(rows, list):
        return [], [f"{what} cannot be used: an entry begins with [[line]]."]
    entries, notes = [], []
    for number, row in enumerate(rows, 1):
        try:
            entries.append(Entry.model_validate(row))
        except ValidationError as error:
            first = error.errors(include_url=False, include_input=False)[0]
            where = ".".join(str(part) for part in first["loc"])
            wrong = _one_line(f"{where}: {first['msg']}" if where else first["msg"])
            notes.append(f"{what}: entry {number} is left out ({wrong[:160]}).")
    return entries, notes
