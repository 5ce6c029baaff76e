"""A sitting of an experiment on the full screen."""

from __future__ import annotations

import asyncio
import html
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

import pytest
from textual.pilot import Pilot
from textual.widgets import Button

from companion.engine.protocol import EngineError
from companion.engine.scripted import Gate, ScriptedEngine
from companion.errors import NotFound
from companion.experiment.assignment import arm_of
from companion.experiment.design import read_design
from companion.experiment.sitting import ENOUGH, TROUBLE, WITHDRAWN, BlindConversation, Sitting
from companion.safety.letter import LetterBox
from companion.safety.plan import SECTIONS, PlanBook, SafetyPlan
from companion.safety.risk.assessor import RiskAssessor
from companion.settings import Settings
from companion.store import Participant, Store
from companion.tui.dialogs import Question
from companion.tui.help_card import HelpCard
from companion.tui.keys_screen import KeyList, KeysScreen
from companion.tui.safety_plan import SafetyPlanScreen
from companion.tui.study import StudyApp, StudyScreen
from companion.tui.study_questions import Asked, Consent
from tests.companion.experiments import design_file
from tests.companion.fakes import CueTagger
from tests.companion.tui.waiting import text_of, wait_until


@dataclass
class Part:
    """A running sitting, and what a test does in it."""

    app: StudyApp
    pilot: Pilot[int]
    store: Store

    @property
    def shown(self) -> str:
        return text_of(self.pilot)

    @property
    def participant(self) -> Participant:
        return self.store.participants("study")[0]

    @property
    def answers(self) -> list[tuple[str, str, int | str]]:
        return [(each.moment, each.question, each.value) for each in self.store.answers(self.participant.code)]

    async def until(self, condition: Callable[[], object], what: str = "") -> None:
        await wait_until(self.pilot, condition, what)

    async def sees(self, *texts: str) -> None:
        for text in texts:
            await self.until(lambda text=text: text in self.shown, f"{text!r} on the screen")

    async def press(self, *keys: str) -> None:
        await self.pilot.press(*keys)

    async def click(self, name: str) -> None:
        """Press the button of that name on the screen in front."""
        await self.until(lambda: self.app.screen.query(f"#{name}"), f"a button {name}")
        self.app.screen.query_one(f"#{name}", Button).press()
        await self.pilot.pause()

    async def answer(self, question: str, *keys: str) -> None:
        await self.until(lambda: isinstance(self.app.screen, Asked), "a question")
        await self.sees(question)
        asked = self.app.screen
        await self.press(*keys)
        await self.until(lambda: self.app.screen is not asked, "an answer")

    async def consent(self, mood: str = "3") -> None:
        await self.sees("You will write with a program.")
        await self.click("yes")
        await self.answer("How do you feel?", mood)
        await self.until(lambda: not self.app.study.busy, "ready")

    async def say(self, text: str) -> None:
        composer = self.app.study.composer
        composer.focus()
        composer.load_text(text)
        await self.press("enter")


@pytest.fixture
def store(tmp_path: Path) -> Store:
    store = Store(tmp_path / "companion.db")
    design = read_design(design_file(tmp_path))
    store.add_experiment("study", design.model_dump_json(), [arm.name for arm in design.arms])
    return store


@asynccontextmanager
async def sitting(
    store: Store, engine: ScriptedEngine | None = None, failure: Exception | None = None
) -> AsyncIterator[Part]:
    chosen = Settings(theme="dark")
    part = Sitting(store, "study", chosen)

    def opener() -> BlindConversation:
        if failure:
            raise failure
        session, settings = part.enrol()
        spoken = engine or ScriptedEngine(["I hear you."] * 99)
        return BlindConversation(store, spoken, CueTagger(), session, settings, assessor=RiskAssessor(None))

    app = StudyApp(part, opener, chosen)
    async with app.run_test(size=(100, 40)) as pilot:
        try:
            yield Part(app, pilot, store)
        finally:
            if app.screen_stack and app.chat.conversation is not None:
                await asyncio.to_thread(app.chat.conversation.stop)


async def test_a_participant_comes_from_consent_to_the_end(store: Store) -> None:
    async with sitting(store, ScriptedEngine(["That makes sense.", "What happened?"])) as part:
        await part.consent()
        await part.sees("This is a program, not a person.")
        await part.say("hello")
        await part.answer("Did it fit?", "4")
        await part.sees("That makes sense.")
        await part.say("again")
        await part.answer("Did it fit?", "5")
        await part.sees(ENOUGH[:20])
        code = part.participant.code
        await part.press("ctrl+q")
        await part.click("finish")
        await part.answer("How do you feel now?", "6")
        await part.answer("Again?", "2")
        await part.answer("Remarks?", *"fine", "enter")
        await part.sees("It was about plans.", code)
        assert part.answers == [
            ("before", "mood", 3), ("reply", "fit", 4), ("reply", "fit", 5), ("after", "mood", 6),
            ("after", "again", "no"), ("after", "remarks", "fine"),
        ]  # fmt: skip
        assert part.participant.finished_at
        await part.click("close")
        await part.until(lambda: part.app._exit, "the end")
    assert part.app.return_value == 0


@pytest.mark.parametrize("how", ["no", "escape", "enter", "ctrl+q"])
async def test_who_declines_leaves_no_trace(store: Store, how: str) -> None:
    async with sitting(store) as part:
        await part.sees("You will write with a program.")
        await part.until(lambda: isinstance(part.app.screen, Consent))
        if how == "no":
            await part.click("no")
        elif how == "enter":  # what is focused first agrees to nothing
            await part.press("tab", "enter") if not isinstance(part.app.focused, Button) else await part.press("enter")
        else:
            await part.press(how)
        await part.until(lambda: part.app._exit, "the end")
    assert store.participants("study") == []
    assert store.stats().sessions == 0
    assert [count.assigned for count in store.arm_counts("study")] == [0, 0]


async def test_nothing_on_the_screen_tells_the_arm(store: Store) -> None:
    async with sitting(store, ScriptedEngine(["That makes sense."] * 9)) as part:
        await part.consent()
        await part.say("hello")
        await part.answer("Did it fit?", "4")
        for keys in (("f2",), ("f3",), ("f4",), ("f5",), ("f8",), ("ctrl+n",), ("ctrl+r",), ("ctrl+p",)):
            await part.press(*keys)
            await part.pilot.pause()
            assert isinstance(part.app.screen, StudyScreen), keys
            for words in ("planned", "loose", "mini", "scripted", "aims for", "tokens", "planner"):
                assert words not in part.shown, (keys, words)
        assert len(part.store.branch(part.participant.session_id)) == 2  # and none of them did anything
        for command in ("/why", "/panel", "/export"):
            await part.say(command)
            await part.pilot.pause()
            assert isinstance(part.app.screen, StudyScreen)


async def test_a_reply_comes_as_a_whole_in_every_arm(store: Store) -> None:
    gate = Gate()
    async with sitting(store, ScriptedEngine(["One two three."], wait=gate)) as part:
        await part.consent()
        await part.say("hello")
        await part.until(lambda: part.app.study.busy == "talking")
        gate.open(2)
        await part.pilot.pause(0.05)
        assert "One" not in part.shown
        gate.open(9)
        await part.answer("Did it fit?", "escape")
        await part.sees("One two three.")
        assert part.answers == [("before", "mood", 3)]


async def test_a_reply_can_be_read_while_it_is_rated_and_nothing_typed_passes_for_an_answer(store: Store) -> None:
    gate = Gate()
    async with sitting(store, ScriptedEngine(["One two three."], wait=gate)) as part:
        await part.consent()
        await part.say("hello")
        await part.until(lambda: part.app.study.busy == "talking")
        await part.press("4", "enter")  # of the next message
        assert part.app.study.composer.text == ""
        gate.open(9)
        await part.until(lambda: isinstance(part.app.screen, Asked))
        await part.press("enter")
        await part.sees("Did it fit?")
        asked = part.app.screen.query_one("Vertical").region
        box = part.app.study.transcript.boxes[-1]
        assert box.region.bottom <= asked.y
        drawn = html.unescape(part.app.export_screenshot()).replace("\xa0", " ")  # what lies behind is in it
        assert "One two three." in drawn
        assert "Did it fit?" in drawn
        await part.press("2")
        await part.until(lambda: part.app.study.composer.has_focus)
        assert part.answers == [("before", "mood", 3), ("reply", "fit", 2)]


async def test_the_list_of_keys_has_those_of_the_sitting_only(store: Store) -> None:
    async with sitting(store) as part:
        await part.consent()
        await part.press("f1")
        await part.until(lambda: isinstance(part.app.screen, KeysScreen))
        names = {binding.id for _, rows in part.app.screen.query_one(KeyList).found() for _, binding in rows}
        assert {"help", "withdraw", "quit", "answer-1"} <= names
        assert not {"why", "panel", "sessions", "more", "export", "regenerate"} & names


async def test_withdrawing_deletes_everything(store: Store) -> None:
    async with sitting(store) as part:
        await part.consent()
        await part.say("my hamster Bartholomew")
        await part.answer("Did it fit?", "4")
        await part.press("f12")
        await part.click("no")
        assert part.store.participants("study")
        await part.press("ctrl+q")
        await part.click("withdraw")
        await part.click("yes")
        await part.sees(WITHDRAWN)
        await part.click("close")
        await part.until(lambda: part.app._exit, "the end")
    assert part.app.return_value == 0
    with Store(store.path) as after:
        assert after.participants("study") == []
        assert sum(count.withdrawn for count in after.arm_counts("study")) == 1
    assert store.path is not None
    assert b"Bartholomew" not in b"".join(file.read_bytes() for file in store.path.parent.glob("companion.db*"))


async def test_withdrawing_while_a_reply_arrives_stops_it_first(store: Store) -> None:
    gate = Gate()
    async with sitting(store, ScriptedEngine(["One two three."], wait=gate)) as part:
        await part.consent()
        await part.say("hello")
        await part.until(lambda: part.app.study.busy == "talking")
        await part.press("f12")
        await part.click("yes")
        await part.sees(WITHDRAWN)
        await part.click("close")
        await part.until(lambda: part.app._exit, "the end")
    with Store(store.path) as after:
        assert after.stats().sessions == 0


async def test_going_on_changes_nothing(store: Store) -> None:
    async with sitting(store) as part:
        await part.consent()
        await part.press("ctrl+q")
        await part.until(lambda: isinstance(part.app.screen, Question))
        await part.click("go-on")
        await part.say("hello")
        await part.answer("Did it fit?", "1")
        assert part.participant.finished_at is None


async def test_help_is_there_from_the_first_screen_on_and_the_owners_pages_are_not(store: Store) -> None:
    name = SECTIONS[0].name
    PlanBook().write(SafetyPlan().with_text(name, "call Bartholomew"))
    LetterBox().keep("dear Bartholomew")
    async with sitting(store) as part:
        await part.sees("You will write with a program.")
        await part.press("ctrl+g")
        await part.until(lambda: isinstance(part.app.screen, HelpCard))
        await part.press("l")
        await part.pilot.pause()
        assert "Bartholomew" not in part.shown
        await part.press("ctrl+s")
        await part.until(lambda: isinstance(part.app.screen, SafetyPlanScreen))
        await part.pilot.pause()
        assert "Bartholomew" not in part.shown
    assert PlanBook().read().text(name) == "call Bartholomew"
    assert LetterBox().read() == "dear Bartholomew"


@pytest.mark.parametrize("number", [0, 1])
async def test_danger_brings_the_card_in_both_arms_and_no_question_about_the_reply(store: Store, number: int) -> None:
    if number:
        Sitting(store, "study", Settings()).enrol()
    async with sitting(store) as part:
        await part.consent()
        assert store.participants("study")[-1].arm == arm_of(["planned", "loose"], 4, number)
        await part.say("I want to kill myself")
        await part.sees("findahelpline.com")
        await part.until(lambda: not part.app.study.busy)
        await part.pilot.pause(0.05)
        assert isinstance(part.app.screen, StudyScreen)


async def test_trouble_names_no_model(store: Store) -> None:
    async with sitting(store, ScriptedEngine([[EngineError("mini.gguf is damaged.")]])) as part:
        await part.consent()
        await part.say("hello")
        await part.sees(TROUBLE[:30])
        assert "mini" not in part.shown


async def test_what_cannot_be_opened_is_told_to_who_runs_it(store: Store) -> None:
    async with sitting(store, failure=NotFound("There is no model 'mini'.")) as part:
        await part.sees("You will write with a program.")
        await part.click("yes")
        await part.until(lambda: part.app._exit, "the end")
    assert part.app.return_value == 1
    assert str(part.app.trouble) == "There is no model 'mini'."
