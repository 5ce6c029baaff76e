"""The chat screen: what the person can ask of a conversation, by keys, commands and messages."""

from __future__ import annotations

import asyncio
from functools import partial
from pathlib import Path
from typing import Literal

from textual import on, work

from companion import paths, taste
from companion.conversation import Conversation
from companion.engine import consent
from companion.engine.consent import ConsentNeeded
from companion.errors import CompanionError, NotFound
from companion.export import write_session
from companion.store import Role, Status, Turn, encrypted
from companion.text import clean
from companion.tui.check_in import CheckIn
from companion.tui.composer import Composer
from companion.tui.conversation_screen import WAIT, ConversationScreen
from companion.tui.dialogs import Ask, Question
from companion.tui.keys import key
from companion.tui.message import MessageBox
from companion.tui.sessions import SessionsScreen
from companion.tui.tactic_panel import TacticPanel
from companion.tui.why import WhyScreen
from planner.feedback import Feedback, reset

NO_REPLY = "There is no reply yet."


class ChatScreen(ConversationScreen):
    """The conversation with everything that can be done about it."""

    BINDINGS = [
        key("stop", "escape", "stop", "Stop", "Stop the reply that is arriving; what has arrived is kept."),
        key("interrupt", "ctrl+c", "interrupt", "Copy or stop", "Copy what is marked, or stop a reply.", priority=True),
        key("why", "f2", "why", "Why this reply", "The plan behind the last reply, and the ways it could have gone."),
        key("panel", "f3", "panel", "Tactics", "What the last replies did, and what the next one aims for."),
        key("sessions", "f4", "sessions", "Conversations", "All conversations: find, open, rename, archive, delete."),
        key("more", "f5", "judge('more')", "More like this", "More of what the last reply did."),
        key("less", "f6", "judge('less')", "Less of this", "Less of what the last reply did.", priority=True),
        key("new", "ctrl+n", "new", "New conversation", "Begin another conversation; this one is kept."),
        key("regenerate", "ctrl+r", "regenerate", "Another reply", "Ask for another reply; the last one stays."),
        key("continue", "ctrl+o", "go_on", "Go on", "Let the last reply go on after its last word."),
        key("copy", "ctrl+t", "copy", "Copy reply", "Copy the last reply."),
        key("rename", "f7", "rename", "Rename", "Give this conversation another title.", priority=True),
        key("export", "f8", "export('markdown')", "Export as Markdown", "Write this conversation to a file."),
        key("export-data", "f9", "export('jsonl')", "Export as JSONL", "Write this conversation to a file, as data."),
        key("check-in", "f10", "check_in", "Check-in", "Switch the question how you feel on, or off."),
        key("page-up", "pageup", "page(-1)", "Page up", "Read what was said before.", priority=True),
        key("page-down", "pagedown", "page(1)", "Page down", "Read on.", priority=True),
        key("beginning", "ctrl+home", "beginning", "Beginning", "Go to the first message.", priority=True),
        key("end", "ctrl+end", "end", "End", "Go to the newest message.", priority=True),
    ]  # fmt: skip

    @on(Composer.Sent)
    def _sent(self, event: Composer.Sent) -> None:
        text = clean(event.text).strip()
        if text.startswith("/") and not any(character.isspace() for character in text):
            self.command(text[1:])
        elif event.instead is not None and self.conversation is not None:
            if not self.start(partial(self.conversation.edit, event.instead, text)):
                self.composer.edit_earlier(event.instead, text)
        else:
            self.say(text)

    def begin_sitting(self) -> None:
        self.said_here = False
        self.check_in("before")

    def command(self, name: str) -> None:
        """`/name` does what the key of that name does."""
        if self.app.binding_named(name) is None:
            self.notify(f"There is no command /{name}. {self.app.key_of('keys')} lists the keys and their names.")
            self.composer.put(f"/{name}")
        else:
            self.app.do(name)

    # -- the reply that is arriving -----------------------------------------------------------------------------------

    def action_stop(self) -> None:
        """Stop what is going on; where nothing is, leave what was begun, and go back to writing."""
        if self.busy and self.conversation is not None:
            self.take_back()
            self._stop(self.conversation)
        elif self.composer.editing is not None:
            self.composer.leave_editing()
        self.composer.focus()

    @work(thread=True, group="stop")
    def _stop(self, conversation: Conversation) -> None:
        conversation.stop()

    def action_interrupt(self) -> None:
        marked = self.composer.selected_text or self.get_selected_text()
        if marked:
            self.app.copy_to_clipboard(marked)
        elif self.busy:
            self.action_stop()
        else:
            self.notify(f"Nothing is arriving. {self.app.key_of('quit')} leaves; everything is saved.")

    # -- a reply, the last one or one that is looked at ---------------------------------------------------------------

    @on(MessageBox.Asked)
    async def _asked(self, event: MessageBox.Asked) -> None:
        turn, box = event.box.turn, event.box
        match event.what:
            case "older" | "newer":
                await self._step(box, -1 if event.what == "older" else 1)
            case "edit":
                self._edit(turn)
            case "another":
                self._again(turn)
            case "go_on":
                self._go_on(turn)
            case "more" | "less":
                self.judge(turn.id, event.what)
            case "copy":
                self.app.copy_to_clipboard(turn.text)
            case "why":
                self._why(turn)

    async def _step(self, box: MessageBox, step: int) -> None:
        """To the alternative before or after this one."""
        place = box.family.index(box.turn.id) + step if box.family else -1
        if not 0 <= place < len(box.family):
            self.notify("There is no other one there.")
        elif self.busy or self.conversation is None:
            self.notify(WAIT)
        else:
            await asyncio.to_thread(self.conversation.select, box.family[place])
            await self.show_conversation(at=box.family[place])

    def _edit(self, turn: Turn) -> None:
        if turn.role is Role.USER:
            self.composer.edit_earlier(turn.id, turn.text)
        else:
            self.notify("A reply cannot be edited; ask for another one instead.")

    def _again(self, turn: Turn) -> None:
        if self.conversation is not None:
            self.start(partial(self.conversation.regenerate, turn.id))

    def _go_on(self, turn: Turn) -> None:
        if turn.role is Role.USER:
            self._again(turn)
        elif self.conversation is not None:
            self.start(partial(self.conversation.go_on, turn.id))

    def _why(self, turn: Turn) -> None:
        if turn.role is Role.USER or turn.status is Status.STREAMING:
            self.notify("Only a reply that is finished has a why; choose one.")
        elif self.conversation is not None:
            self.app.push_screen(WhyScreen(self.conversation.store, turn.id))

    def _last_reply(self) -> Turn | None:
        turn = self.transcript.last_reply
        if turn is None:
            self.notify(NO_REPLY)
        return turn

    def action_why(self) -> None:
        if turn := self._last_reply():
            self._why(turn)

    def action_judge(self, word: str) -> None:
        if turn := self._last_reply():
            self.judge(turn.id, word)

    def action_copy(self) -> None:
        if turn := self._last_reply():
            self.app.copy_to_clipboard(turn.text)

    def action_regenerate(self) -> None:
        """Another reply to the last message, also where it has none yet."""
        if self.transcript.turns:
            self._again(self.transcript.turns[-1])
        else:
            self.notify(NO_REPLY)

    def action_go_on(self) -> None:
        if turn := self._last_reply():
            self._go_on(turn)

    # -- reading ------------------------------------------------------------------------------------------------------

    def action_page(self, direction: int) -> None:
        page = self.transcript.scroll_page_up if direction < 0 else self.transcript.scroll_page_down
        page(animate=False)

    async def action_beginning(self) -> None:
        await self.transcript.to_beginning()

    async def action_end(self) -> None:
        await self.transcript.to_end()
        self.composer.focus()

    def action_panel(self) -> None:
        """Show the panel, or put it away."""
        self.toggle_class("-panel")
        if self.has_class("-panel"):
            self.refresh_panel()
            self.query_one(TacticPanel).focus()
        else:
            self.composer.focus()

    # -- conversations ------------------------------------------------------------------------------------------------

    @work
    async def action_new(self) -> None:
        """Another conversation, with the same model."""
        if await self._may_leave():
            assert self.conversation is not None
            fresh = self.conversation.store.new_session(self.conversation.settings.model)
            await self._go_to(fresh.id)
            self.check_in("before")

    @work
    async def action_sessions(self) -> None:
        if self.conversation is None:
            self.notify("The conversations are not open yet.")
            return
        chosen = await self.app.push_screen_wait(SessionsScreen(self.conversation.store, self.conversation.session.id))
        if chosen is None:
            return
        if chosen.session_id == self.conversation.session.id:
            if not self.busy:
                await self._turn_to(chosen.turn_id)
        elif await self._may_leave():
            await self._go_to(chosen.session_id, chosen.turn_id)

    @on(SessionsScreen.Deleted)
    def _deleted(self, event: SessionsScreen.Deleted) -> None:
        """The conversation that was open is gone: another one begins."""
        if self.conversation is not None and event.session_id == self.conversation.session.id:
            self.take_back()
            self._begin_another(self.conversation)

    @work
    async def _begin_another(self, conversation: Conversation) -> None:
        await asyncio.to_thread(conversation.stop)
        if self.busy:
            await self.at_rest.wait()
        await self._go_to(conversation.store.new_session(conversation.settings.model).id)

    async def _may_leave(self) -> bool:
        """Whether another conversation can be opened now; asks the question after this one, where that is wanted."""
        if self.busy or self.conversation is None:
            self.notify(WAIT)
            return False
        await self.check_out()
        return True

    async def _go_to(self, session_id: str, turn_id: int | None = None) -> None:
        assert self.conversation is not None
        self.said_here = False
        await asyncio.to_thread(self.conversation.open, self.conversation.store.session(session_id))
        await self._turn_to(turn_id)
        self.composer.focus()

    async def _turn_to(self, turn_id: int | None) -> None:
        """Show the conversation, along the alternatives that lead to this turn."""
        assert self.conversation is not None
        if turn_id is not None and turn_id not in {turn.id for turn in self.conversation.turns()}:
            await asyncio.to_thread(self.conversation.select, turn_id)
        await self.show_conversation(at=turn_id)

    @work
    async def action_rename(self) -> None:
        if self.conversation is None:
            return
        store, session = self.conversation.store, self.conversation.session
        title = store.session(session.id).title or ""
        name = await self.app.push_screen_wait(Ask("Rename", "Another title for this conversation:", title))
        if name:
            store.rename(session.id, clean(name))
            self.notify("Renamed.")

    @work
    async def action_export(self, kind: Literal["markdown", "jsonl"]) -> None:
        """Write the conversation to a file that the person names."""
        if self.conversation is None or not self.transcript.turns:
            self.notify("There is nothing to write yet.")
            return
        store, session = self.conversation.store, self.conversation.session
        suggested = Path.home() / f"companion-{session.id}.{'md' if kind == 'markdown' else 'jsonl'}"
        named = await self.app.push_screen_wait(
            Ask("Export", "Everything that was said goes into this file, readable by you alone:", str(suggested))
        )
        if not named:
            return
        path = Path(named).expanduser()
        try:
            await asyncio.to_thread(write_session, store, session, path, kind)
        except CompanionError as error:
            self.notify(str(error), severity="error", timeout=12)
        else:
            self.notify(f"Written to {path}.")

    # -- how the person feels -----------------------------------------------------------------------------------------

    @work
    async def check_in(self, moment: Literal["before"]) -> None:
        """The question before a conversation, where it is wanted."""
        if self.app.settings.check_in:
            await self._ask_mood(moment)

    async def check_out(self) -> None:
        """The question after one, where it is wanted and something was said."""
        if self.app.settings.check_in and self.said_here:
            await self._ask_mood("after")

    async def _ask_mood(self, moment: Literal["before", "after"]) -> None:
        value = await self.app.push_screen_wait(CheckIn(moment))
        if value is not None and self.conversation is not None:
            self.conversation.store.add_mood(self.conversation.session.id, moment, value)

    def action_check_in(self) -> None:
        """Switch the question on or off, from now on and for later."""
        wanted = not self.app.settings.check_in
        self.app.set("check_in", wanted)
        self.notify(
            "Check-in is on: you are asked how you feel before and after a conversation. The answers stay here."
            if wanted
            else "Check-in is off."
        )

    # -- when it does not open ----------------------------------------------------------------------------------------

    @work
    async def cannot_open(self, error: CompanionError) -> None:
        """Nothing can be begun: what is wrong, and what can be done."""
        if isinstance(error, encrypted.PassphraseNeeded):
            wrong = isinstance(error, encrypted.WrongPassphrase)
            text = str(error) if wrong else "They open with your passphrase. What you type is not shown."
            typed = await self.app.push_screen_wait(Ask("Your conversations are encrypted", text, hidden=True))
            if typed:
                encrypted.remember(error.path, typed)
                self.open()
                return
        if isinstance(error, ConsentNeeded):
            answers = [("quit", "Leave"), ("agree", "I agree")]
            answer = await self.app.push_screen_wait(
                Question("This model is on another machine", error.question, answers)
            )
            if answer == "agree":
                folder = None if self.app.off_record else paths.private_folder(paths.state_folder())
                consent.give(error.address, folder)
                self.open()
            elif answer == "quit":
                await self.app.action_quit()
            return
        if isinstance(
            error, NotFound
        ):  # a model, or the conversation to go on with: talking off the record needs them too
            title, text, ways = "Something is missing", str(error), [("again", "Try again")]
        else:
            title = "Your conversations cannot be opened"
            text = f"{error}\n\nYou can also talk off the record: then nothing of it is kept."
            ways = [("again", "Try again"), ("off-record", "Talk off the record")]
        answer = await self.app.push_screen_wait(Question(title, text, [*ways, ("quit", "Leave")]))
        if answer == "off-record":
            self.app.off_record = self.status.off_record = True
        if answer in {"again", "off-record"}:
            self.open()
        elif answer == "quit":
            await self.app.action_quit()

    # -- feedback -----------------------------------------------------------------------------------------------------

    def judge(self, turn_id: int, word: str) -> None:
        """The person's word on a reply, more or less of this; what it moved is said."""
        if self.conversation is None:
            return
        before = taste.taste_of(self.conversation.store)
        try:
            stands = taste.judge(self.conversation.store, turn_id, Feedback(word))
        except CompanionError as error:
            self.notify(str(error))
            return
        after = taste.taste_of(self.conversation.store)
        moved = ", ".join(f"{tactic.label} x{after[tactic]:.2f}" for tactic in after if after[tactic] != before[tactic])
        said = {1: "More like this", -1: "Less of this", 0: "Taken back"}[stands]
        self.notify(f"{said}: {moved}." if moved else f"{said}. Nothing moved: it is as far as it goes.")
        self.transcript.relabel(*self._marks())
        self.refresh_panel()

    @on(TacticPanel.Preferred)
    def _preferred(self, event: TacticPanel.Preferred) -> None:
        if self.conversation:
            taste.prefer(self.conversation.store, event.tactic, event.feedback)
            self.refresh_panel()

    @on(TacticPanel.TasteReset)
    def _reset(self, event: TacticPanel.TasteReset) -> None:
        if self.conversation:
            store = self.conversation.store
            if event.tactic is None:
                store.reset_taste()
            else:
                store.set_taste({event.tactic.value: reset(taste.taste_of(store), event.tactic)[event.tactic]})
            self.refresh_panel()
