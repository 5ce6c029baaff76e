"""What a session of 5,000 turns costs in the Textual interface: opening it, and scrolling through it.

    python benchmarks/long_session.py [--turns 5000] [--steps 60] [--json FILE]

The real interface at 120 columns and 40 rows, without a terminal. A step counts until a frame with it is drawn
(`frame`), and until older messages that it made come are there too and the next step can be taken (`settled`).
"""

from __future__ import annotations

import argparse
import asyncio
import json
import os
import random
import resource
import sys
import tempfile
import time
from collections.abc import Callable
from datetime import date
from pathlib import Path
from typing import Any

from companion import paths
from companion.cli.opening import new_encoder
from companion.conversation import Conversation
from companion.engine.scripted import ScriptedEngine
from companion.safety import notice
from companion.settings import Settings
from companion.store import PlanRow, Role, Status, Store, Timings
from companion.tagging import EncoderTagger
from companion.tui.app import CompanionApp
from companion.tui.chat import ChatScreen
from companion.tui.transcript import Transcript
from planner.tactics import TACTICS

SIZE = (120, 40)
WHEEL = 3
"""Rows that a step of the mouse wheel moves by."""
STILL = 5
"""Refreshes after which a step that shows nothing has moved nothing."""
OPENING, FRAME = 1000, 50
"""The budgets, in milliseconds: the conversation on the screen after the first frame; the median frame of a step."""
SUBJECTS = "the move|my sister|work|the exam|the new flat|my friend|last week|the evening|the garden|the long drive"
VERBS = "keeps coming back|felt different today|is still on my mind|was better than I thought|takes most of the day"
ENDS = "when it gets quiet|and that surprised me|after all these months|before I even got up|so I went for a walk"


class Speech:
    """Made-up sentences of everyday length."""

    def __init__(self, seed: int) -> None:
        self._choose = random.Random(seed)

    def sentence(self) -> str:
        parts = [self._choose.choice(kind.split("|")) for kind in (SUBJECTS, VERBS, ENDS)]
        return " ".join(parts[: self._choose.randint(2, 3)]).capitalize() + "."

    def said(self, least: int, most: int) -> list[str]:
        return [self.sentence() for _ in range(self._choose.randint(least, most))]

    def tactics(self) -> dict[str, float]:
        return {str(tactic): 0.9 for tactic in self._choose.sample(list(TACTICS), self._choose.randint(1, 2))}


def fill(store: Store, turns: int) -> str:
    """One session of so many turns, with tactics and plans; its id."""
    speech, parent = Speech(seed=7), None
    weights = {str(tactic): 1 / len(TACTICS) for tactic in TACTICS}
    plan = PlanRow("tail", weights, ("questioning", "validation"), ("advice",), "Asked a lot lately.")
    with store.transaction():
        session = store.new_session("benchmark")
        for number in range(turns):
            if number % 2 == 0:
                parent = store.add_turn(session.id, Role.USER, " ".join(speech.said(1, 4)), parent).id
            else:
                assert parent is not None
                parent = store.begin_reply(session.id, parent).id
                reply = [(sentence, speech.tactics()) for sentence in speech.said(3, 9)]
                text = " ".join(sentence for sentence, _ in reply)
                store.finish_reply(parent, Status.COMPLETE, text, reply, plan, Timings(900, 90, 210.0, 6100.0))
    return session.id


class Watched(CompanionApp):
    """Notes when frames are drawn."""

    frames: list[tuple[float, float]]
    """When, and how far the conversation was scrolled."""

    def _display(self, screen: Any, renderable: Any) -> None:
        super()._display(screen, renderable)
        shown = screen.query(Transcript)
        self.frames.append((time.perf_counter(), shown.first().scroll_y if shown else 0.0))


def new_app(database: Path, session: str) -> Watched:
    chosen = Settings(candidates=1, theme="dark")

    def opener(*, off_record: bool, note: Callable[[str], None]) -> Conversation:
        store = Store(database)
        return Conversation(store, ScriptedEngine(), EncoderTagger(new_encoder()), store.session(session), chosen)

    app = Watched(opener, chosen)
    app.frames = []
    return app


async def until(condition: Callable[[], object]) -> None:
    while not condition():
        await asyncio.sleep(0.001)


async def step(app: Watched, move: Callable[[], object]) -> tuple[float, float] | None:
    """Milliseconds until a frame shows the move, and until all that comes of it is there; None where nothing moves."""
    transcript, before = app.screen.query_one(Transcript), len(app.frames)
    place, started = transcript.scroll_y, time.perf_counter()
    move()
    for _ in range(STILL):
        await refreshed(transcript)
        while transcript._moving:
            await refreshed(transcript)
        for drawn, scrolled in app.frames[before:]:
            if scrolled != place:
                return (drawn - started) * 1000, (time.perf_counter() - started) * 1000
    return None


async def refreshed(transcript: Transcript) -> None:
    """Until what was asked for up to now is drawn."""
    drawn = asyncio.Event()
    transcript.call_after_refresh(drawn.set)
    await drawn.wait()


async def scroll(app: Watched, steps: int) -> tuple[dict[str, list[tuple[float, float] | None]], int, int]:
    """Times by kind of step, the most messages that were mounted, and the turns that were passed by."""
    transcript, chat = app.screen.query_one(Transcript), app.chat
    assert isinstance(chat, ChatScreen)
    moves: dict[str, Callable[[], object]] = {
        "a page up": lambda: chat.action_page(-1),
        "a page down": lambda: chat.action_page(1),
        "the wheel up": lambda: transcript.scroll_relative(y=-WHEEL, animate=False, immediate=True),
        "the wheel down": lambda: transcript.scroll_relative(y=WHEEL, animate=False, immediate=True),
    }
    times: dict[str, list[tuple[float, float] | None]] = {}
    most, highest = len(transcript.boxes), len(transcript.turns)
    for name, move in moves.items():
        for _ in range(steps):
            times.setdefault(name, []).append(await step(app, move))
            most = max(most, len(transcript.boxes))
            highest = min(highest, transcript.turns.index(transcript.boxes[0].turn))
    return times, most, len(transcript.turns) - highest


async def measure(database: Path, session: str, steps: int) -> dict[str, Any]:
    before = memory()
    started = time.perf_counter()
    app = new_app(database, session)
    async with app.run_test(size=SIZE) as pilot:
        await until(lambda: app.frames)
        first, _ = app.frames[0]
        transcript = app.screen.query_one(Transcript)
        await until(lambda: transcript.boxes and transcript.boxes[-1].region.overlaps(transcript.region))
        frames = len(app.frames)
        await until(lambda: len(app.frames) > frames)
        opened, _ = app.frames[frames]
        await until(lambda: not app.chat.busy)
        await pilot.pause()
        at_rest = memory()
        times, mounted, passed = await scroll(app, steps)
        return {
            "first_frame_ms": (first - started) * 1000,
            "conversation_after_first_frame_ms": (opened - first) * 1000,
            "steps": times,
            "turns": len(transcript.turns),
            "turns_passed": passed,
            "mounted_at_most": mounted,
            "memory_mb": {"before": before, "opened": at_rest, "scrolled": memory()},
        }


def memory() -> float:
    """Megabytes that this process has in memory."""
    pages = int(Path("/proc/self/statm").read_text().split()[1])
    return pages * resource.getpagesize() / 1e6


def percentile(values: list[float], share: float) -> float:
    return sorted(values)[min(len(values) - 1, int(len(values) * share))]


def report(found: dict[str, Any]) -> None:
    print(f"{found['turns']:,} turns, {os.cpu_count()} cores, load {os.getloadavg()[0]:.1f}\n")
    print("| what | measured |\n|---|---:|")
    print(f"| first frame, imports done | {found['first_frame_ms']:.0f} ms |")
    took = found["conversation_after_first_frame_ms"]
    print(f"| the conversation on the screen after that (budget {OPENING} ms) | {took:.0f} ms |")
    print(f"| messages mounted at most | {found['mounted_at_most']} |")
    print(f"| turns passed by | {found['turns_passed']} |")
    used = found["memory_mb"]
    print(f"| memory: opening, then scrolling | +{used['opened'] - used['before']:.0f} MB, ", end="")
    print(f"+{used['scrolled'] - used['opened']:.0f} MB |\n")
    print(
        f"| a step (budget {FRAME} ms median) | n | frame: median ms | p95 | worst | settled: median ms | p95 | worst |"
    )
    print("|---|---:|---:|---:|---:|---:|---:|---:|")
    for name, times in found["steps"].items():
        moved = [pair for pair in times if pair]
        if not moved:
            print(f"| {name} | 0 |")
            continue
        cells = [f"{percentile([pair[k] for pair in moved], share):.0f}" for k in (0, 1) for share in (0.5, 0.95, 1)]
        print(f"| {name} | {len(moved)} | {' | '.join(cells)} |")


def main() -> None:
    """Measure and print markdown tables."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--turns", type=int, default=5000)
    parser.add_argument("--steps", type=int, default=60)
    parser.add_argument("--json", type=Path, metavar="FILE")
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        os.environ["COMPANION_HOME"] = folder
        notice.shown(paths.state_folder(), date.today())
        database = Path(folder) / "data" / "companion.db"
        started = time.perf_counter()
        with Store(database) as store:
            session = fill(store, arguments.turns)
        print(f"filled in {time.perf_counter() - started:.0f} s", file=sys.stderr)
        found = asyncio.run(measure(database, session, arguments.steps))
    report(found)
    if arguments.json:
        arguments.json.write_text(json.dumps(found, indent=2) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
