from __future__ import annotations

from collections.abc import Iterator
from contextlib import asynccontextmanager
from typing import Any

import pytest
from textual.app import App
from textual.message import Message
from textual.pilot import Pilot
from textual.widgets import Button

from companion import taste
from companion.engine.scripted import ScriptedEngine
from companion.events import Finished, Stopped
from companion.explain import AS_IT_CAME, NO_PLAN, NOT_JUDGED, NOT_RATED, NOT_READ, NOT_TIMED, with_choices
from companion.store import Candidate, PlanRow, Sentence, Store
from companion.tui.themes import THEMES, use_themes
from companion.tui.why import READING, PlanTable, WhyScreen
from planner.feedback import Feedback
from tests.companion.test_conversation_steered import talking
from tests.companion.tui.legible import hard_to_read
from tests.companion.tui.waiting import text_of, wait_until

WAYS = [
    ["That makes sense [/x] [red].", "I love you.", "What happened?"],
    [" Try to rest.", " It makes sense."],
    ["", " More."],
]
asynchronous = pytest.mark.asyncio


class WhyHost(App[None]):
    """Opens the screen and does what it asks for."""

    def __init__(self, store: Store, turn_id: int) -> None:
        super().__init__()
        self.store, self.turn_id = store, turn_id
        self.asked: list[Message] = []

    def on_mount(self) -> None:
        self.push_screen(WhyScreen(self.store, self.turn_id))

    def on_why_screen_judged(self, event: WhyScreen.Judged) -> None:
        self.asked.append(event)
        taste.judge(self.store, event.turn_id, event.feedback)
        assert isinstance(self.screen, WhyScreen)
        self.screen.refresh_rating()

    def on_why_screen_copy_wanted(self, event: WhyScreen.CopyWanted) -> None:
        self.asked.append(event)


@pytest.fixture
def store() -> Iterator[Store]:
    with Store(None) as store:
        yield store


def replied(store: Store, engine: ScriptedEngine, *texts: str, **settings: Any) -> int:
    """The turn of the last reply."""
    conversation = talking(store, engine, **settings)
    for text in texts or ("hello",):
        end = list(conversation.say(text))[-1]
    assert isinstance(end, Finished | Stopped)
    return end.reply.turn_id


@asynccontextmanager
async def why(store: Store, turn_id: int, size: tuple[int, int] = (100, 70)):  # type: ignore[no-untyped-def]
    app = WhyHost(store, turn_id)
    async with app.run_test(size=size) as pilot:
        await wait_until(pilot, lambda: app.screen.query("#judgement") and READING not in text_of(pilot), "read")
        await pilot.pause()
        yield pilot


def flat(pilot: Pilot[Any]) -> str:
    """What is on the screen in one line, without the frame."""
    return " ".join(text_of(pilot).replace("│", " ").split())


@asynchronous
async def test_it_shows_the_plan_with_what_raised_or_lowered_each_tactic(store: Store) -> None:
    engine = ScriptedEngine(["That makes sense. It makes sense.", "What happened?"])
    turn_id = replied(store, engine, "hello", "I am tired", candidates=1)
    made = store.plan(turn_id)
    assert made is not None
    factors = sorted(made.factors, key=lambda factor: -factor.weight)
    async with why(store, turn_id, (60, 90)) as pilot:
        assert made.reason in flat(pilot)
        shown = [line.split("│")[1].strip() for line in text_of(pilot).splitlines() if line.rstrip("│ ").endswith("%")]
        assert len(shown) == 10
        for factor, row in zip(factors, shown, strict=True):
            assert row.lstrip("●× ").startswith(factor.tactic.replace("_", " "))
            assert row.startswith("● ") == (factor.tactic in made.targets)
            assert row.startswith("× ") == (not factor.gate)
            numbers = [f"{factor.need:.0%}", f"x{factor.taste:.2f}", f"x{factor.novelty:.2f}", f"{factor.weight:.0%}"]
            assert row.split()[-4:] == numbers
        assert any(factor.novelty < 0.5 for factor in made.factors)
        assert "● aimed for × closed need: what people do next" in flat(pilot)


@asynchronous
async def test_it_shows_what_each_sentence_does_and_the_ways_it_could_have_gone(store: Store) -> None:
    async with why(store, replied(store, ScriptedEngine(branches=WAYS))) as pilot:
        lines = [line.strip("│ ") for line in text_of(pilot).splitlines()]
        first = lines.index("1. What happened?")
        assert lines[first + 1] == "questioning 0.90"
        assert lines[first + 2].startswith("kept: closest to the plan")
        assert lines[first + 3] == "▶ said: What happened?  [questioning]"
        assert lines[first + 4].startswith("1.50: plan 1.00  novelty 0.00  quality 0.50")
        assert lines[first + 5] == "○ not said: That makes sense [/x] [red].  [validation]"
        assert lines[first + 7] == "○ not said: I love you.  [no tactic]"
        assert lines[first + 8] == "not to be said: love or a mind of its own"
        assert lines[first + 9] == "2. It makes sense."
        assert "plan, novelty and quality count for a way" in flat(pilot)
        assert AS_IT_CAME not in flat(pilot)


@asynchronous
async def test_it_shows_how_a_rater_read_the_reply_and_how_long_it_took(store: Store) -> None:
    turn_id = replied(store, ScriptedEngine(["Hello there."]), candidates=1)
    turn = store.turn(turn_id)
    async with why(store, turn_id) as pilot:
        assert "What a rater makes of it (encoder)" in text_of(pilot)
        assert "accepts the feeling somewhat (3.0 of 5)" in flat(pilot)
        assert "advice nobody asked for somewhat (3.0 of 5)" in flat(pilot)
        assert "a model's guess" in flat(pilot)
        assert f"{turn.prompt_tokens} tokens in the prompt, {turn.reply_tokens} in the reply. First word" in flat(pilot)


@asynchronous
async def test_a_reply_without_plan_choices_ratings_or_timings_says_so(store: Store) -> None:
    session = store.new_session("mini")
    asked = store.add_user_turn(session.id, "hello")
    reply = store.begin_reply(session.id, asked.id, "Cut off [/x]")
    async with why(store, reply.id) as pilot:
        for words in (NO_PLAN, AS_IT_CAME, NOT_READ, NOT_RATED, NOT_TIMED, NOT_JUDGED):
            assert words in flat(pilot)


@asynchronous
async def test_a_reply_of_the_planner_off_says_so_and_shows_its_sentences(store: Store) -> None:
    async with why(store, replied(store, ScriptedEngine(["It makes sense [/x]."]), planner=False)) as pilot:
        assert NO_PLAN in flat(pilot)
        assert AS_IT_CAME in flat(pilot)
        assert "1. It makes sense [/x]. validation 0.90" in flat(pilot)


@asynchronous
async def test_a_plan_from_before_factors_were_kept_shows_its_weights() -> None:
    made = PlanRow("mini", {"advice": 0.25, "validation": 0.75}, ("validation",), (), "Because.")

    class Host(App[None]):
        def compose(self) -> Iterator[PlanTable]:
            yield PlanTable(made)

    async with Host().run_test(size=(50, 10)) as pilot:
        assert [line.split() for line in text_of(pilot).splitlines()[:3]] == [
            ["tactic", "weight"], ["validation", "75%"], ["advice", "25%"],
        ]  # fmt: skip


@asynchronous
async def test_a_reply_that_is_gone_is_a_sentence_and_no_end_of_the_program(store: Store) -> None:
    async with why(store, 77) as pilot:
        assert "There is no turn 77." in flat(pilot)
        await pilot.press("c")
        await pilot.press("escape")
        await wait_until(pilot, lambda: not isinstance(pilot.app.screen, WhyScreen))


@asynchronous
async def test_more_and_less_show_what_stands_now_and_the_same_again_takes_it_back(store: Store) -> None:
    turn_id = replied(store, ScriptedEngine(["It makes sense."]), candidates=1)
    async with why(store, turn_id, (60, 20)) as pilot:
        assert f"{NOT_JUDGED} Your taste now: validation x1.00." in flat(pilot)
        for key, words in (
            ("plus", "You want more like this. Your taste now: validation x1.25."),
            ("minus", "You want less of this. Your taste now: validation x0.80."),
            ("minus", f"{NOT_JUDGED} Your taste now: validation x1.00."),
        ):
            await pilot.press(key)
            await wait_until(pilot, lambda words=words: words in flat(pilot), words)  # type: ignore[misc]
        assert pilot.app.asked == [
            WhyScreen.Judged(turn_id, Feedback.MORE),
            WhyScreen.Judged(turn_id, Feedback.LESS),
            WhyScreen.Judged(turn_id, Feedback.LESS),
        ]
        assert len(pilot.app.screen.query(".title")) == 4


@asynchronous
async def test_a_note_that_was_left_is_shown_as_it_was_written(store: Store) -> None:
    turn_id = replied(store, ScriptedEngine(["It makes sense."]), candidates=1)
    store.rate(turn_id, -1, "too [/x] [red] quick")
    async with why(store, turn_id) as pilot:
        assert "You want less of this. Your note: too [/x] [red] quick Your taste now" in flat(pilot)


@asynchronous
async def test_all_of_it_can_be_copied(store: Store) -> None:
    turn_id = replied(store, ScriptedEngine(branches=WAYS))
    async with why(store, turn_id, (60, 20)) as pilot:
        await pilot.press("c")
        await wait_until(pilot, lambda: pilot.app.asked, "copied")
        (wanted,) = pilot.app.asked
        assert wanted.text.startswith("The conversation has just begun, so this reply aims for")
        for words in (
            "\nquestioning               30%   x1.00   x1.00     32%  aimed for\n",
            "\n    That makes sense [/x] [red].  [validation]\n",
            "\nWhat each sentence does:\n  What happened?  [questioning 0.90]\n",
            f"\n{NOT_JUDGED} Your taste now: validation x1.00, questioning x1.00.\n",
            "\nWhat a rater makes of it (encoder):\n  accepts the feeling      somewhat (3.0 of 5)\n",
            " tokens in the prompt, ",
        ):
            assert words in wanted.text


@asynchronous
async def test_the_buttons_do_what_the_keys_do(store: Store) -> None:
    turn_id = replied(store, ScriptedEngine(["It makes sense."]), candidates=1)
    async with why(store, turn_id, (60, 20)) as pilot:
        for name in ("more", "less", "copy"):
            await pilot.click(f"#{name}")
        await wait_until(pilot, lambda: len(pilot.app.asked) == 3, "three messages")
        kinds = [getattr(each, "feedback", "copy") for each in pilot.app.asked]
        assert kinds == [Feedback.MORE, Feedback.LESS, "copy"]
        await pilot.click("#back")
        await wait_until(pilot, lambda: not isinstance(pilot.app.screen, WhyScreen), "back")


@asynchronous
@pytest.mark.parametrize("key", ["escape", "f2"])
async def test_keys_lead_back(store: Store, key: str) -> None:
    async with why(store, replied(store, ScriptedEngine(["Yes."]), candidates=1)) as pilot:
        await pilot.press(key)
        await wait_until(pilot, lambda: not isinstance(pilot.app.screen, WhyScreen), "back")


@asynchronous
@pytest.mark.parametrize("size", [(60, 20), (200, 60)])
async def test_it_fits_any_screen_and_scrolls_to_its_end(store: Store, size: tuple[int, int]) -> None:
    async with why(store, replied(store, ScriptedEngine(branches=WAYS)), size) as pilot:
        screen = pilot.app.screen
        scroll = screen.query_one("VerticalScroll")
        assert scroll.has_focus
        assert scroll.max_scroll_x == 0
        assert all(screen.region.contains_region(button.region) for button in screen.query(Button))
        for table in screen.query(PlanTable):
            assert all(len(line) <= table.size.width for line in str(table.fitted(table.size.width)).splitlines())
        await pilot.press("end")
        await wait_until(pilot, lambda: "The whole after" in flat(pilot), "the end")


@asynchronous
@pytest.mark.parametrize("theme", [theme.name for theme in THEMES])
async def test_everything_can_be_read_in_every_theme(store: Store, theme: str) -> None:
    async with why(store, replied(store, ScriptedEngine(branches=WAYS))) as pilot:
        use_themes(pilot.app, "dark")
        pilot.app.theme = theme
        await pilot.pause()
        assert hard_to_read(pilot) == []
        await pilot.press("tab", "tab")
        assert isinstance(pilot.app.focused, Button)
        await pilot.pause()
        assert hard_to_read(pilot) == []


def test_every_key_has_a_name_a_label_and_an_explanation() -> None:
    names = [binding.id for binding in WhyScreen.BINDINGS]  # type: ignore[union-attr]
    assert len(set(names)) == len(names) == 4
    assert all(binding.description and binding.tooltip for binding in WhyScreen.BINDINGS)  # type: ignore[union-attr]


def test_ways_stand_with_the_first_sentence_they_were_for() -> None:
    one, two, three, four = (Sentence(n, 1, n, text) for n, text in enumerate(["Hi.", "One.", "Two.", "Three."]))
    long = (Candidate("One. Two.", (), {}, "", True), Candidate("No.", (), {}, "", False))
    last = (Candidate("Three.", (), {}, "", True),)
    none = (Candidate("Never.", (), {}, "love", False),)
    assert with_choices([one, two, three, four], [long, last, none]) == [
        (one, ()), (two, long), (three, ()), (four, last), (None, none),
    ]  # fmt: skip
