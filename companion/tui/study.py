"""A sitting of an experiment on the full screen: nothing shows which arm it is, and help from people is everywhere."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterable
from typing import TYPE_CHECKING

from textual import on, work
from textual.app import SystemCommand
from textual.binding import Binding
from textual.screen import Screen

from companion.errors import CompanionError
from companion.events import Reply
from companion.experiment.sitting import ENOUGH, TROUBLE, WITHDRAWN, BlindConversation, Sitting
from companion.safety.letter import LetterBox
from companion.safety.plan import PlanBook
from companion.settings import Settings
from companion.store.experiments import Moment
from companion.text import clean
from companion.tui.app import PATIENCE, CompanionApp, bindings_of
from companion.tui.composer import Composer
from companion.tui.conversation_screen import ConversationScreen
from companion.tui.dialogs import Question
from companion.tui.help_card import HelpCard
from companion.tui.hidden import HiddenScreen
from companion.tui.keys import key
from companion.tui.keys_screen import KeysScreen
from companion.tui.letter import LetterScreen, Tick
from companion.tui.safety_plan import SafetyPlanScreen
from companion.tui.study_questions import Asked, Consent

if TYPE_CHECKING:
    from companion.conversation import Conversation

COMMANDS = {"help": "help_card", "keys": "keys", "finish": "quit", "quit": "quit", "withdraw": "withdraw"}


class StudyScreen(ConversationScreen):
    """Consent, questions, a conversation without any of the chat's tools, questions."""

    app: StudyApp

    DEFAULT_CSS = """
    StudyScreen.-asking {
        & Composer { display: none; }
        & StatusLine { display: none; }
        & #main { margin-bottom: 14; }
    }
    """
    """Room for the question below the reply that it is about."""

    BINDINGS = [
        key("stop", "escape", "stop", "Stop", "Stop the reply that is arriving; what has arrived is kept."),
        key("withdraw", "f12", "app.withdraw", "Withdraw", "Stop, and have all you wrote and answered deleted."),
        key("page-up", "pageup", "page(-1)", "Page up", "Read what was said before.", priority=True),
        key("page-down", "pagedown", "page(1)", "Page down", "Read on.", priority=True),
    ]

    def __init__(self) -> None:
        super().__init__()
        self._replied: int | None = None
        """The reply that came to the latest message."""

    @property
    def _sitting(self) -> Sitting:
        return self.app.sitting

    @work
    async def begin(self) -> None:  # type: ignore[override]  # a worker, which is nobody's to wait for
        """Nothing is opened, and nothing kept, before they have consented."""
        self.status.blind = True
        if await self.app.push_screen_wait(Consent(self._sitting.design.title, self._sitting.consent)):
            self.app.consented = True
            self.open()
        else:
            self.app.exit(0)

    @work
    async def begin_sitting(self) -> None:  # type: ignore[override]
        await self.ask("before")

    async def check_out(self) -> None:
        """The last questions are asked by who finishes."""

    async def ask(self, moment: Moment, turn_id: int | None = None) -> None:
        """Every question of this moment, one after the other."""
        for question in self._sitting.questions(moment):
            value = await self.app.push_screen_wait(Asked(question, about_reply=moment == "reply"))
            self._sitting.answer(moment, question, value, turn_id)

    async def _ended(self, reply: Reply) -> None:
        await super()._ended(reply)
        self._replied = reply.turn_id

    @on(Composer.Sent)
    def _sent(self, event: Composer.Sent) -> None:
        text = clean(event.text).strip()
        if not text.startswith("/") or any(character.isspace() for character in text):
            self._exchange(text)
        elif text[1:] in COMMANDS:
            self.app.call_later(self.app.run_action, COMMANDS[text[1:]])
        else:
            self.notify(f"There is no command {text}. There are: {', '.join(f'/{name}' for name in COMMANDS)}.")

    @work
    async def _exchange(self, text: str) -> None:
        """A message, the reply, the questions about it. Nothing is typed meanwhile: it could pass for an answer."""
        self.composer.disabled = True
        self._replied = None
        self.say(text)
        while self.busy or self._waiting:
            await self.at_rest.wait()
            await asyncio.sleep(0)
        if self._replied is not None and self._sitting.asks_about(self._replied):
            self.add_class("-asking")
            self.transcript.scroll_end(animate=False)
            await self.ask("reply", self._replied)
            self.remove_class("-asking")
        if self._sitting.enough():
            await self.transcript.remark(f"{ENOUGH} {self.app.key_of('quit')} comes to the end.", stays=True)
        self.composer.disabled = False
        self.composer.focus()

    def action_stop(self) -> None:
        if self.busy and self.conversation is not None:
            self.take_back()
            self._stop(self.conversation)
        self.composer.focus()

    @work(thread=True, group="stop")
    def _stop(self, conversation: Conversation) -> None:
        conversation.stop()

    def action_page(self, direction: int) -> None:
        page = self.transcript.scroll_page_up if direction < 0 else self.transcript.scroll_page_down
        page(animate=False)

    def refresh_panel(self) -> None:
        """There is none."""

    def loading_line(self, text: str) -> str:
        return "Getting ready."

    def failure_line(self, text: str) -> str:
        return text

    def trouble_line(self, text: str) -> str:
        return TROUBLE

    def cannot_open(self, error: CompanionError) -> None:
        self.app.trouble = error
        self.app.exit(1)


class StudyApp(CompanionApp):
    """One participant. The person's own plans and letters are not theirs to see, and theirs are not kept."""

    FIRST_SCREEN = StudyScreen
    ENABLE_COMMAND_PALETTE = False

    def __init__(self, sitting: Sitting, opener: Callable[[], BlindConversation], chosen: Settings) -> None:
        """`opener` is called when they have consented."""
        super().__init__(lambda *, off_record, note: opener(), chosen)
        self.plans, self.letters = PlanBook(keep=False), LetterBox(keep=False)
        self.plans.forget()  # in memory: the owner's files stay, and are not read
        self.letters.forget()
        self.sitting = sitting
        self.consented = False
        self.trouble: CompanionError | None = None
        """Why it could not begin; said when the screen is gone, to who runs the experiment."""

    def way_to_help(self) -> str:
        return f"{super().way_to_help()} · {self.key_of('quit')} finish"

    def notice_is_due(self) -> bool:
        """Everybody is told; that it was shown says nothing about the owner's day."""
        return True

    def get_system_commands(self, screen: Screen[object]) -> Iterable[SystemCommand]:
        return ()

    def key_groups(self) -> list[tuple[str, list[Binding]]]:
        places: list[tuple[str, list[type]]] = [
            ("Anywhere", [CompanionApp]),
            ("While you write", [Composer]),
            ("In the conversation", [StudyScreen]),
            ("In questions", [Asked, Question, Consent]),
            ("On the help card", [HelpCard]),
            ("In the safety plan", [SafetyPlanScreen]),
            ("In a message to someone", [LetterScreen, Tick]),
            ("In the list of keys", [KeysScreen]),
            ("While hidden", [HiddenScreen]),
        ]
        return bindings_of(places)

    async def action_quit(self) -> None:
        """Come to the end, go on, or withdraw; before they have consented, and asked a second time, just leave."""
        if self._leaving or not self.consented:
            self.exit(0)
        elif not isinstance(self.screen, Question):
            self._ask_to_leave()

    def action_withdraw(self) -> None:
        """Stop taking part, and have everything deleted."""
        if self.consented and not isinstance(self.screen, Question):
            self._ask_to_withdraw()

    @work(group="leave-study")
    async def _ask_to_leave(self) -> None:
        answer = await self.push_screen_wait(
            Question(
                "Leave",
                "You can come to the end now, with the last questions. You can also withdraw: then everything you "
                "wrote and answered is deleted.",
                [("finish", "Finish"), ("go-on", "Go on"), ("withdraw", "Withdraw")],
            )
        )
        if answer == "withdraw":
            self._ask_to_withdraw()
        elif answer == "finish":
            await self._rest()
            await self.study.ask("after")
            self.sitting.finish()
            await self._last_words("Thank you", self.sitting.farewell)

    @work(group="leave-study")
    async def _ask_to_withdraw(self) -> None:
        sure = await self.push_screen_wait(
            Question(
                "Withdraw",
                "Delete everything you wrote and answered, and stop?",
                [("no", "Go on taking part"), ("yes", "Delete it")],
            )
        )
        if sure != "yes":
            return
        await self._rest()
        try:
            await asyncio.to_thread(self.sitting.withdraw)
        except CompanionError as error:  # another program holds the file
            await self._last_words("Withdrawn", str(error))
        else:
            await self._last_words("Withdrawn", WITHDRAWN)

    @property
    def study(self) -> StudyScreen:
        screen = self.chat
        assert isinstance(screen, StudyScreen)
        return screen

    async def _rest(self) -> None:
        """Whatever is going on is over: a reply that is arriving is stopped and kept."""
        chat = self.study
        chat.take_back()
        if chat.conversation is not None:
            await asyncio.to_thread(chat.conversation.stop)
            await asyncio.wait_for(chat.at_rest.wait(), PATIENCE)
            await asyncio.to_thread(chat.conversation.interrupt)

    async def _last_words(self, title: str, text: str) -> None:
        await self.push_screen_wait(Question(title, text, [("close", "Close")]))
        self._leaving = True
        self._leave(0, ask=False)
