"""Settings: command line over `COMPANION_*` variables over the configuration file over the defaults.

The attribute docstrings are the documentation: `companion config show` prints them.
"""

from __future__ import annotations

import ast
import difflib
import inspect
import os
import tomllib
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from companion import paths
from companion.errors import CompanionError, UsageError
from planner.steering import SteeringWeights

PREFIX = "COMPANION_"
NOT_SETTINGS = frozenset(
    {"COMPANION_HOME", "COMPANION_CONFIG", "COMPANION_DEBUG", "COMPANION_WHEELS", "COMPANION_PASSPHRASE_FILE"}
)


class Settings(BaseModel):
    """Everything a person can set, in one flat table."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    model: str = "mini"
    """The model to talk to: a name from the model list, or the path of a GGUF file."""

    context: int | None = Field(default=None, ge=256)
    """Tokens the model may look back on, at most; the model's own limit also counts. Unset: by the memory that is
    free, at most 4096."""

    reply_tokens: int = Field(default=320, ge=16)
    """A reply ends here at the latest."""

    temperature: float | None = Field(default=None, ge=0.0, le=2.0)
    """How freely words are chosen; 0 always takes the likeliest. Unset: what the model's file recommends, else 0.8."""

    top_p: float | None = Field(default=None, gt=0.0, le=1.0)
    """Words beyond this share of probability are not considered. Unset: what the model's file recommends, else 0.95."""

    seed: int | None = Field(default=None, ge=0)
    """A fixed number gives the same reply to the same conversation; unset, every reply is drawn afresh."""

    think: Literal["off", "on", "auto"] = "auto"
    """Whether the model thinks before it replies, if it can: slower, and what it thinks is shown but not kept. auto:
    those do whose entry in the model list says `think = "on"`, because they need it."""

    think_tokens: int = Field(default=512, ge=16)
    """Thinking ends here at the latest, and the reply begins."""

    threads: int = Field(default=0, ge=0)
    """Processor threads for the model; 0 takes the number of physical cores."""

    gpu_layers: int | None = Field(default=None, ge=0)
    """Layers of the model that go to the graphics card, where llama.cpp was built for one. Unset: all of them."""

    planner: bool = True
    """Plan each reply so that it does something else than the last ones."""

    variety: float = Field(default=1.5, ge=0.0, le=10.0)
    """How strongly a tactic rests after it was used; 0 never rests one."""

    candidates: int = Field(default=4, ge=1, le=4)
    """Ways a sentence could go that are compared before one is said, at most; 1 says the first that comes, once it is
    whole."""

    sentence_seconds: float = Field(default=2.5, gt=0.0)
    """A sentence should appear within so many seconds: on a slow machine fewer ways are compared."""

    read_ahead: bool = True
    """Read the next prompt while you read and type, so that the reply begins sooner."""

    read_ahead_battery: int = Field(default=30, ge=0, le=100)
    """On battery power, nothing is read ahead below this percentage of charge."""

    weight_plan: float = Field(default=1.0, ge=0.0)
    """What it is worth, in comparing ways a sentence could go, to do what the plan aims for."""

    weight_novelty: float = Field(default=0.5, ge=0.0)
    """The same for differing from the last reply."""

    weight_quality: float = Field(default=1.0, ge=0.0)
    """The same for the rater's word on how the reply would be judged."""

    weight_opener: float = Field(default=1.0, ge=0.0)
    """What it costs to open as recent replies did."""

    weight_run_on: float = Field(default=0.5, ge=0.0)
    """What it costs to run on."""

    weight_echo: float = Field(default=1.0, ge=0.0)
    """What it costs to repeat words of this conversation."""

    self_disclosure: bool = False
    """Let replies speak of the program's own life. Off, because it has none."""

    theme: Literal["auto", "dark", "light", "contrast-dark", "contrast-light", "ansi-dark", "ansi-light"] = "auto"
    """The colours of the chat. ansi-* use the terminal's own; auto is dark unless the terminal says it is light."""

    country: str = Field(default="", pattern="^([A-Za-z]{2})?$")
    """Two letters, as in "IE": whose helplines the help card shows. Unset: the country of the language setting."""

    check_in: bool = False
    """Ask before and after a conversation how you feel, on a scale of 7. The answers stay in the database."""

    break_hours: float = Field(default=3.0, gt=0.0, le=3.0)
    """A break is suggested each time you have been here so many hours."""

    keys: dict[str, str] = {}
    """Other keys for the chat, by the name that the list of keys shows (F1): `send = "ctrl+j"`."""

    @property
    def weights(self) -> SteeringWeights:
        """What each part of a candidate's score is worth."""
        return SteeringWeights(
            plan=self.weight_plan,
            novelty=self.weight_novelty,
            quality=self.weight_quality,
            opener=self.weight_opener,
            run_on=self.weight_run_on,
            echo=self.weight_echo,
        )

    def changed(self, **values: object) -> Settings:
        """These settings with the given ones replaced; None leaves a setting as it is."""
        given = {key: value for key, value in values.items() if value is not None}
        return _checked({**self.model_dump(), **given}, dict.fromkeys(given, "the command line"))


@dataclass(frozen=True, slots=True)
class Origin:
    """A setting with its value and where that came from."""

    name: str
    value: object
    source: str
    help: str


def load() -> Settings:
    """The settings in force. Raises UsageError naming the file or variable, the key and the nearest known key."""
    return _read()[0]


def origins() -> list[Origin]:
    """Every setting, its value, where it comes from and what it means."""
    settings, sources = _read()
    described = _docstrings()
    return [
        Origin(name, getattr(settings, name), sources.get(name, "default"), described[name])
        for name in Settings.model_fields
    ]


def set_value(name: str, value: object) -> None:
    """Write one setting into the file; its comments and everything else in it stay. None takes it out.

    A name with a dot stands for one entry of a table, as `keys.send`.

    Raises UsageError as `load` does, and CompanionError where the file cannot be written.
    """
    import tomlkit  # 30 ms, and only here

    path = paths.config_file()
    _file(path)  # says what is wrong with a file that cannot be read
    document = tomlkit.parse(path.read_text("utf-8")) if path.exists() else tomlkit.document()
    key, _, within = name.partition(".")
    table = document.setdefault(key, tomlkit.table()) if within else document
    if not isinstance(table, dict):
        raise UsageError(f"{path}: {key} = {table} is not a table, so it can have no {within!r}. Take that line out.")
    if value is None:
        table.pop(within or key, None)
    else:
        table[within or key] = value
    _checked(document.unwrap(), dict.fromkeys(document, str(path)))
    try:
        written = tomlkit.dumps(document).encode()
    except UnicodeEncodeError:
        raise UsageError(f"{name} = {value!r} has bytes in it that are not UTF-8 text.") from None
    try:
        paths.private_folder(path.parent)
        fresh = path.with_name(f"{path.name}.{os.getpid()}")
        fresh.write_bytes(written)
        fresh.replace(path)
    except OSError as error:
        raise CompanionError(f"{path} cannot be written: {error.strerror}. The setting holds for now.") from None


def _read() -> tuple[Settings, dict[str, str]]:
    values: dict[str, Any] = {}
    sources: dict[str, str] = {}
    path = paths.config_file()
    for key, value in _file(path).items():
        values[key], sources[key] = value, str(path)
    for variable, value in os.environ.items():
        if variable.startswith(PREFIX) and variable not in NOT_SETTINGS:
            key = variable.removeprefix(PREFIX).lower()
            values[key], sources[key] = value, variable
    return _checked(values, sources), sources


def _file(path: Path) -> dict[str, Any]:
    try:
        return tomllib.loads(path.read_text("utf-8"))
    except FileNotFoundError:
        return {}
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise UsageError(f"{path} is not valid TOML: {error}. Correct that line, or move the file away.") from None
    except RecursionError:
        raise UsageError(f"{path} is nested too deeply. Correct it, or move the file away.") from None
    except OSError as error:
        raise UsageError(f"{path} cannot be read: {error.strerror}.") from None


def _checked(values: dict[str, Any], sources: dict[str, str]) -> Settings:
    for key in values:
        if key not in Settings.model_fields:
            near = difflib.get_close_matches(key, Settings.model_fields, 1)
            hint = f" Did you mean {near[0]!r}?" if near else " `companion config show` lists the settings."
            raise UsageError(f"{sources.get(key, 'A setting')}: there is no setting {key!r}.{hint}")
    try:
        return Settings.model_validate(values)
    except ValidationError as error:
        first = error.errors()[0]
        key = str(first["loc"][0])
        message = first["msg"][0].lower() + first["msg"][1:]
        raise UsageError(
            f"{sources.get(key, 'A setting')}: {key} = {values[key]!r} cannot be used: {message}."
        ) from None


def _docstrings() -> dict[str, str]:
    """The string literal under each field of `Settings`."""
    body = ast.parse(inspect.getsource(Settings)).body[0]
    assert isinstance(body, ast.ClassDef)
    found = {}
    for field, after in zip(body.body, body.body[1:], strict=False):
        if (
            isinstance(field, ast.AnnAssign)
            and isinstance(field.target, ast.Name)
            and isinstance(after, ast.Expr)
            and isinstance(after.value, ast.Constant)
        ):
            found[field.target.id] = str(after.value.value)
    return found
