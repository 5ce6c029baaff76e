"""The first frame, what goes wrong before the first word, and every way out."""

from __future__ import annotations

import threading
from collections.abc import Callable

import pytest

from companion import paths
from companion.engine import consent
from companion.engine.address import Address
from companion.engine.consent import ConsentNeeded
from companion.engine.protocol import EngineCancelled, EngineInfo, LoadProgress, ModelMissing
from companion.engine.scripted import Gate, ScriptedEngine
from companion.errors import CompanionError, UsageError
from companion.safety.notice import HELP_FROM_PEOPLE
from companion.store import Status, Store
from companion.tui.help_card import HelpCard
from tests.companion.tui.conftest import Clock, Talks

FIRST_LINE = HELP_FROM_PEOPLE[:50]


class SlowEngine(ScriptedEngine):
    """Loads when it is let, and says how far it is."""

    def __init__(self) -> None:
        super().__init__(["I hear you."] * 9)
        self.let = threading.Event()

    def load(self, progress: Callable[[LoadProgress], None] | None = None) -> EngineInfo:
        if progress:
            progress(LoadProgress(0.5, 3.0, 13_000_000))
        while not self.let.wait(0.005):
            if self.cancels:
                self.cancels = 0
                self.let.set()
                raise EngineCancelled
        return super().load(progress)


async def test_one_can_write_before_the_model_is_loaded(talks: Talks) -> None:
    engine = SlowEngine()
    async with talks(engine, ready=False) as talk:
        await talk.sees("Loading")
        assert "50% of 13 MB, 3 s" in talk.shown
        await talk.send("hello")
        await talk.sees("Waiting to be said: “hello”")
        engine.let.set()
        await talk.until(lambda: len(talk.turns) == 2)
        await talk.rest()
        assert talk.texts == ["hello", "I hear you."]
        assert "Loading" not in talk.shown


async def test_escape_leaves_loading_for_later(talks: Talks) -> None:
    async with talks(SlowEngine(), ready=False) as talk:
        await talk.sees("Loading")
        await talk.press("escape")
        await talk.sees("it will be with your next message")
        await talk.say("hello")
        assert talk.texts[-1] == "I hear you."


async def test_one_can_leave_while_the_model_loads(talks: Talks) -> None:
    async with talks(SlowEngine(), ready=False) as talk:
        await talk.sees("Loading")
        await talk.press("ctrl+q")
        await talk.until(lambda: not talk.app.is_running)
    assert talk.app.return_value == 0


async def test_no_model_is_a_sentence_and_writing_still_saves(talks: Talks) -> None:
    engine = ScriptedEngine(["Now I am here."], load_error=ModelMissing("There is no model at x.gguf."))
    async with talks(engine) as talk:
        await talk.sees("There is no model at x.gguf.")
        await talk.say("hello")
        assert talk.texts == ["hello", "Now I am here."]


async def test_a_database_that_does_not_open_is_said_and_can_be_tried_again(talks: Talks) -> None:
    async with talks(ready=False, failures=[CompanionError("companion.db is damaged.")]) as talk:
        await talk.sees("companion.db is damaged.")
        await talk.sees("Your conversations cannot be opened")
        await talk.press("enter")
        await talk.until(lambda: talk.chat.conversation is not None)
        await talk.rest()
        await talk.say("hello")
        assert len(talk.texts) == 2


async def test_without_a_database_one_can_talk_off_the_record(talks: Talks) -> None:
    async with talks(ready=False, failures=[CompanionError("companion.db is damaged.")]) as talk:
        await talk.sees("Talk off the record")
        await talk.pilot.click("#off-record")
        await talk.until(lambda: talk.chat.conversation is not None)
        await talk.rest()
        await talk.say("hello")
        assert "OFF THE RECORD" in talk.shown
    assert not talks.path.exists()


async def test_without_a_database_one_can_leave(talks: Talks) -> None:
    async with talks(ready=False, failures=[CompanionError("companion.db is damaged.")]) as talk:
        await talk.sees("damaged")
        await talk.pilot.click("#quit")
        await talk.until(lambda: not talk.app.is_running)


@pytest.mark.parametrize("state", ["loading", "no database", "a question", "keys", "streaming", "hidden"])
async def test_s3_the_help_card_comes_from_any_state(talks: Talks, state: str) -> None:
    gate = Gate()
    engine = SlowEngine() if state == "loading" else ScriptedEngine(["I hear you."], wait=gate)
    failures = [CompanionError("damaged")] if state == "no database" else []
    async with talks(engine, failures=failures, ready=state not in {"loading", "no database"}) as talk:
        match state:
            case "no database":
                await talk.sees("damaged")
            case "a question":
                await talk.press("f7")
                await talk.sees("Another title")
            case "keys":
                await talk.press("f1")
            case "streaming":
                await talk.send("hello")
                await talk.until(lambda: talk.chat.busy == "talking")
            case "hidden":
                await talk.press("ctrl+l")
        await talk.press("ctrl+g")
        await talk.sees(FIRST_LINE)
        await talk.press("ctrl+g")
        assert sum(isinstance(screen, HelpCard) for screen in talk.app.screen_stack) == 1
        await talk.press("escape")
        await talk.until(lambda: not isinstance(talk.app.screen, HelpCard))
        gate.open(9)


async def test_s3_slash_help_shows_the_card(talks: Talks) -> None:
    async with talks() as talk:
        await talk.send("/help")
        await talk.sees(FIRST_LINE)
        assert talk.turns == []


async def test_s1_the_notice_is_shown_once_a_day(talks: Talks, own_home: object) -> None:
    from companion import paths

    (paths.state_folder() / "notice").unlink()
    async with talks() as talk:
        await talk.sees("This is a program, not a person.")
    async with talks() as talk:
        assert "This is a program" not in talk.shown


async def test_s2_a_break_is_suggested_by_the_wall_clock(talks: Talks) -> None:
    clock = Clock()
    async with talks(clock=clock) as talk:
        from datetime import timedelta

        clock.now += timedelta(hours=3)
        await talk.chat._remind()
        await talk.sees("You have been here for 3 hours.")


async def test_p16_leaving_in_mid_reply_keeps_what_had_arrived(talks: Talks) -> None:
    gate = Gate()
    async with talks(ScriptedEngine(["I hear you. And more."], wait=gate)) as talk:
        await talk.send("hello")
        gate.open(4)
        await talk.sees("I hear you.")
        await talk.press("ctrl+q")
        await talk.until(lambda: not talk.app.is_running)
    with Store(talks.path) as store:
        session = store.sessions()[0]
        assert [(turn.text, turn.status) for turn in store.branch(session.id)] == [
            ("hello", Status.COMPLETE),
            ("I hear you. And", Status.STOPPED),
        ]


async def test_an_empty_conversation_leaves_no_trace(talks: Talks) -> None:
    async with talks() as talk:
        await talk.press("ctrl+q")
        await talk.until(lambda: not talk.app.is_running)
    with Store(talks.path) as store:
        assert store.sessions(archived=None) == []


async def test_unknown_commands_are_said_and_given_back(talks: Talks) -> None:
    async with talks() as talk:
        await talk.send("/halp")
        await talk.until(lambda: talk.notices)
        assert "There is no command /halp" in talk.notices[-1]
        assert talk.chat.composer.text == "/halp"


async def test_keys_are_what_the_settings_say(talks: Talks) -> None:
    async with talks(keys={"send": "ctrl+j", "newline": "enter", "help": "f12"}) as talk:
        await talk.press("a", "enter", "b", "ctrl+j")
        await talk.until(lambda: len(talk.turns) == 2)
        assert talk.texts[0] == "a\nb"
        assert "F12 help" in talk.shown
        await talk.press("f12")
        await talk.sees(FIRST_LINE)


def test_a_key_that_does_not_exist_is_an_error_with_the_nearest_one(talks: Talks) -> None:
    with pytest.raises(UsageError, match="panel"):
        talks.new_app(keys={"panell": "f12"})


async def test_check_in_is_off_until_it_is_switched_on(talks: Talks) -> None:
    async with talks() as talk:
        assert "how do you feel" not in talk.shown
        await talk.press("f10")
        assert "Check-in is on" in talk.notices[-1]
    from companion import settings

    assert settings.load().check_in is True


async def test_check_in_asks_before_and_after_and_stores_the_answers(talks: Talks) -> None:
    async with talks(check_in=True) as talk:
        await talk.sees("Before you begin: how do you feel right now?")
        await talk.press("3")
        await talk.say("hello")
        session = talk.turns[0].session_id
        await talk.press("ctrl+q")
        await talk.sees("Before you go")
        await talk.press("5")
        await talk.until(lambda: not talk.app.is_running)
    with Store(talks.path) as store:
        assert [(mood.moment, mood.value) for mood in store.moods(session)] == [("before", 3), ("after", 5)]


async def test_check_in_may_be_left_out(talks: Talks) -> None:
    async with talks(check_in=True) as talk:
        await talk.sees("Before you begin")
        await talk.press("escape")
        await talk.press("ctrl+q")
        await talk.until(lambda: not talk.app.is_running)
    with Store(talks.path) as store:
        assert store.sessions(archived=None) == []


async def test_a_fault_ends_the_program_without_a_traceback(talks: Talks, capsys: pytest.CaptureFixture[str]) -> None:
    app = talks.new_app()

    async def run() -> None:
        async with app.run_test() as pilot:
            app.call_later(lambda: 1 / 0)
            await pilot.pause()

    with pytest.raises(ZeroDivisionError):
        await run()
    assert isinstance(app.fault, ZeroDivisionError)
    assert "Traceback" not in capsys.readouterr().err


async def test_a_model_on_another_machine_is_agreed_to_first_and_where_it_is_always_shown(talks: Talks) -> None:
    address = Address.parse("https://gpu.example")
    engine = ScriptedEngine(["I hear you."] * 9, address=address)
    async with talks(engine, ready=False, failures=[ConsentNeeded(address)]) as talk:
        await talk.sees("This model is on another machine")
        assert "gpu.example:443" in talk.shown
        await talk.press("tab", "enter")
        await talk.until(lambda: talk.chat.conversation is not None)
        await talk.rest()
        assert consent.given(address, paths.state_folder())
        assert "leaves for gpu.example:443" in talk.shown
        await talk.pilot.resize_terminal(60, 20)
        await talk.say("hello")
        assert "leaves for gpu.example:443" in talk.shown


async def test_who_does_not_agree_leaves_and_nothing_is_remembered(talks: Talks) -> None:
    address = Address.parse("https://other.example")
    async with talks(ready=False, failures=[ConsentNeeded(address)]) as talk:
        await talk.sees("This model is on another machine")
        await talk.press("enter")
        await talk.until(lambda: not talk.app.is_running)
    assert not consent.given(address, paths.state_folder())
