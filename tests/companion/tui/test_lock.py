"""P15, P16, S3: while the chat is locked nothing of it can be seen or reached, but help and the way out can."""

from __future__ import annotations

from companion import paths
from companion.engine.scripted import Gate, ScriptedEngine
from companion.store import encrypted
from companion.tui.help_card import HelpCard
from companion.tui.lock import LockScreen
from tests.companion.tui.conftest import Talk, Talks

SECRET = "what nobody else may read"


def locked(talk: Talk) -> bool:
    return isinstance(talk.app.screen, LockScreen)


async def type_in(talk: Talk, text: str) -> None:
    await talk.press(*text, "enter")


async def lock(talk: Talk, code: str = "abc") -> None:
    await talk.say(SECRET)
    await talk.send("/lock")
    await talk.until(lambda: locked(talk) and "Type a code" in talk.shown)
    await type_in(talk, code)
    await talk.sees("Locked. Your code opens it.")


async def test_p15_a_locked_chat_shows_nothing_and_opens_with_the_code_alone(talks: Talks) -> None:
    async with talks(ScriptedEngine(["I hear you."])) as talk:
        await lock(talk)
        assert SECRET not in talk.shown
        await type_in(talk, "abd")
        await talk.sees("That does not open it.")
        await talk.press("escape", "enter")
        assert locked(talk)
        await type_in(talk, "abc")
        await talk.sees(SECRET)
        assert not locked(talk)


async def test_p15_without_a_code_it_only_hides(talks: Talks) -> None:
    async with talks(ScriptedEngine(["I hear you."])) as talk:
        await talk.say(SECRET)
        await talk.press("alt+l")
        await talk.until(lambda: locked(talk))
        assert SECRET not in talk.shown
        await talk.press("enter")
        await talk.sees(SECRET)


async def test_p15_no_key_reaches_what_the_person_wrote(talks: Talks) -> None:
    async with talks(ScriptedEngine(["I hear you."])) as talk:
        await lock(talk)
        screens = list(talk.app.screen_stack)
        for pressed in ("ctrl+s", "ctrl+p", "f1", "f4", "ctrl+l", "alt+l", "f2", "f8", "ctrl+n", "escape", "tab"):
            await talk.press(pressed)
            assert talk.app.screen_stack == screens, pressed
            assert SECRET not in talk.shown


async def test_s3_help_is_there_while_it_is_locked_and_leads_nowhere_else(talks: Talks) -> None:
    async with talks(ScriptedEngine(["I hear you."])) as talk:
        await lock(talk)
        await talk.press("ctrl+g")
        await talk.until(lambda: isinstance(talk.app.screen, HelpCard))
        assert "Safety plan" not in talk.shown
        await talk.press("p", "l")
        assert isinstance(talk.app.screen, HelpCard)
        await talk.press("escape")
        await talk.until(lambda: locked(talk))


async def test_p16_leaving_works_while_it_is_locked(talks: Talks) -> None:
    async with talks(ScriptedEngine(["I hear you."])) as talk:
        await lock(talk)
        await talk.press("ctrl+q")
        await talk.until(lambda: not talk.app.is_running)


async def test_p15_a_reply_goes_on_behind_it(talks: Talks) -> None:
    gate = Gate()
    async with talks(ScriptedEngine(["I hear you."], wait=gate)) as talk:
        await talk.send("hello")
        await talk.until(lambda: talk.chat.busy == "talking")
        await talk.press("alt+l")
        await talk.until(lambda: locked(talk))
        await type_in(talk, "abc")
        gate.open(9)
        await talk.until(lambda: not talk.chat.busy)
        assert "I hear you." not in talk.shown
        await type_in(talk, "abc")
        await talk.sees("I hear you.")


async def test_p15_with_a_passphrase_that_is_asked_for_and_no_code(talks: Talks) -> None:
    encrypted.remember(paths.database(), "horses")
    try:
        async with talks(ScriptedEngine(["I hear you."])) as talk:
            path = talk.store.path
            assert path is not None
            encrypted.remember(path, "horses")
            await talk.press("alt+l")
            await talk.sees("Locked. Your passphrase opens it.")
            await talk.press("enter")
            await talk.sees("That does not open it.")
            await type_in(talk, "horses")
            await talk.until(lambda: not locked(talk))
            encrypted.forget_passphrase(path)
    finally:
        encrypted.forget_passphrase(paths.database())
