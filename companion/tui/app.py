"""The Textual application: screens, keys, themes, and an end that always restores the terminal."""

from __future__ import annotations

import asyncio
import os
import signal
import sys
from collections.abc import Callable, Iterable, Sequence
from contextlib import suppress
from datetime import date, datetime
from functools import partial
from typing import TYPE_CHECKING, Any

from textual import on, work
from textual.app import App, SystemCommand
from textual.binding import Binding
from textual.driver import Driver
from textual.screen import Screen

from companion import paths, settings
from companion.errors import CompanionError
from companion.safety import notice
from companion.safety.cards import Card, card
from companion.safety.letter import LetterBox
from companion.safety.lock import Lock
from companion.safety.plan import PlanBook
from companion.safety.reminders import wall_clock
from companion.settings import Settings
from companion.tui import clipboard
from companion.tui.chat import ChatScreen
from companion.tui.check_in import CheckIn
from companion.tui.composer import Composer
from companion.tui.conversation_screen import ConversationScreen
from companion.tui.dialogs import Ask, Question
from companion.tui.help_card import HelpCard
from companion.tui.hidden import HiddenScreen, neutral_title
from companion.tui.keys import key, spelled
from companion.tui.keys_screen import KeysScreen, check_keymap
from companion.tui.letter import LetterScreen, Tick
from companion.tui.lock import REACHABLE, LockScreen
from companion.tui.message import MessageBox
from companion.tui.safety_plan import SafetyPlanScreen
from companion.tui.sessions import SessionsScreen
from companion.tui.tactic_panel import TacticPanel
from companion.tui.talking import Opener
from companion.tui.terminal import lasting
from companion.tui.themes import THEMES, use_themes
from companion.tui.why import WhyScreen

if TYPE_CHECKING:
    from companion.safety.risk.assessor import Risk

PATIENCE = 5.0
"""Seconds that a reply has to end before the program ends without it."""


class CompanionApp(App[int]):
    """Returns the exit code."""

    FIRST_SCREEN: type[ConversationScreen] = ChatScreen
    TITLE = "companion"
    ENABLE_COMMAND_PALETTE = True
    COMMAND_PALETTE_BINDING = "ctrl+p"

    BINDINGS = [
        key("help", "ctrl+g", "help_card", "Help from people", "Where to find help from people.", priority=True),
        key("safety-plan", "ctrl+s", "safety_plan", "Safety plan", "Your own page for hard moments.", priority=True),
        key("keys", "f1", "keys", "Keys", "All keys, what they do, and how to change them.", priority=True),
        key("hide", "ctrl+l", "hide", "Hide", "Clear the screen at once; Enter brings it back.", priority=True),
        key("lock", "alt+l", "lock", "Lock", "Clear the screen; your passphrase or a code opens it.", priority=True),
        key("palette", "ctrl+p", "command_palette", "Commands", "Everything that can be done, by name.", priority=True),
        key("quit", "ctrl+q", "quit", "Leave", "Leave; everything is saved.", priority=True),
    ]  # fmt: skip

    def __init__(
        self,
        opener: Opener,
        chosen: Settings,
        *,
        off_record: bool = False,
        clock: Callable[[], datetime] = wall_clock,
    ) -> None:
        """Raises UsageError for keys in the settings that cannot be used."""
        check_keymap(chosen.keys, groups())
        super().__init__()
        self.opener, self.settings, self.off_record, self.clock = opener, chosen, off_record, clock
        self.plans, self.letters = PlanBook(keep=not off_record), LetterBox(keep=not off_record)
        self._leaving = False
        self.fault: BaseException | None = None
        """What went wrong in the program itself, if something did."""

    def get_default_screen(self) -> Screen[None]:
        return self.FIRST_SCREEN()

    def get_driver_class(self) -> type[Driver]:
        return lasting(super().get_driver_class())

    @property
    def chat(self) -> ConversationScreen:
        screen = self.screen_stack[0]
        assert isinstance(screen, ConversationScreen)
        return screen

    def on_load(self) -> None:
        self.set_keymap(self.settings.keys)
        use_themes(self, self.settings.theme)

    def on_mount(self) -> None:
        neutral_title(self)
        with suppress(NotImplementedError, RuntimeError, ValueError):  # not in the main thread, as in some tests
            loop = asyncio.get_running_loop()
            for number in (signal.SIGTERM, signal.SIGHUP):
                loop.add_signal_handler(number, self._told_to_end, number)
        self.theme_changed_signal.subscribe(self, lambda theme: self._theme_chosen(theme.name))

    # -- what is asked from anywhere ----------------------------------------------------------------------------------

    def action_help_card(self) -> None:
        if not isinstance(self.screen, HelpCard):
            self.push_screen(HelpCard(self.card(), plans=self.plans, letters=self.letters, alone=self.locked))

    def action_safety_plan(self) -> None:
        if not isinstance(self.screen, SafetyPlanScreen):
            self.push_screen(SafetyPlanScreen(self.plans))

    def card(self, risk: Risk | None = None) -> Card:
        """Where to find help from people, for this person and what they said."""
        return card(
            self.settings.country,
            imminent=risk is not None and risk.imminent,
            minor=risk is not None and risk.minor,
            today=date.today(),
        )

    def action_keys(self) -> None:
        if not isinstance(self.screen, KeysScreen):
            self.push_screen(KeysScreen(self.key_groups()))

    def key_groups(self) -> list[tuple[str, list[Binding]]]:
        """What the list of keys shows."""
        return groups()

    def action_hide(self) -> None:
        if not isinstance(self.screen, HiddenScreen):
            self.push_screen(HiddenScreen())

    @property
    def locked(self) -> bool:
        """Whether the chat is locked."""
        return any(isinstance(screen, LockScreen) for screen in self.screen_stack)

    def action_lock(self) -> None:
        conversation = self.chat.conversation
        path = conversation.store.path if conversation is not None else None
        ways = f"{self.key_of('quit')} leaves; everything is saved. {self.key_of('help')} shows where to find help."
        self.push_screen(LockScreen(Lock.of(path), ways))

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """While the chat is locked nothing is to be had but help, and the way out."""
        return not (self.locked and action not in REACHABLE) and super().check_action(action, parameters)

    def get_system_commands(self, screen: Screen[object]) -> Iterable[SystemCommand]:
        """The palette: every action of the application and of the chat, and the themes."""
        for binding in (*self.BINDINGS, *(self.FIRST_SCREEN.BINDINGS if screen is self.chat else ())):
            assert isinstance(binding, Binding)
            if binding.id and binding.id != "palette":
                yield SystemCommand(binding.description, binding.tooltip, partial(self.do, binding.id))
        yield SystemCommand("Colours", "Light, dark, high contrast, or the terminal's own.", self.action_change_theme)

    def do(self, name: str) -> None:
        """What the key with this name does, of the application or of the chat."""
        binding = self.binding_named(name)
        assert binding is not None
        self.call_later(self.run_action, binding.action, self if binding in self.BINDINGS else self.chat)

    def binding_named(self, name: str) -> Binding | None:
        """The key with this name, of the application or of the chat."""
        return next(
            (
                each
                for each in (*self.BINDINGS, *self.FIRST_SCREEN.BINDINGS)
                if isinstance(each, Binding) and each.id == name
            ),
            None,
        )

    def key_of(self, name: str) -> str:
        """How the key with this name is shown, as it is bound now."""
        binding = self.binding_named(name)
        assert binding is not None
        bound = self.settings.keys.get(name, binding.key).split(",")[0]
        return self.get_key_display(binding.with_key(bound))

    def get_key_display(self, binding: Binding) -> str:
        return spelled(binding.key)

    def way_to_help(self) -> str:
        """What the status line ends with."""
        return f"{self.key_of('help')} help · {self.key_of('keys')} keys"

    def copy_to_clipboard(self, text: str) -> None:
        """Copy by the machine's own tools where there are any, else by the terminal; says which way it went."""
        self._clipboard = text
        self._copy(text)

    @work(thread=True, group="copy")
    def _copy(self, text: str) -> None:
        said = clipboard.copy(text, lambda sequence: self.call_from_thread(self._write_to_terminal, sequence))
        self.call_from_thread(self.notify, said)

    def _write_to_terminal(self, sequence: str) -> None:
        if self._driver is not None:
            self._driver.write(sequence)

    @on(WhyScreen.Judged)
    def _judged(self, event: WhyScreen.Judged) -> None:
        if isinstance(self.chat, ChatScreen):
            self.chat.judge(event.turn_id, event.feedback)
        if isinstance(self.screen, WhyScreen):
            self.screen.refresh_rating()

    @on(WhyScreen.CopyWanted)
    @on(SafetyPlanScreen.CopyWanted)
    @on(LetterScreen.CopyWanted)
    def _copy_that(self, event: WhyScreen.CopyWanted | SafetyPlanScreen.CopyWanted | LetterScreen.CopyWanted) -> None:
        self.copy_to_clipboard(event.text)

    def notify(self, message: str, *, markup: bool = False, **options: Any) -> None:
        """What is said in passing is never markup."""
        super().notify(message, markup=markup, **options)

    # -- what is kept for the next time -------------------------------------------------------------------------------

    def set(self, name: str, value: object) -> None:
        """Set something from now on and, unless this is off the record, for the next time."""
        self.settings = self.settings.changed(**{name: value})
        if not self.off_record:
            try:
                settings.set_value(name, value)
            except CompanionError as error:
                self.notify(str(error), severity="warning")

    def _theme_chosen(self, name: str) -> None:
        if name != self.settings.theme and name in {theme.name for theme in THEMES}:
            self.set("theme", name)

    def notice_is_due(self) -> bool:
        """Whether the notice of this day has still to be shown; asking counts as showing."""
        today = date.today()
        due = notice.due(paths.state_folder(), today)
        if due and not self.off_record:
            notice.shown(paths.state_folder(), today)
        return due

    # -- the end ------------------------------------------------------------------------------------------------------

    async def action_quit(self) -> None:
        """Leave: a reply that is arriving is stopped and kept. Asked a second time, leave without waiting for it."""
        if self._leaving:
            self.exit(0)
            return
        self._leaving = True
        self._leave(0)

    def _told_to_end(self, number: int) -> None:
        self._leaving = True
        self._leave(128 + number, ask=False)

    @work(group="leave")
    async def _leave(self, code: int, *, ask: bool = True) -> None:
        chat = self.chat
        if ask:
            while len(self.screen_stack) > 1:
                self.pop_screen()
            await chat.check_out()
        conversation = chat.conversation
        if conversation is not None:
            chat.take_back()
            await asyncio.to_thread(conversation.stop)
            with suppress(TimeoutError):
                await asyncio.wait_for(chat.at_rest.wait(), PATIENCE)
            await asyncio.to_thread(conversation.close)
        self.exit(code)

    def _fatal_error(self) -> None:
        """A fault ends the program with a sentence, said by whoever started it, and not with a traceback."""
        self.fault = sys.exc_info()[1]
        if os.environ.get("COMPANION_DEBUG"):
            super()._fatal_error()
        else:
            self._close_messages_no_wait()


def groups() -> list[tuple[str, list[Binding]]]:
    """Every key by where it works, in the order of the list of keys."""
    return bindings_of(
        [
            ("Anywhere", [CompanionApp]),
            ("While you write", [Composer]),
            ("In the chat", [ChatScreen]),
            ("On a message", [MessageBox]),
            ("In the tactics", [TacticPanel]),
            ("Among the conversations", [SessionsScreen]),
            ("In why this reply", [WhyScreen]),
            ("On the help card", [HelpCard]),
            ("In the safety plan", [SafetyPlanScreen]),
            ("In a message to someone", [LetterScreen, Tick]),
            ("In questions", [Question, Ask, CheckIn]),
            ("In the list of keys", [KeysScreen]),
            ("While hidden", [HiddenScreen]),
        ]
    )


def bindings_of(places: Sequence[tuple[str, Sequence[type]]]) -> list[tuple[str, list[Binding]]]:
    """The keys of these classes by place."""
    return [
        (
            name,
            [
                binding
                for owner in owners
                for binding in vars(owner).get("BINDINGS", ())
                if isinstance(binding, Binding)
            ],
        )
        for name, owners in places
    ]
