"""What the chat screen shows: a conversation, and what happens in it."""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Callable, Iterator
from datetime import timedelta
from functools import partial
from pathlib import PurePath
from typing import TYPE_CHECKING

from textual import on, work
from textual.app import ComposeResult
from textual.containers import Horizontal
from textual.screen import Screen
from textual.widgets import Static

from companion import taste
from companion.conversation import Conversation
from companion.engine.protocol import EngineInfo
from companion.errors import CompanionError, NotFound
from companion.events import (
    Event,
    Failed,
    Finished,
    Planned,
    Remarked,
    Reply,
    ReplyBegun,
    RiskRaised,
    Stopped,
    Thought,
    Token,
    Trimmed,
    UserSaved,
)
from companion.safety import notice
from companion.safety.reminders import Breaks
from companion.store import Role, Turn
from companion.tui.composer import Composer
from companion.tui.message import MessageBox
from companion.tui.status import StatusLine
from companion.tui.tactic_panel import TacticPanel
from companion.tui.talking import (
    Free,
    Happened,
    Loaded,
    Loading,
    NotOpened,
    Opened,
    Remark,
    loading,
    opening,
    talking,
)
from companion.tui.transcript import Transcript
from planner.reason import listed

if TYPE_CHECKING:
    from companion.tui.app import CompanionApp

RECENT = 12
"""Replies that the panel shows."""
WAIT = "Something else is going on; wait for its end, or stop it with Escape."
WELCOME = "Nothing has been said here yet. Write below; Enter sends it."


class ConversationScreen(Screen[None]):
    """One conversation at a time. What the person can ask of it is in `ChatScreen`."""

    DEFAULT_CSS = """
    ConversationScreen {
        background: $background;
        color: $foreground;
        & #main { height: 1fr; }
        & TacticPanel { display: none; width: 44; }
        &.-panel TacticPanel { display: block; }
        &.-narrow.-panel Transcript { display: none; }
        &.-narrow TacticPanel { width: 1fr; }
        & #progress, & #waiting { height: auto; max-height: 3; padding: 0 2; color: $foreground; display: none; }
        & #progress.-shown, & #waiting.-shown { display: block; }
    }
    """

    HORIZONTAL_BREAKPOINTS = [(0, "-narrow"), (96, "-wide")]

    app: CompanionApp

    def __init__(self) -> None:
        super().__init__()
        self.conversation: Conversation | None = None
        self.busy = "opening"
        """What the conversation is busy with: opening, loading, talking; or nothing."""
        self.at_rest = asyncio.Event()
        self.said_here = False
        """Whether something was said in this conversation since it was opened."""
        self.info: EngineInfo | None = None
        self._waiting: deque[str] = deque()
        self._arriving: MessageBox | None = None
        self._breaks = Breaks(timedelta(hours=self.app.settings.break_hours), self.app.clock)

    def begin(self) -> None:
        """Called when the screen is there for the first time."""
        self.open()

    def begin_sitting(self) -> None:
        """Called when a conversation was opened."""
        raise NotImplementedError

    async def check_out(self) -> None:
        """Called before a conversation is left."""
        raise NotImplementedError

    def loading_line(self, text: str) -> str:
        """What is shown while the model loads, or reads."""
        return f"{text} Escape leaves it for later."

    def failure_line(self, text: str) -> str:
        """What is said of a reply that failed."""
        return f"{text} {self.app.key_of('regenerate')} tries again."

    def trouble_line(self, text: str) -> str:
        """What is said of something that went wrong."""
        return text

    def cannot_open(self, error: CompanionError) -> object:
        """Called when none can be, with what is wrong."""
        raise NotImplementedError

    # -- what is there ------------------------------------------------------------------------------------------------

    def compose(self) -> ComposeResult:
        with Horizontal(id="main"):
            yield Transcript()
            yield TacticPanel()
        yield Static(id="progress", markup=False)
        yield Static(id="waiting", markup=False)
        yield Composer()
        yield StatusLine()

    def on_mount(self) -> None:
        self.transcript = self.query_one(Transcript)
        self.composer = self.query_one(Composer)
        self.status = self.query_one(StatusLine)
        self.status.keys = self.app.way_to_help()
        self.status.off_record = self.app.off_record
        self.composer.focus()
        self.set_interval(30, self._remind)
        self.call_after_refresh(self.begin)

    def open(self) -> None:
        """Open the conversation, beside everything else: this screen is there before the database is."""
        self._progress("Opening your conversations.")
        self.beside(partial(opening, self.app.opener, self.post_message, off_record=self.app.off_record))

    @work(thread=True, group="engine")
    def beside(self, what: Callable[[], None]) -> None:
        what()

    @on(Opened)
    async def _opened(self, event: Opened) -> None:
        self.conversation = event.conversation
        self.status.model = PurePath(event.conversation.settings.model).name
        if address := event.conversation.engine.address:
            self.status.whereto = f"server {address.name}" if address.local else f"leaves for {address.name}"
        await self.show_conversation()
        if self.app.notice_is_due():
            said = f"{notice.text(event.conversation.whereto)}\n\n{notice.HELP_FROM_PEOPLE}"
            await self.transcript.remark(notice.flowing(said))
        self._load()
        self.begin_sitting()

    def _load(self) -> None:
        assert self.conversation is not None
        self.busy = "loading"
        self.at_rest.clear()
        self.beside(partial(loading, self.conversation, self.post_message))

    @on(NotOpened)
    def _not_opened(self, event: NotOpened) -> None:
        self.busy = ""
        self.at_rest.set()
        self._progress("")
        self.cannot_open(event.error)

    async def show_conversation(self, at: int | None = None) -> None:
        """The session that is open now, at its end, or at a turn."""
        if self.conversation is None:
            return
        turns = await asyncio.to_thread(self.conversation.turns)
        await self.transcript.show(turns, *self._marks(), at=at)
        self.composer.remember([turn.text for turn in turns if turn.role is Role.USER])
        if not turns:
            await self.transcript.remark(WELCOME)
        self.refresh_panel()

    def _marks(self) -> tuple[dict[int, tuple[int, ...]], dict[int, int]]:
        """Alternatives, and the person's judgements, by turn."""
        assert self.conversation is not None
        session, store = self.conversation.session.id, self.conversation.store
        return store.alternatives(session), {turn: rating.value for turn, rating in store.ratings(session).items()}

    # -- what happens -------------------------------------------------------------------------------------------------

    def say(self, text: str) -> None:
        """Say this, or as soon as what is going on is over."""
        if self.busy or self.conversation is None:
            self._waiting.append(text)
            self._show_waiting()
        else:
            self.start(partial(self.conversation.say, text))

    def start(self, turn: Callable[[], Iterator[Event]]) -> bool:
        """Begin a turn; False, with a word about it, where something else is going on."""
        if self.busy or self.conversation is None:
            self.notify(WAIT)
            return False
        self.busy = "talking"
        self.at_rest.clear()
        self.beside(partial(talking, self.conversation, turn, self.post_message))
        return True

    @on(Free)
    async def _free(self, event: Free) -> None:
        self.busy = ""
        self.at_rest.set()
        self._progress("")
        if event.trouble:
            await self.transcript.remark(self.trouble_line(event.trouble))
        if self._waiting and self.conversation is not None:
            self.start(partial(self.conversation.say, self._waiting.popleft()))
        self._show_waiting()
        self.refresh_panel()

    @on(Remark)
    async def _remark(self, event: Remark) -> None:
        await self.transcript.remark(event.text)

    @on(Loading)
    def _loading(self, event: Loading) -> None:
        if self.busy:
            self._progress(self.loading_line(event.text))

    @on(Loaded)
    def _loaded(self, event: Loaded) -> None:
        self.info = event.info
        self.status.model = event.info.name

    @on(Happened)
    async def _happened(self, happened: Happened) -> None:
        try:
            await self._follow(happened.event)
        except NotFound:
            await self.transcript.remark("What was said here is gone: another program has forgotten it.")

    async def _follow(self, event: Event) -> None:
        match event:
            case UserSaved(turn_id):
                self.said_here = True
                await self._arrived(self._turn(turn_id))
                self.composer.remember([turn.text for turn in self.transcript.turns if turn.role is Role.USER])
            case RiskRaised(_, risk) if risk.card:
                shown = self.app.card(risk)
                await self.transcript.remark(shown.brief() if risk.card_again else shown.text(), stays=True)
            case ReplyBegun(turn_id):
                self._arriving = await self._arrived(self._turn(turn_id))
            case Planned(plan):
                self.status.planner = f"aims for {listed(plan.targets)}"
            case Trimmed(messages):
                await self.transcript.trimmed(messages)
            case Remarked(text):
                await self.transcript.remark(text)
            case Thought(text):
                if self._arriving and self._arriving.is_attached:
                    await self._arriving.think(text, event.took)
            case Token(text):
                if self._arriving and self._arriving.is_attached:
                    await self._arriving.write(text)
            case Finished(reply) | Stopped(reply) | Failed(reply):
                await self._ended(reply)
                if isinstance(event, Failed):
                    await self.transcript.remark(self.failure_line(event.message))
                elif isinstance(event, Finished) and not reply.text:
                    await self.transcript.remark("No words came. Try saying it differently.")
            case _:
                pass

    async def _arrived(self, turn: Turn) -> MessageBox:
        """A turn that is new, at its place: what was shown after its parent before goes."""
        await self.transcript.cut_after(turn.parent_id)
        await self.transcript.forget_remarks()
        box = await self.transcript.add(turn)
        self.transcript.relabel(*self._marks())
        return box

    async def _ended(self, reply: Reply) -> None:
        box, self._arriving = self._arriving, None
        turn = self._turn(reply.turn_id)
        self.transcript.replace(turn)
        if box and box.is_attached:
            await box.finish(turn if turn.id == box.turn.id else box.turn)
        spent = reply.timings
        if self.info and spent.prompt_tokens:
            assert self.conversation is not None
            view = min(self.info.context, self.conversation.settings.context or self.info.context)
            self.status.context = f"{spent.prompt_tokens + spent.reply_tokens:,} of {view:,} tokens"
        if spent.total_ms > spent.first_ms and spent.reply_tokens:
            self.status.speed = f"{spent.reply_tokens / (spent.total_ms - spent.first_ms) * 1000:,.0f} tokens/s"

    def _turn(self, turn_id: int) -> Turn:
        assert self.conversation is not None
        return self.conversation.store.turn(turn_id)

    # -- what is shown beside it --------------------------------------------------------------------------------------

    def _progress(self, text: str) -> None:
        line = self.query_one("#progress", Static)
        line.update(text)
        line.set_class(bool(text), "-shown")

    def _show_waiting(self) -> None:
        line = self.query_one("#waiting", Static)
        first = " ".join(self._waiting[0].split())[:40] if self._waiting else ""
        more = f" and {len(self._waiting) - 1} more" if len(self._waiting) > 1 else ""
        line.update(f"Waiting to be said: “{first}”{more}. Escape brings it back." if first else "")
        line.set_class(bool(first), "-shown")

    def take_back(self) -> None:
        """What waits to be said goes back to where it was written."""
        if self._waiting:
            self.composer.put("\n".join(self._waiting))
            self._waiting.clear()
            self._show_waiting()

    def refresh_panel(self) -> None:
        """The plan as it stands, in the status line and in the panel."""
        if self.conversation is None:
            return
        if not self.conversation.settings.planner:
            self.status.planner = "planner off"
        if self.has_class("-panel"):
            self._compute_panel(self.conversation)

    @work(thread=True, exclusive=True, group="panel")
    def _compute_panel(self, conversation: Conversation) -> None:
        try:
            ledger = conversation.ledger(conversation.turns())
            made = conversation.next_plan()
            liked = taste.taste_of(conversation.store)
        except CompanionError as error:
            self.post_message(Remark(str(error)))
            return
        self.app.call_from_thread(self.query_one(TacticPanel).show, ledger.turns[-RECENT:], made, liked)

    async def _remind(self) -> None:
        suggestion = self._breaks.due(minor=self.conversation is not None and self.conversation.minor)
        if suggestion:
            await self.transcript.remark(suggestion)
