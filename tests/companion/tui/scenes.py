"""One evening's conversation, always the same: for pinned snapshots, and for the pictures in the documentation."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

from textual.pilot import Pilot
from textual.widgets import Input, TextArea

from companion import paths
from companion.conversation import Conversation
from companion.engine.scripted import ScriptedEngine
from companion.rating import Rater
from companion.safety import notice
from companion.settings import Settings
from companion.store import Store
from companion.tagging import Tagger
from companion.tui.app import CompanionApp
from companion.tui.chat import ChatScreen
from companion.tui.help_card import HelpCard
from companion.tui.keys_screen import KeysScreen
from companion.tui.sessions import SessionsScreen
from companion.tui.tactic_panel import HeatMap, TacticPanel
from companion.tui.why import WhyScreen
from tests.companion.tui.waiting import text_of, wait_until

NOW = datetime(2026, 3, 10, 20, 30, tzinfo=UTC)
SHOWN = "2026-03-10T20:14:00.000Z"

SAID = (
    "I failed my statistics exam, and I can't stop going over it.",
    "The moment I turned the page, my mind went blank. I knew all of it the day before.",
    "Nothing, really. I sat there. And I haven't told my parents yet.",
    "My mother. She failed her driving test twice, she might even laugh.",
)
WAYS: Sequence[Sequence[str]] = (
    (
        "It makes sense that this keeps coming back, after all the weeks you put into it.",
        "That is a hard morning, and it does not end when you leave the room.",
        "You could ask to look at your paper once the marks are out.",
        "So there was the exam, and now there is the exam in your head.",
    ),
    (
        " What part of it do you keep going back to?",
        " When during the day is it the loudest?",
        " Try writing down the questions that you remember.",
        " You put a lot into this.",
    ),
    ("",),
    (
        "So it was not the statistics that went, it was the quiet to think in.",
        "That makes sense: a blank page can do that to anybody.",
        "What was on that page?",
        "Try one page a day under a clock before the next one.",
    ),
    (
        " Going blank says something about that hour, and little about what you know.",
        " What did you do with the rest of the time?",
        " No wonder this stings more than not having studied.",
        " Tell it to somebody as you told me.",
    ),
    ("",),
    (
        "Now there are two weights, the exam itself and the evening on which you will tell them.",
        "It makes sense to put that off for a while.",
        "You could try one sentence, before supper.",
        "What would you want them to say?",
    ),
    (
        " Who of your parents would be easier to tell?",
        " You may choose the moment, and the person.",
        " Try it with the easier one of them first.",
        " Such a thing gets lighter once somebody shares it.",
    ),
    ("",),
    (
        "Then she knows such a day from the inside, and she still drives.",
        "What would her laugh be like?",
        "It makes sense to begin with her.",
        "Try it with her tonight.",
    ),
    (
        " You found the person, and you have the first sentence too: you just said it to me.",
        " A laugh from her might be just what this needs.",
        " What would you like to have said by tomorrow?",
        " Keep it as short as you did here.",
    ),
    ("",),
)
"""What could be said, sentence by sentence; "" ends a reply."""
BESIDE = (
    ("The flat is very quiet now", "My sister moved to another city last week.", "2026-03-09T19:02:00.000Z"),
    ("Before the interview", "It is on Thursday, and I keep rehearsing answers.", "2026-03-07T08:40:00.000Z"),
    ("Sunday evenings", "Every Sunday around six the week to come sits down beside me.", "2026-03-01T18:11:00.000Z"),
    (
        "The choir",
        "I said no to the solo, and I am glad. No exam ever felt like that.",
        "2026-02-11T21:30:00.000Z",
    ),
)
"""Other conversations: title, what was said, when."""


def new_app(
    database: Path, tagger: Tagger, theme: str, *, rater: Rater | None = None, off_record: bool = False
) -> CompanionApp:
    """The chat with all but the last exchange said already; on a day on which the notice was shown."""
    notice.shown(paths.state_folder(), date.today())
    chosen = Settings(theme=theme)

    def opener(*, off_record: bool, note: Callable[[str], None]) -> Conversation:
        engine = ScriptedEngine(branches=WAYS, context=1024)
        engine._info = replace(engine._info, name="companion mini")
        store = Store(None if off_record else database)
        for title, said, when in BESIDE:
            session = store.new_session("mini", title=title)
            store.add_user_turn(session.id, said)
            dated(store, session.id, when)
        conversation = Conversation(store, engine, tagger, store.new_session("mini"), chosen, rater=rater)
        for text in SAID[:-1]:
            for _ in conversation.say(text):
                pass
        return conversation

    return CompanionApp(opener, chosen, off_record=off_record, clock=lambda: NOW)


def dated(store: Store, session_id: str, when: str) -> None:
    """Everything in a session was said then, and each reply took as long."""
    with store.transaction() as connection:
        connection.execute("UPDATE sessions SET updated_at = ? WHERE id = ?", (when, session_id))
        connection.execute("UPDATE turns SET created_at = ? WHERE session_id = ?", (when, session_id))
        connection.execute(
            "UPDATE turns SET ms_first = 310, ms_total = 820 WHERE session_id = ? AND role = 'assistant'", (session_id,)
        )


# -- scenes: each brings a running chat that was not touched yet to what its name says --------------------------------


async def chat(pilot: Pilot[Any]) -> None:
    """The whole conversation."""
    screen = chat_of(pilot)
    await wait_until(pilot, lambda: screen.conversation is not None and not screen.busy, "ready")
    assert screen.conversation is not None
    screen.composer.load_text(SAID[-1])
    await pilot.press("enter")
    await wait_until(pilot, lambda: len(screen.transcript.turns) == 2 * len(SAID) and not screen.busy, "a last reply")
    dated(screen.conversation.store, screen.conversation.session.id, SHOWN)
    screen.status.speed = "58 tokens/s"
    await steady(pilot)


async def panel(pilot: Pilot[Any]) -> None:
    """The conversation with the tactics beside it, the first of them chosen."""
    await chat(pilot)
    await pilot.press("f3")
    shown = chat_of(pilot).query_one(TacticPanel)
    await wait_until(pilot, lambda: shown.query_one(HeatMap).turns and shown.rows[0].chosen, "the tactics")
    await steady(pilot)


async def why(pilot: Pilot[Any]) -> None:
    """Why the last reply."""
    await chat(pilot)
    await pilot.press("f2")
    await wait_until(pilot, lambda: isinstance(pilot.app.screen, WhyScreen) and "The plan" in text_of(pilot), "why")
    await steady(pilot)


async def sessions(pilot: Pilot[Any], typed: str = "") -> None:
    """All conversations, or those for what is typed."""
    await chat(pilot)
    conversation = chat_of(pilot).conversation
    assert conversation is not None
    shown = SessionsScreen(conversation.store, conversation.session.id, clock=lambda: NOW)
    await pilot.app.push_screen(shown)
    await pilot.press(*typed)
    await wait_until(pilot, lambda: shown._found is not None and shown._found.query == typed, "conversations")
    await steady(pilot)


async def found(pilot: Pilot[Any]) -> None:
    """The conversations with a word in them."""
    await sessions(pilot, "exam")


async def help_card(pilot: Pilot[Any]) -> None:
    """Where to find help from people, over the conversation."""
    await chat(pilot)
    await pilot.press("ctrl+g")
    await wait_until(pilot, lambda: isinstance(pilot.app.screen, HelpCard), "the card")
    await steady(pilot)


async def keys(pilot: Pilot[Any]) -> None:
    """The list of keys."""
    await chat(pilot)
    await pilot.press("f1")
    await wait_until(pilot, lambda: isinstance(pilot.app.screen, KeysScreen), "the keys")
    await steady(pilot)


def chat_of(pilot: Pilot[Any]) -> ChatScreen:
    app = pilot.app
    assert isinstance(app, CompanionApp)
    return app.chat


async def steady(pilot: Pilot[Any]) -> None:
    """Nothing blinks, and all that was asked for is drawn."""
    for field in pilot.app.screen.query("Input, TextArea").results():
        assert isinstance(field, (Input, TextArea))
        field.cursor_blink = False
    await pilot.pause()
    await pilot.pause()
