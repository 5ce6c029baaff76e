from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from textual.binding import Binding
from textual.widgets import Input

from companion.store import Store
from companion.tui.dialogs import Question
from companion.tui.sessions import Chosen, SessionsScreen
from tests.companion.tui.sessions_running import Run, many, talked, turn_of


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    with Store(tmp_path / "data" / "companion.db", busy_seconds=0.05) as opened:
        yield opened


# -- going about ------------------------------------------------------------------------------------------------------


async def test_the_keys_move_in_the_list_while_one_types(store: Store) -> None:
    ids = many(store, 40)
    async with Run(store, size=(60, 20)) as run:
        line = run.screen.query_one(Input)
        assert run.here == (ids[0], None)
        await run.press("down", "down", "up")
        assert run.here == (ids[1], None)
        await run.press("pagedown")
        page = ids.index((run.here or ("", None))[0])
        assert page > 4
        await run.press("pageup")
        assert run.here in [(ids[0], None), (ids[1], None)]
        await run.press("ctrl+end")
        assert run.here == (ids[-1], None)
        assert "number 1 " in run.shown
        await run.press("ctrl+home", "n", "left", "home", "x")
        assert run.typed == "xn"
        assert run.app.focused is line


async def test_no_key_loses_the_row_among_headings(store: Store) -> None:
    for i in range(12):
        talked(store, f"number {i} of them", title=f"number {i}")
    async with Run(store, size=(60, 20)) as run:
        await run.type("number")
        assert len(run.rows) == 24
        for pressed in ["pageup", "up", "pageup", "pagedown", "pagedown", "tab", "pageup", "tab"] + ["pagedown"] * 9:
            await run.press(pressed)
            assert run.here is not None
        await run.press("ctrl+home", "down", "up")
        assert "── In the title ─" in run.shown


async def test_tab_goes_from_the_titles_to_what_was_said_and_back(store: Store) -> None:
    session = talked(store, "in the garden", title="The garden")
    async with Run(store) as run:
        await run.type("garden")
        assert "Below the titles: where it was said; tab goes there." in run.said
        assert run.here == (session.id, None)
        await run.press("tab")
        assert run.here == (session.id, turn_of(store, session))
        await run.press("tab")
        assert run.here == (session.id, None)


async def test_enter_opens_a_session_at_its_end_and_a_hit_at_its_turn(store: Store) -> None:
    session = talked(store, "first words", "second thoughts", title="A talk")
    async with Run(store) as run:
        await run.press("enter")
        await run.until(lambda: run.app.answers)
    assert run.app.answers == [Chosen(session.id, None)]
    async with Run(store) as run:
        await run.type("second")
        await run.press("enter")
        await run.until(lambda: run.app.answers)
    assert run.app.answers == [Chosen(session.id, store.turns(session.id)[1].id)]


async def test_the_row_that_enter_opens_has_a_bar_before_it_and_is_reversed(store: Store) -> None:
    many(store, 2)
    async with Run(store) as run:
        await run.press("down")
        await run.pilot.pause()
        strips = run.screen._compositor.render_strips(run.screen.size)
        reversed_ = {s.text.strip() for strip in strips for s in strip if s.style and s.style.reverse}
        lines = run.shown.splitlines()
    assert [line.strip("│ ").split(" ")[0] for line in lines if "number" in line] == ["number", "▌"]
    assert {"number 1", "▌"} <= reversed_
    assert "number 2" not in reversed_


async def test_a_click_on_a_row_opens_it(store: Store) -> None:
    older, _ = talked(store, title="Older", used="2025-01-01T10:00:00.000Z"), talked(store, title="Newer")
    async with Run(store) as run:
        await run.pilot.click(run.screen._list, offset=(5, 2))
        await run.until(lambda: run.app.answers)
    assert run.app.answers == [Chosen(older.id, None)]


@pytest.mark.parametrize("pressed", ["escape", "f4"])
async def test_leaving_opens_nothing(store: Store, pressed: str) -> None:
    talked(store, "words")
    async with Run(store) as run:
        await run.press(pressed, pressed)
        await run.until(lambda: run.app.answers)
        assert run.app.screen is run.app.under
    assert run.app.answers == [None]


# -- keys and looks ---------------------------------------------------------------------------------------------------


def bindings() -> list[Binding]:
    return [binding for binding in SessionsScreen.BINDINGS if isinstance(binding, Binding)]


def test_every_key_has_a_name_a_label_and_an_explanation_and_counts_while_typing() -> None:
    assert len({binding.id for binding in bindings()}) == len(bindings()) == len(SessionsScreen.BINDINGS)
    for binding in bindings():
        assert binding.id
        assert binding.description
        assert binding.tooltip
        assert binding.priority


def test_no_key_but_enter_is_taken_from_the_line_in_which_one_types() -> None:
    of_line = {key for binding in Input.BINDINGS if isinstance(binding, Binding) for key in binding.key.split(",")}
    ours = {key for binding in bindings() for key in binding.key.split(",")}
    assert of_line & ours == {"enter"}


async def test_the_hint_lists_the_keys_as_they_are_bound(store: Store) -> None:
    session = talked(store, "words")
    async with Run(store) as run:
        hint = "⏎ open  ^t rename  ^o archive  ^b archived too  ^r delete  esc back"
        assert hint in run.shown
        run.app.set_keymap({"archive-conversation": "f11"})
        await run.sees("^t rename  f11 archive  ^b archived too")
        await run.press("ctrl+o")
        await run.pilot.pause()
        assert not store.session(session.id).archived
        await run.press("f11")
        await run.until(lambda: store.session(session.id).archived)


async def test_the_hint_can_be_clicked(store: Store) -> None:
    talked(store, "words")
    async with Run(store, size=(60, 20)) as run:
        lines = run.shown.splitlines()
        at = next((line.index("^r delete"), y) for y, line in enumerate(lines) if "^r delete" in line)
        await run.pilot.click(offset=(at[0] + 3, at[1]))
        await run.asked(Question)


async def test_everything_has_its_place_on_a_small_terminal(store: Store) -> None:
    session = talked(store, "in the garden", title="The garden")
    many(store, 20)
    async with Run(store, session.id, (60, 20)) as run:
        lines = run.shown.splitlines()
        assert len(lines) == 20
        assert "⏎ open  ^t rename  ^o archive  ^b archived too" in lines[-3]
        assert "^r delete  esc back" in lines[-2]
        assert sum("number" in line for line in lines) >= 6
        await run.type("gard")
        assert "in the garden" in run.shown


def luminance(colour: Any) -> float:
    """Relative luminance, WCAG 2.2."""
    parts = [part / 255 for part in colour]
    linear = [part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in parts]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


async def test_all_words_stand_out_in_every_theme(store: Store) -> None:
    session = talked(store, "in the garden, where it was cold", title="The garden")
    talked(store, title="Another garden")
    async with Run(store, session.id) as run:
        await run.type("garden")
        faint: list[str] = []
        # Solarized's own words are fainter than that, and of an ansi theme the terminal decides.
        for theme in [name for name in run.app.available_themes if not name.startswith(("solarized", "ansi"))]:
            run.app.theme = theme
            await run.pilot.pause()
            for strip in run.screen._compositor.render_strips(run.screen.size):
                for segment in strip:
                    words = "".join(c for c in segment.text if c.isalnum() or c == "^")
                    if words and segment.style and segment.style.color and segment.style.bgcolor:
                        pair = (segment.style.color.get_truecolor(), segment.style.bgcolor.get_truecolor())
                        light, dark = sorted(map(luminance, pair), reverse=True)
                        if (light + 0.05) / (dark + 0.05) < 4.5:
                            faint.append(f"{theme}: {segment.text!r} {(light + 0.05) / (dark + 0.05):.2f}")
        assert faint == [], "\n".join(faint)
