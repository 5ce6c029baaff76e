"""The plain interface: labelled lines in the ordinary terminal, no alternate screen, no spinner, no box.

It is also the screen-reader mode: what is new is always the last line, and nothing on the screen changes afterwards.
"""

from __future__ import annotations

import getpass
import os
import readline  # noqa: F401  # importing it gives `input` its line editing; nothing is written to a history file
import select
import signal
import sys
import threading
import time
from collections import deque
from collections.abc import Callable, Collection, Iterator
from contextlib import contextmanager, suppress
from datetime import date, datetime, timedelta
from types import FrameType
from typing import TextIO

from companion.conversation import Conversation
from companion.engine.protocol import EngineError, LoadProgress
from companion.errors import CompanionError
from companion.events import Failed, Finished, Remarked, ReplyBegun, RiskRaised, Stopped, Thought, Token, Trimmed
from companion.explain import explain_reply
from companion.safety.cards import Card, card
from companion.safety.lock import CHOOSE, FORGOTTEN, WRONG, Lock
from companion.safety.reminders import Breaks, wall_clock
from companion.text import clean

COMMANDS = """\
/help   this list, and where to find help from people
/why    the plan behind the last reply, and the ways its sentences could have gone
/thoughts   what the model thought before the last reply, where it thinks
/stop   stop the reply that is arriving (so does Ctrl-C); what has arrived is kept
/hide   clear the screen and what the terminal kept of it; Enter goes on
/lock   the same, until your passphrase or a code is typed
/quit   leave (so does Ctrl-D); everything is saved"""


CLEARING = frozenset({"/hide", "/lock"})
CLEAR = "\x1b[H\x1b[2J\x1b[3J"
"""The screen, and what the terminal keeps above it."""


class PlainChat:
    """One conversation on a pair of text streams; a terminal may type while a reply arrives."""

    def __init__(
        self,
        conversation: Conversation,
        *,
        lines: TextIO | None = None,
        out: TextIO | None = None,
        clock: Callable[[], datetime] = wall_clock,
    ) -> None:
        self._conversation = conversation
        self._breaks = Breaks(timedelta(hours=conversation.settings.break_hours), clock)
        self._in, self._out = lines or sys.stdin, out or sys.stdout
        self._terminal = self._in.isatty()
        self._waiting: deque[str] = deque()
        self._last: int | None = None
        """The last reply."""
        self._thoughts: list[str] = []
        """What was thought before it. It is kept here until the next reply, and nowhere else."""
        self._warned = False
        self._waits = False
        """Whether Ctrl-C may interrupt: while the model loads and while a line is awaited. Else it stops the reply."""
        self._stops: list[threading.Thread] = []

    def run(self) -> int:
        """Talk until the person leaves; returns the exit code."""
        self._waits = True  # before the handlers are there: nothing is arriving yet that a Ctrl-C could stop
        with self._signals():
            self._load()
            self._talk({"/quit"})
        self._print("Goodbye. This conversation is saved." if self._conversation.store.path else "Goodbye.")
        return 0

    def _talk(self, ways_out: Collection[str]) -> str | None:
        """Talk until one of these commands is given, and return it; None where no more lines come."""
        for line in self._lines():
            command = clean(line).strip()
            if command in ways_out:
                return command
            if command in CLEARING and self._terminal:
                if not self._cleared(command):
                    return None
            elif command.startswith("/") and "\n" not in command and " " not in command:
                self._print(self._command(command))
            elif command:
                self._turn(line)
        return None

    # -- reading ------------------------------------------------------------------------------------------------------

    def _lines(self) -> Iterator[str]:
        while True:
            if self._waiting:
                line = self._waiting.popleft()
                self._print(f"You: {clean(line).strip()}")
                yield line
                continue
            asked = self._asked("You: ")
            if asked is None:
                return
            yield asked

    def _asked(self, prompt: str) -> str | None:
        """The next line, or None where no more come. A pipe is not prompted."""
        return self._prompted(prompt) if self._terminal else self._piped()

    def _prompted(self, prompt: str) -> str | None:
        """A line from the terminal, or None at its end. readline edits it, and takes pastes of any size and shape."""
        while True:
            self._waits = True
            try:
                return input(prompt)
            except EOFError:
                self._print("")
                return None
            except KeyboardInterrupt:
                self._print("\nNothing is arriving. Type /quit or press Ctrl-D to leave.")
            finally:
                self._waits = False

    def _piped(self) -> str | None:
        """A line from a pipe or a file, or None at its end."""
        self._waits = True
        try:
            return self._in.readline() or None
        finally:
            self._waits = False

    @contextmanager
    def _typing(self) -> Iterator[None]:
        """While a reply arrives, lines typed in a terminal are commands, or messages for later."""
        if not self._terminal:
            yield
            return
        woken, wake = os.pipe()

        def listen() -> None:
            typed = b""
            source = self._in.fileno()
            with suppress(OSError):  # the terminal is gone; HUP, or the next line to be shown, ends the program
                while woken not in select.select([source, woken], [], [])[0]:
                    part = os.read(source, 65536)
                    if not part:
                        return
                    *lines, typed = (typed + part).split(b"\n")
                    for line in lines:
                        self._typed(line.decode("utf-8", "replace").strip())

        listener = threading.Thread(target=listen, daemon=True)
        listener.start()
        try:
            yield
        finally:
            os.write(wake, b".")
            listener.join()
            os.close(woken)
            os.close(wake)

    def _typed(self, line: str) -> None:
        if line == "/stop":
            self._conversation.stop()
        elif line in CLEARING:  # at once, and not after what is arriving
            self._waiting.appendleft(line)
            self._conversation.stop()
        elif line:
            self._waiting.append(line)

    # -- doing --------------------------------------------------------------------------------------------------------

    def _load(self) -> None:
        said = -10.0

        def progress(step: LoadProgress) -> None:
            nonlocal said
            if step.seconds - said >= 2 and step.seconds > 1:  # a quick load says nothing at all
                said = step.seconds
                self._print(self._loading(step))

        try:
            self._conversation.engine.load(progress)
            self._catch_up()
        except EngineError as error:
            self._print(self._not_loaded(error))
        finally:
            self._waits = False

    def _loading(self, step: LoadProgress) -> str:
        """What is said while the model loads."""
        share = f"{step.fraction:.0%} of " if step.fraction is not None else ""
        return f"Loading the model: {share}{step.size / 1e6:,.0f} MB, {step.seconds:.0f} s. Ctrl-C leaves."

    def _not_loaded(self, error: EngineError) -> str:
        """What is said where it could not be."""
        return f"Note: {error} You can still read and write here; every message is saved."

    def _catch_up(self) -> None:
        """A session that is gone on with is read by the model before the first message, so that its reply is quick."""
        said = started = time.monotonic()

        def progress(read: int, whole: int) -> None:
            nonlocal said
            now = time.monotonic()
            if now - said >= 2 and read < whole:
                said = now
                self._print(
                    f"Reading the conversation so far: {read:,} of {whole:,} tokens, {now - started:.0f} s. "
                    "Ctrl-C goes on without."
                )

        try:
            self._conversation.catch_up(progress)
        except KeyboardInterrupt:
            self._conversation.engine.cancel()
            self._print("The rest is read with your next message.")

    def _command(self, command: str) -> str:
        if command == "/help":
            return f"{COMMANDS}\n\n{self._card().text()}"
        if command == "/why":
            if self._last is None:
                return "There is no plan yet; it is made with each reply."
            return explain_reply(self._conversation.store, self._last)
        if command == "/thoughts":
            return "".join(self._thoughts).strip() or "Nothing was thought before the last reply."
        if command == "/stop":
            return "Nothing is arriving."
        if command in CLEARING:
            return f"{command} works where lines are typed in a terminal."
        return f"There is no command {command}. /help lists them."

    def _cleared(self, command: str) -> bool:
        """Clear the screen until the person comes back; False where they leave instead."""
        self._write(CLEAR)
        try:
            if command == "/hide":
                self._unseen("Enter goes on.")
            else:
                self._locked()
        except EOFError:
            self._print("")
            return False
        self._print("What was said before is off the screen; `companion sessions show` has what is saved.")
        return True

    def _locked(self) -> None:
        """Until the passphrase is typed, or the code that is chosen now. Raises EOFError where they leave."""
        lock = Lock.of(self._conversation.store.path)
        if lock is None:
            code = self._unseen(f"{CHOOSE}\nCode: ")
            if not code:
                return
            lock = Lock(code)
            self._write(CLEAR)
            self._print(FORGOTTEN)
        while not lock.opens(self._unseen(f"{lock.sentence} Ctrl-D leaves. ")):
            self._print(WRONG)

    def _unseen(self, prompt: str) -> str:
        """What is typed without being shown; Ctrl-C begins the line anew. Raises EOFError."""
        while True:
            self._waits = True
            try:
                return getpass.getpass(prompt)
            except KeyboardInterrupt:
                self._print("")
            finally:
                self._waits = False

    def _card(self, *, imminent: bool = False, minor: bool = False) -> Card:
        return card(self._conversation.settings.country, imminent=imminent, minor=minor, today=date.today())

    def _turn(self, line: str) -> None:
        if suggestion := self._breaks.due(minor=self._conversation.minor):
            self._print(f"Note: {suggestion}")
        while self._stops:  # one that is late must not stop what comes now
            self._stops.pop().join()
        labelled = False
        self._thoughts, took = [], ""
        with self._typing():
            try:
                for event in self._conversation.say(line):
                    match event:
                        case RiskRaised(_, risk) if risk.card:
                            shown = self._card(imminent=risk.imminent, minor=risk.minor)
                            self._print(f"\n{shown.brief() if risk.card_again else shown.text()}\n")
                        case ReplyBegun(turn_id):
                            self._last = turn_id
                        case Trimmed(messages) if not self._warned:
                            self._warned = True
                            self._print(
                                f"Note: this conversation is long; its first {messages} messages are out of the "
                                "model's view."
                            )
                        case Remarked(text):
                            self._print(f"Note: {text}")
                        case Thought(text):
                            took = event.took
                            if not self._thoughts:
                                self._print("Thinking.")
                            self._thoughts.append(text)
                        case Token(text):
                            if self._thoughts and not labelled:
                                self._print(f"Thought for {took}; /thoughts shows it.")
                            self._write(text if labelled else f"Companion: {text}")
                            labelled = True
                        case Finished() | Stopped() | Failed():
                            self._print("" if labelled else None)
                            if isinstance(event, Stopped):
                                self._print("Stopped. What had arrived is kept.")
                            elif isinstance(event, Failed):
                                self._print(f"Note: {event.message}")
                            elif not labelled:
                                self._print("Companion: (no words came; try saying it differently)")
                        case _:
                            pass
            except CompanionError as error:
                self._print("" if labelled else None)
                self._print(f"Note: {error}")

    # -- the streams --------------------------------------------------------------------------------------------------

    def _write(self, text: str) -> None:
        self._out.write(text)
        self._out.flush()

    def _print(self, text: str | None) -> None:
        if text is not None:
            self._write(f"{text}\n")

    @contextmanager
    def _signals(self) -> Iterator[None]:
        """Ctrl-C stops a reply and is answered at the prompt. TERM and HUP leave with everything saved."""

        def interrupt(number: int, frame: FrameType | None) -> None:
            if self._waits:
                self._waits = False  # a second press must not interrupt the answer to the first
                raise KeyboardInterrupt
            # In a thread: what this handler interrupts may hold the very lock that a stop waits for.
            stop = threading.Thread(target=self._conversation.stop, name="stop", daemon=True)
            self._stops.append(stop)
            stop.start()

        def terminate(number: int, frame: FrameType | None) -> None:
            raise SystemExit(128 + number)

        before = [
            (number, signal.signal(number, handler))
            for number, handler in ((signal.SIGINT, interrupt), (signal.SIGTERM, terminate), (signal.SIGHUP, terminate))
        ]
        try:
            yield
        finally:
            for number, handler in before:
                signal.signal(number, handler)
