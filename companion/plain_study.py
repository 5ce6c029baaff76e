"""A sitting of an experiment as labelled lines: for screen readers, and wherever there is no full screen."""

from __future__ import annotations

import sys
from typing import TextIO

from companion.engine.protocol import EngineError, LoadProgress
from companion.experiment.design import Question
from companion.experiment.sitting import DECLINED, ENOUGH, TROUBLE, WITHDRAWN, BlindConversation, Sitting
from companion.plain import PlainChat
from companion.store.experiments import Moment
from companion.text import clean

COMMANDS = """\
/help      this list, and where to find help from people
/stop      stop the reply that is arriving (so does Ctrl-C); what has arrived is kept
/finish    come to the end: the last questions, and your code
/withdraw  stop taking part, and have everything you wrote and answered deleted"""
WAYS_OUT = ("/finish", "/quit", "/withdraw")


def consents(sitting: Sitting, *, lines: TextIO | None = None, out: TextIO | None = None) -> bool:
    """Shows the consent and asks for a yes or a no; no more lines mean no. Nothing is kept."""
    source, shown = lines or sys.stdin, out or sys.stdout
    shown.write(f"{sitting.design.title}\n\n{sitting.consent}\n\n")
    while True:
        shown.write("Do you want to take part? Type yes or no: ")
        shown.flush()
        line = source.readline()
        answer = line.strip().casefold()
        if not source.isatty():
            shown.write("\n")
        if answer in {"yes", "y"}:
            return True
        if answer in {"no", "n"} or not line:
            shown.write(f"{DECLINED}\n")
            return False


class PlainStudy(PlainChat):
    """What a participant is asked and told, and a conversation in between."""

    def __init__(
        self,
        conversation: BlindConversation,
        sitting: Sitting,
        *,
        lines: TextIO | None = None,
        out: TextIO | None = None,
    ) -> None:
        super().__init__(conversation, lines=lines, out=out)
        self._sitting = sitting

    def run(self) -> int:
        """From the notice to the farewell; returns the exit code."""
        with self._signals():
            self._print(f"\n{self._sitting.notice}\n")
            self._questions("before")
            self._load()
            self._print("\nThe conversation begins. /help for help, /finish to come to the end.")
            way = self._until_over()
            if way == "/withdraw":
                self._conversation.interrupt()
                self._sitting.withdraw()
                self._print(WITHDRAWN)
                return 0
            if way is not None:
                self._questions("after")
                self._sitting.finish()
        self._print(f"\n{self._sitting.farewell}")
        return 0

    def _until_over(self) -> str | None:
        """The way in which the conversation ended; None where no more lines came."""
        while True:
            way = self._talk(WAYS_OUT)
            if way != "/withdraw" or self._yes("Delete everything you wrote and answered, and stop? yes or no: "):
                return way
            self._print("You are still taking part.")

    # -- questions ----------------------------------------------------------------------------------------------------

    def _questions(self, moment: Moment, turn_id: int | None = None) -> None:
        for question in self._sitting.questions(moment):
            self._sitting.answer(moment, question, self._answer(question), turn_id)

    def _answer(self, question: Question) -> int | str | None:
        """What is answered, None where it is left out."""
        self._print(f"\n{question.text}")
        if question.kind == "choice":
            self._print("\n".join(f"{number}  {option}" for number, option in enumerate(question.options, 1)))
        if question.ends:
            self._print(question.ends)
        most = len(question.answers)
        way = f"A number from 1 to {most}" if most else "A line of words"
        while True:
            line = self._asked(f"{way}, or Enter to leave it out: ")
            words = clean(line or "").strip()
            if not words:
                return None
            if not most:
                return words
            if words.isascii() and words.isdigit() and 1 <= int(words) <= most:
                return question.value(int(words))
            self._print(f"That is not a number from 1 to {most}.")

    def _yes(self, question: str) -> bool:
        return (self._asked(question) or "").strip().casefold() in {"yes", "y"}

    # -- the conversation ---------------------------------------------------------------------------------------------

    def _turn(self, line: str) -> None:
        before = self._last
        super()._turn(line)
        if self._last is not None and self._last != before and self._sitting.asks_about(self._last):
            self._questions("reply", self._last)
        if self._sitting.enough():
            self._print(f"\n{ENOUGH} /finish comes to the end.")

    def _command(self, command: str) -> str:
        if command == "/help":
            return f"{COMMANDS}\n\n{self._card().text()}"
        if command == "/why":
            return "There is no command /why here. /help lists them."
        return super()._command(command)

    def _loading(self, step: LoadProgress) -> str:
        return f"Getting ready: {step.seconds:.0f} s. Ctrl-C leaves."

    def _not_loaded(self, error: EngineError) -> str:
        return f"Note: {TROUBLE}"
