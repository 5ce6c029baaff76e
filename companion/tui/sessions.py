"""All conversations: find one by its title or by anything that was said in it, open, rename, archive, forget."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import partial

from textual import on, work
from textual.app import App, ComposeResult
from textual.binding import Binding
from textual.containers import Vertical
from textual.content import Content
from textual.message import Message
from textual.screen import ModalScreen, Screen
from textual.style import Style
from textual.widgets import Input, OptionList, Static

from companion.errors import CompanionError, NotFound
from companion.store import Session, Store
from companion.text import clean
from companion.tui.dialogs import Ask, Question
from companion.tui.keys import key
from companion.tui.session_list import UNTITLED, Row, SessionList, messages
from companion.tui.session_search import (
    LETTERS_TO_SEARCH,
    MOST_HITS,
    MOST_SESSIONS,
    Found,
    delete,
    find,
    in_one_line,
)

PAUSE = 0.06
"""Seconds without a key before the search begins, so that fast typing does not search for every letter."""
APART = "  "
OTHER_PART = "move('other_part')"


@dataclass(frozen=True, slots=True)
class Chosen:
    """The session to open, and the turn to show in it; None for its end."""

    session_id: str
    turn_id: int | None


class SessionsScreen(ModalScreen[Chosen | None]):
    """The answer is what to open; None for Escape."""

    DEFAULT_CSS = """
    SessionsScreen {
        align: center middle;
        & > Vertical {
            width: 112;
            max-width: 100%;
            height: 100%;
            padding: 0 1;
            background: $surface;
            color: $foreground;
            border: round $primary;
            border-title-color: $foreground;
            border-title-style: bold;
        }
        & Input, & Input:focus {
            background: $surface;
            background-tint: $surface 0%;
            color: $foreground;
            border: round $primary;
            border-title-color: $foreground;
        }
        & #note, & #progress {
            height: auto;
            max-height: 4;
            padding: 0 2;
            display: none;
        }
        & #note.-shown, & #progress.-shown { display: block; }
        & #hint {
            height: auto;
            max-height: 3;
            padding: 0 2;
            link-color: $foreground;
            link-style: none;
        }
    }
    """

    # Of the keys that a line of text has for itself only Enter is taken from it.
    BINDINGS = [
        key("open-conversation", "enter", "open", "open", "Open this conversation, at the place that was found.",
            show=True, priority=True),
        key("rename-conversation", "ctrl+t,f2", "rename", "rename", "Give this conversation another title.",
            show=True, priority=True),
        key("archive-conversation", "ctrl+o", "archive", "archive", "Put this conversation away, or bring it back.",
            show=True, priority=True),
        key("show-archived", "ctrl+b", "show_archived", "archived too", "Show archived ones, or leave them out.",
            show=True, priority=True),
        key("delete-conversation", "ctrl+r,shift+delete", "delete", "delete", "Forget it; you are asked first.",
            show=True, priority=True),
        key("leave-conversations", "escape,f4", "leave", "back", "Go back to the chat.", show=True, priority=True),
        key("places-where-said", "tab", OTHER_PART, "The other part",
            "From the titles to the places where it was said, and back.", priority=True),
        key("conversation-up", "up", "move('cursor_up')", "Up", "The conversation before.", priority=True),
        key("conversation-down", "down", "move('cursor_down')", "Down", "The conversation after.", priority=True),
        key("conversations-page-up", "pageup", "move('page_up')", "Page up", "A page up.", priority=True),
        key("conversations-page-down", "pagedown", "move('page_down')", "Page down", "A page down.", priority=True),
        key("first-conversation", "ctrl+home", "move('first')", "First", "The first conversation.", priority=True),
        key("last-conversation", "ctrl+end", "move('last')", "Last", "The last conversation shown.", priority=True),
    ]  # fmt: skip

    @dataclass
    class Deleted(Message):
        """A session is gone; it may be the one that is open. Posted to the screen underneath this one."""

        session_id: str

    def __init__(
        self, store: Store, current: str | None, *, clock: Callable[[], datetime] = lambda: datetime.now(UTC)
    ) -> None:
        """`current` is the session that is open in the chat."""
        super().__init__()
        self._store, self._current, self._clock = store, current, clock
        self._input, self._list = Input(), SessionList(current)
        self._note, self._progress = Static(id="note", markup=False), Static(id="progress", markup=False)
        self._hint = Static(id="hint", markup=False)
        self._found: Found | None = None
        self._with_archived = False
        self._open_for: str | None = None
        """Enter was pressed while this was still being looked for."""
        self._forgetting: dict[str, str] = {}
        """Titles of the sessions that are being forgotten, by id."""

    # -- what is there ------------------------------------------------------------------------------------------------

    def compose(self) -> ComposeResult:
        with Vertical() as box:
            box.border_title = "Conversations"
            self._input.border_title = "Type to find a title, or words that were said"
            yield from (self._input, self._note, self._list, self._progress, self._hint)

    def on_mount(self) -> None:
        self.bindings_updated_signal.subscribe(self, lambda _: self._show_hint())
        self._show_hint()
        self._find("")

    def on_resize(self) -> None:
        self.call_after_refresh(self._show_hint)

    def _show_hint(self) -> None:
        """The keys as they are bound now; each can be clicked."""
        parts = []
        for binding in self.BINDINGS:
            if isinstance(binding, Binding) and binding.show and (shown := self._key(binding.action)):
                click = Style.from_meta({"@click": f"screen.{binding.action}"})
                parts.append(Content(f"{shown} {binding.description}").stylize(click))
        self._hint.update(in_lines(parts, self._hint.content_size.width))

    def _key(self, action: str) -> str:
        """How the key for this action is shown, as it is bound now."""
        bindings = (active.binding for active in self.active_bindings.values())
        return next((self.app.get_key_display(binding) for binding in bindings if binding.action == action), "")

    # -- finding ------------------------------------------------------------------------------------------------------

    @on(Input.Changed)
    def _typed(self, event: Input.Changed) -> None:
        self._find(event.value, pause=PAUSE)

    def _again(self) -> None:
        """The same again, after something changed."""
        self._find(self._input.value)

    @work(exclusive=True, group="find")
    async def _find(self, query: str, *, pause: float = 0.0) -> None:
        if pause:
            await asyncio.sleep(pause)
        trouble = ""
        try:
            found = await asyncio.to_thread(find, self._store, query, archived=self._with_archived)
        except CompanionError as error:
            found, trouble = Found(in_one_line(query)), str(error)
        stay = self._found is not None and self._found.query == found.query
        self._found = found
        self._show(found, trouble, stay=stay)
        opens, self._open_for = self._open_for == found.query, None
        if opens:
            self.action_open()

    def _show(self, found: Found, trouble: str = "", *, stay: bool) -> None:
        sessions = [Row(session) for session in found.sessions if session.id not in self._forgetting]
        hits = [Row(hit.session, hit) for hit in found.hits if hit.session.id not in self._forgetting]
        self._list.show(sessions, hits, self._clock(), stay=stay)
        both = bool(sessions and hits)
        say(self._note, trouble or self._words_about(found, empty=not sessions and not hits, both=both))

    def _words_about(self, found: Found, *, empty: bool, both: bool) -> str:
        archived = self._key("show_archived")
        if empty and not found.query:
            if found.left_out:
                return f"All conversations are archived. {archived} shows them."
            return f"There are no conversations yet. {self._key('leave')} goes back to the chat."
        sentences = []
        if empty:
            sentences.append(f"Nothing was found for “{found.query}”.")
            if len(found.query) < LETTERS_TO_SEARCH:
                sentences.append("From two letters on, all that was ever said is searched too.")
            else:
                sentences.append("Try fewer letters, or another word.")
        if both:
            sentences.append(f"Below the titles: where it was said; {self._key(OTHER_PART)} goes there.")
        if found.more_sessions:
            more = "type more to narrow them down" if found.query else "type to find older ones"
            sentences.append(f"Showing the newest {MOST_SESSIONS}; {more}.")
        if found.more_hits:
            sentences.append(
                f"Showing the newest {MOST_HITS} places where it was said; another word narrows them down."
            )
        if found.query and found.left_out:
            sentences.append(f"Archived titles match too; {archived} shows them.")
        return " ".join(sentences)

    def action_show_archived(self) -> None:
        self._with_archived = not self._with_archived
        box = self.query_one(Vertical)
        box.border_title = "Conversations, archived ones too" if self._with_archived else "Conversations"
        self._again()

    def action_move(self, how: str) -> None:
        getattr(self._list, f"action_{how}")()

    # -- opening ------------------------------------------------------------------------------------------------------

    def action_open(self) -> None:
        """Open the row; while what is typed is still looked for, the first one that will be found."""
        typed = in_one_line(self._input.value)
        if self._found is None or self._found.query != typed:
            self._open_for = typed
        elif self._list.row:
            self._open(self._list.row)

    @on(OptionList.OptionSelected)
    def _clicked(self, event: OptionList.OptionSelected) -> None:
        if row := self._list.row_of(event.option):
            self._open(row)

    def _open(self, row: Row) -> None:
        if self.is_active:  # what is found late may come when something else, such as the help card, is in front
            self.dismiss(Chosen(row.session.id, row.hit.turn.id if row.hit else None))

    def action_leave(self) -> None:
        self.dismiss(None)

    # -- changing -----------------------------------------------------------------------------------------------------

    @work(exclusive=True, group="change")
    async def action_rename(self) -> None:
        if session := await self._session():
            ask = Ask("Rename", "Another title for this conversation:", session.title or "")
            answer = await self.app.push_screen_wait(ask)
            title = in_one_line(clean(answer or ""))
            if title and await self._done(partial(self._store.rename, session.id, title)):
                self._again()

    @work(exclusive=True, group="change")
    async def action_archive(self) -> None:
        if session := await self._session():
            change = self._store.unarchive if session.archived else self._store.archive
            if await self._done(partial(change, session.id)):
                said = f"{named(session)} is {'back in the list' if session.archived else 'archived'}."
                if not session.archived and not self._with_archived:
                    said += f" {self._key('show_archived')} shows archived ones."
                self.notify(said, markup=False)
                self._again()

    @work(exclusive=True, group="change")
    async def action_delete(self) -> None:
        if session := await self._session():
            text = (
                f"{named(session)}, {messages(session.turns)}, will be really forgotten: the words are taken out of "
                "every file in which companion keeps them. That cannot be undone. Backups and exports that you made "
                "are not touched."
            )
            if session.id == self._current:
                text += " It is the conversation that is open now."
            answers = [("keep", "Keep it"), ("delete", "Delete it")]
            if await self.app.push_screen_wait(Question("Delete this conversation?", text, answers)) == "delete":
                self._forget(session)

    async def _session(self) -> Session | None:
        """The session of the row as it is now; None where there is none."""
        row = self._list.row
        return await self._done(partial(self._store.session, row.session.id)) if row else None

    async def _done(self, change: Callable[[], Session]) -> Session | None:
        """What the change gives; None, after a word about it, where it failed."""
        try:
            return await asyncio.to_thread(change)
        except NotFound:
            self.notify("This conversation is not there any more.", severity="warning")
            self._again()
        except CompanionError as error:
            self.notify(str(error), severity="error", markup=False)
        return None

    # -- forgetting ---------------------------------------------------------------------------------------------------

    def _forget(self, session: Session) -> None:
        """Goes on when this screen is left: the application runs it."""
        self._forgetting[session.id] = named(session)
        self._show_forgetting()
        if self._found:  # without asking the database, which is busy until all is forgotten
            self._show(self._found, stay=True)
        stack = self.app.screen_stack
        under = stack[max(0, stack.index(self) - 1)]
        self.app.run_worker(self._forgotten(session, self.app, under), group="forget")

    async def _forgotten(self, session: Session, app: App[object], under: Screen[object]) -> None:
        gone, trouble = await asyncio.to_thread(delete, self._store, session.id)
        if gone:
            under.post_message(self.Deleted(session.id))
        app.notify(
            trouble or f"{named(session)} is forgotten.", severity="warning" if trouble else "information", markup=False
        )
        del self._forgetting[session.id]
        if self.is_attached:
            self._show_forgetting()
            self._again()

    def _show_forgetting(self) -> None:
        titles = ", ".join(self._forgetting.values())
        say(
            self._progress, f"Forgetting {titles}: every file is written anew. This can take a while." if titles else ""
        )


def in_lines(parts: Iterable[Content], width: int) -> Content:
    """As many parts in a line as fit into `width` cells, none of them broken."""
    lines: list[Content] = []
    for part in parts:
        if lines and lines[-1].cell_length + len(APART) + part.cell_length <= width:
            lines[-1] = Content(APART).join([lines[-1], part])
        else:
            lines.append(part)
    return Content("\n").join(lines)


def say(line: Static, text: str) -> None:
    """Shows a line that is there only while there is something to say."""
    line.update(text)
    line.set_class(bool(text), "-shown")


def named(session: Session) -> str:
    return f"“{in_one_line(session.title or '') or UNTITLED}”"
