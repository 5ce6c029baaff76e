"""Keys: every one has an id for the `[keys]` table of the settings, a label and a sentence of explanation."""

from __future__ import annotations

import difflib
from collections.abc import Iterable, Mapping, Sequence

from textual.binding import Binding
from textual.keys import Keys, _normalize_key_list, format_key, key_to_character

from companion.errors import UsageError

MODIFIERS = ("alt", "ctrl", "hyper", "meta", "shift", "super")
"""In the order in which Textual writes them."""
NAMED = {key.value.rpartition("+")[2] for key in Keys if not key.value.startswith(("<", "ctrl-"))} - {"return"}
SPELLED = {
    "escape": "Escape", "enter": "Enter", "tab": "Tab", "space": "Space", "backspace": "Backspace",
    "up": "Up", "down": "Down", "left": "Left", "right": "Right", "home": "Home", "end": "End",
    "pageup": "Page up", "pagedown": "Page down", "insert": "Insert", "delete": "Delete",
}  # fmt: skip

Place = tuple[str, Sequence[Binding]]
"""Where some keys work, in words, and these keys."""


def key(
    name: str,
    keys: str,
    action: str,
    label: str,
    tooltip: str,
    *,
    show: bool = False,
    priority: bool = False,
) -> Binding:
    """A binding that can be set anew under `name`. With `priority` it counts also while something is typed."""
    return Binding(keys, action, label, show=show, priority=priority, tooltip=tooltip, id=name)


def spelled(keys: str) -> str:
    """Keys as a person reads them: "ctrl+j,shift+enter" is "Ctrl+J or Shift+Enter"."""
    return " or ".join(_spelled_one(each.strip()) for each in keys.split(","))


def _spelled_one(name: str) -> str:
    *modifiers, base = name.split("+")
    shown = SPELLED.get(base) or format_key(base)
    if modifiers or len(base) > 1:
        shown = shown[:1].upper() + shown[1:]
    return "+".join([*(modifier.capitalize() for modifier in modifiers), shown])


def check_keymap(keys: Mapping[str, str], known: Iterable[Binding | Place]) -> None:
    """Whether these keys, by the names of bindings, can be used. What the first place has works at every place.

    A binding that comes alone counts as a place of its own. Raises UsageError that names an unknown name with the
    nearest known one, a key that there is not or that would make typing impossible, or two names for one key at the
    same place.
    """
    places = [(each,) if isinstance(each, Binding) else tuple(each[1]) for each in known]
    bindings = {binding.id: binding for place in places for binding in place if binding.id}
    for name, given in keys.items():
        if name not in bindings:
            near = difflib.get_close_matches(name, bindings, 1)
            hint = f"Did you mean {near[0]!r}?" if near else "F1 in the chat lists the names."
            raise UsageError(f"keys: there is no key named {name!r}. {hint}")
        for each in _split(given):
            _check_key(name, each, bindings[name])
    everywhere = places[0] if places else ()
    for place in places:
        _check_clashes(keys, place if place is everywhere else (*everywhere, *place))


def _check_key(name: str, given: str, binding: Binding) -> None:
    *modifiers, base = given.split("+") if given != "+" else ["+"]
    if not base or not (base in NAMED or len(base) == 1 or key_to_character(base)) or set(modifiers) - set(MODIFIERS):
        near = difflib.get_close_matches(given.lower().replace("-", "+"), _usual(), 1, 0.5)
        hint = f"Did you mean {near[0]!r}?" if near else "Write it as 'ctrl+x', 'f2' or 'x'."
        raise UsageError(f"keys: {name} = {given!r}: there is no such key. {hint}")
    right = "+".join([*sorted(set(modifiers)), base.lower() if modifiers else base])
    if modifiers == ["shift"] and len(base) == 1:
        right = base.upper()
    if right != given:
        raise UsageError(f"keys: {name} = {given!r} would never be pressed; write it as {right!r}.")
    if binding.priority and (base == "space" or key_to_character(given)) and not modifiers:
        raise UsageError(
            f"keys: {name} = {given!r} cannot be used: this key works while you write, and you could no longer "
            f"write {given!r}. Take one with ctrl, or a function key."
        )


def _check_clashes(keys: Mapping[str, str], place: Iterable[Binding]) -> None:
    """Two names on one key that were not so by default."""
    taken: dict[str, str] = {}
    ours = sorted(place, key=lambda binding: binding.id in keys)  # what stays as it was comes first
    for binding in ours:
        if binding.id is None:
            continue
        for each in map(_long, _split(keys.get(binding.id, binding.key))):
            other = taken.setdefault(each, binding.id)
            if other != binding.id and (binding.id in keys or other in keys):
                raise UsageError(
                    f"keys: {binding.id} = {each!r}: {other} has this key at the same place. Give one of them another."
                )


def _split(keys: str) -> list[str]:
    return [each.strip() for each in keys.split(",")]


def _long(name: str) -> str:
    """The long name of a key that is given as its character, as Textual compares them."""
    return _normalize_key_list(name)


def _usual() -> list[str]:
    """Keys that a person is likely to mean."""
    letters = "abcdefghijklmnopqrstuvwxyz"
    return sorted(
        NAMED | set(letters) | {f"ctrl+{letter}" for letter in letters} | {f"shift+f{n}" for n in range(1, 13)}
    )
