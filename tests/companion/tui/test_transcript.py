"""The window on a long conversation: what is mounted, and where the reader stays."""

from __future__ import annotations

from companion.engine.scripted import Gate, ScriptedEngine
from companion.store import Role, Store
from companion.tui.transcript import BATCH, MOST
from tests.companion.tui.conftest import Talk, Talks


def long_session(talks: Talks, turns: int = 200) -> str:
    """A conversation of so many turns; each says which one it is."""
    talks.path.parent.mkdir(parents=True)
    with Store(talks.path) as store:
        session = store.new_session("scripted")
        parent = None
        with store.transaction():
            for number in range(turns):
                role = Role.ASSISTANT if number % 2 else Role.USER
                parent = store.add_turn(session.id, role, f"turn number {number}.", parent).id
        return session.id


def at_end(talk: Talk) -> bool:
    return talk.chat.transcript.scroll_y >= talk.chat.transcript.max_scroll_y


async def test_only_the_end_of_a_long_conversation_is_mounted(talks: Talks) -> None:
    async with talks(session=long_session(talks)) as talk:
        await talk.sees("turn number 199.")
        assert len(talk.chat.transcript.boxes) == MOST
        assert len(talk.chat.transcript.turns) == 200


async def test_reading_back_mounts_what_was_said_before_and_bounds_the_rest(talks: Talks) -> None:
    async with talks(session=long_session(talks)) as talk:
        seen = set()
        for _ in range(400):
            await talk.press("pageup")
            await talk.pilot.pause()
            boxes = talk.chat.transcript.boxes
            assert len(boxes) <= MOST + BATCH
            seen |= {box.turn.text for box in boxes}
            if "turn number 0." in talk.shown:
                break
        assert "turn number 0." in talk.shown
        assert len(seen) == 200
        for _ in range(400):
            await talk.press("pagedown")
            await talk.pilot.pause()
            assert len(talk.chat.transcript.boxes) <= MOST + BATCH
            if "turn number 199." in talk.shown:
                break
        assert "turn number 199." in talk.shown


async def test_what_the_reader_looks_at_stays_where_it_is_when_more_is_mounted(talks: Talks) -> None:
    async with talks(session=long_session(talks)) as talk:
        transcript = talk.chat.transcript
        transcript.scroll_to(y=4, animate=False)
        await talk.pilot.pause()
        first = transcript.boxes[0]
        where = first.region.y
        transcript.scroll_to(y=2, animate=False)
        await talk.until(lambda: transcript.boxes[0] is not first)
        await talk.until(lambda: not transcript._moving)
        await talk.pilot.pause()
        assert first.region.y == where + 2


async def test_ctrl_home_and_ctrl_end_go_all_the_way(talks: Talks) -> None:
    async with talks(session=long_session(talks)) as talk:
        await talk.press("ctrl+home")
        await talk.sees("turn number 0.")
        await talk.press("ctrl+end")
        await talk.sees("turn number 199.")
        await talk.until(lambda: at_end(talk))


async def test_saying_something_goes_to_the_end(talks: Talks) -> None:
    async with talks(session=long_session(talks)) as talk:
        await talk.press("ctrl+home")
        await talk.sees("turn number 0.")
        await talk.say("here I am again")
        await talk.sees("I hear you.")
        assert at_end(talk)


async def test_a_reader_who_went_up_is_not_dragged_down_by_what_arrives(talks: Talks) -> None:
    gate = Gate()
    reply = "\n\n".join(f"paragraph {number}" for number in range(30))
    async with talks(ScriptedEngine([reply], wait=gate), session=long_session(talks, 60)) as talk:
        await talk.send("hello")
        gate.open(20)
        await talk.sees("paragraph 8")
        assert at_end(talk)
        await talk.press("pageup")
        await talk.pilot.pause()
        where = talk.chat.transcript.scroll_y
        assert not at_end(talk)
        gate.open(99)
        await talk.rest()
        assert talk.chat.transcript.scroll_y == where
        assert "paragraph 29" not in talk.shown


async def test_a_reader_at_the_end_follows_what_arrives(talks: Talks) -> None:
    reply = "\n\n".join(f"paragraph {number}" for number in range(30))
    async with talks(ScriptedEngine([reply]), session=long_session(talks, 60)) as talk:
        await talk.say("hello")
        await talk.sees("paragraph 29")


async def test_a_long_talk_keeps_a_bounded_number_of_messages_mounted(talks: Talks) -> None:
    async with talks(session=long_session(talks, 50)) as talk:
        for number in range(12):
            await talk.say(f"more {number}")
            assert len(talk.chat.transcript.boxes) <= MOST + BATCH
        await talk.sees("more 11")
