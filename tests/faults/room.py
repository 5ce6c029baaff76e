"""A home with a database, the programs that were run in it, and what went wrong there."""

from __future__ import annotations

import random
import shutil
from collections import Counter
from dataclasses import dataclass, field, fields
from pathlib import Path

from tests.faults.program import REPOSITORY, Program, outlived, send
from tests.faults.witness import Witness, turns_of

SAYINGS = (
    "my hamster died",
    "I cannot sleep, and the exam is tomorrow",
    "what should I do about the neighbours?",
    "nobody called on my birthday",
    "it went better than I thought\n\nthe talk, I mean",
    "I keep thinking about the garden; über den Zaun, 今日は, \U0001f33f",
)
MODEL = REPOSITORY / "models" / "mini.gguf"


@dataclass
class Tally:
    """What a run of the harness found."""

    conversations: int = 0
    """Programs in which something was said, or was about to be."""
    kills: int = 0
    """Of these, those in which the program, the model process or both were killed."""
    faults: Counter[str] = field(default_factory=Counter)
    committed: int = 0
    shown: int = 0
    """Replies that were seen in part or whole."""
    behind_damage: int = 0
    """Turns on damaged pages, which were reported as damage."""
    lost: list[str] = field(default_factory=list)
    unsound: list[str] = field(default_factory=list)
    """Databases that fail a check, or hold what cannot be."""
    hangs: list[str] = field(default_factory=list)
    traces: list[str] = field(default_factory=list)
    orphans: list[str] = field(default_factory=list)
    """Model processes that outlived their program."""
    stuck: list[str] = field(default_factory=list)
    """Programs that did not talk again after the fault was over."""

    @property
    def findings(self) -> dict[str, list[str]]:
        return {
            "lost turns": self.lost,
            "unsound databases": self.unsound,
            "hangs": self.hangs,
            "tracebacks": self.traces,
            "orphaned model processes": self.orphans,
            "did not recover": self.stuck,
        }

    @property
    def clean(self) -> bool:
        return not any(self.findings.values())

    def add(self, other: Tally) -> None:
        """Takes in what another one found."""
        for each in fields(self):
            setattr(self, each.name, getattr(self, each.name) + getattr(other, each.name))


@dataclass
class Room:
    """Where one fault after the other happens to the same database. `label` names it in what is reported."""

    home: Path
    chance: random.Random
    tally: Tally
    label: str
    inside: tuple[str, ...] = ()
    """What a program is started with to see this home."""
    witness: Witness = field(default_factory=Witness)
    sessions: list[str] = field(default_factory=list)
    number: int = 0
    _counted: tuple[int, int] = (0, 0)
    _lost: list[str] = field(default_factory=list)

    @property
    def database(self) -> Path:
        return self.home / "data" / "companion.db"

    def beside(self, name: str) -> Path:
        """A new place next to this home."""
        self.number += 1
        return self.home.with_name(f"{name}-{self.number}")

    def text(self) -> str:
        """A message that was not sent before."""
        self.number += 1
        text = f"{self.chance.choice(SAYINGS)} ({self.number})"
        self.witness.sent |= {text, f"{text}, or so", f"{text}, or so, or so", f"{text}, or so, or so, or so"}
        return text

    def variables(self) -> dict[str, str]:
        """Settings that take the program through its different ways to reply."""
        return {
            "COMPANION_CANDIDATES": str(self.chance.randint(1, 4)),
            "COMPANION_REPLY_TOKENS": str(self.chance.choice((16, 32, 64))),
            "COMPANION_CONTEXT": str(self.chance.choice((256, 1024))),
            "COMPANION_READ_AHEAD": str(self.chance.choice((True, False))),
        }

    def talker(self, session: str | None = None, **variables: str) -> Program:
        """A program that talks, in this session or a new one."""
        self.tally.conversations += 1
        arguments = [session] if session else []
        chosen = self.variables() | variables
        return Program("tests.faults.talker", *arguments, home=self.home, inside=self.inside, tells=True, **chosen)

    def some_session(self) -> str | None:
        """One that was talked in before, or None for a new one."""
        return self.chance.choice([*self.sessions, None])

    def companion(self, *arguments: str) -> Program:
        """The real program."""
        self.tally.conversations += 1
        return Program("companion", *arguments, home=self.home, inside=self.inside, **self.variables())

    def orders(self, program: Program, count: int) -> None:
        """Things to say, and other things to do."""
        for _ in range(count):
            program.order(say=self.text())
            if self.chance.random() < 0.4:
                program.order(again=self.chance.choice(("regenerate", "go_on", "edit")))
            if self.chance.random() < 0.4:
                program.order(pause=self.chance.uniform(0.0, 0.1))

    def moment(self, program: Program) -> None:
        """Lets the program run up to a random moment: a while after its start, or close to something it told."""
        if self.chance.random() < 0.3:
            program.pause(self.chance.uniform(0.0, 1.5))
            return
        wanted = len(program.facts) + self.chance.randint(1, 40)
        program.until(lambda: len(program.facts) >= wanted or (program.facts and program.idle), 5.0)
        program.pause(self.chance.uniform(0.0, 0.02))

    def talks_again(self, program: Program, *, tries: int = 2) -> None:
        """The fault is over: what is said now is answered. The first try may still meet what the fault left."""
        for _ in range(tries):
            before = len(program.facts)
            text = self.text()
            program.order(say=text)
            program.until(lambda: program.idle)
            since = program.facts[before:]
            if any(fact.get("text") == text for fact in since) and since and _answered(since, text):
                return
        self.tally.stuck.append(f"{self.label}: {program.facts[-3:]}")

    def over(self, program: Program, workers: list[int] | None = None) -> int:
        """Ends the program, notes all that it told, and looks at what it left. Returns its exit code."""
        workers = program.children() if workers is None else workers
        code = program.end()
        for fact in program.facts:
            self.witness.hear(fact)
            if "opened" in fact and fact["opened"] not in self.sessions:
                self.sessions.append(fact["opened"])
        narration = program.err.decode("utf-8", "replace")
        if program.hung:
            self.tally.hangs.append(f"{self.label}:\n{narration[-3000:]}")
        elif program.traces:
            self.tally.traces.append(f"{self.label}:\n{narration[-3000:]}")
        if left := outlived(workers):
            self.tally.orphans.append(f"{self.label}: {left}")
            send(left, 9)
        return code

    def look(self) -> tuple[list[tuple[int, str, str, str]], list[str], str]:
        """What a fresh program finds in the database: turns, problems, and the sentence where it cannot be used."""
        reader = Program("tests.faults.reopen", home=self.home, inside=self.inside)
        self.over(reader, [])
        if not reader.out:
            return [], [], f"nothing could be read: {reader.err.decode()[-300:]}"
        return turns_of(reader.out.decode())

    def check(self) -> None:
        """Everything that was acknowledged is there, and nothing else."""
        turns, problems, trouble = self.look()
        witness = self.witness
        lost = [each for each in witness.missing(turns) if each not in self._lost]
        self._lost += lost
        self.tally.lost += [f"{self.label}: {each}" for each in lost]
        strange = [*problems, *([trouble] if trouble else []), *witness.strange(turns)]
        self.tally.unsound += [f"{self.label}: {each}" for each in strange]
        committed, shown = witness.committed, len(witness.shown) + len(witness.answers)
        self.tally.committed += committed - self._counted[0]
        self.tally.shown += shown - self._counted[1]
        self._counted = committed, shown

    def copy(self, home: Path) -> Room:
        """A second room with the same database and the same memory of it."""
        shutil.copytree(self.home, home)
        return Room(home, self.chance, self.tally, self.label, (), self.witness, list(self.sessions), self.number)


def _answered(facts: list[dict[str, object]], text: str) -> bool:
    saved = next(n for n, fact in enumerate(facts) if fact.get("text") == text)
    return any(fact.get("status") == "complete" for fact in facts[saved:])
