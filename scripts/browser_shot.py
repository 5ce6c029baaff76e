"""The picture of the chat in a browser, made anew: `python -m scripts.browser_shot docs/images/browser.png`.

A server, headless Chromium and the real interface; what is replied is written below. Needs Chromium.
"""

from __future__ import annotations

import asyncio
import os
import sys
import tempfile
from collections.abc import Callable
from datetime import date
from pathlib import Path

from companion import paths
from companion.safety import notice

SAID = "My sister moved to another city last week. The flat is very quiet now."
REPLY = (
    "A flat that is quiet after years of two voices is a different place. Which time of the day do you notice it most?"
)
SIZE = (900, 640)
DRAWN = "new Promise(done => requestAnimationFrame(() => requestAnimationFrame(() => done(true))))"
"""True once what is in the terminal is on the screen too."""


def chat() -> int:
    """The interface with an engine that says the reply above."""
    from companion.cli.opening import new_encoder
    from companion.conversation import Conversation
    from companion.engine.scripted import ScriptedEngine
    from companion.settings import Settings
    from companion.store import Store
    from companion.tagging import EncoderTagger
    from companion.tui.app import CompanionApp

    chosen = Settings(candidates=1, theme="dark")

    def opener(*, off_record: bool, note: Callable[[str], None]) -> Conversation:
        store = Store(None)
        return Conversation(
            store, ScriptedEngine([REPLY]), EncoderTagger(new_encoder()), store.new_session("mini"), chosen
        )

    return CompanionApp(opener, chosen).run() or 0


async def shot(picture: Path) -> None:
    """Say it in a browser, and write the picture once the reply is there."""
    from tests.companion.browsing import serving
    from tests.companion.chromium import window

    with tempfile.TemporaryDirectory() as folder:
        os.environ["COMPANION_HOME"] = f"{folder}/home"
        notice.shown(paths.state_folder(), date.today())
        async with (
            serving(sys.executable, "-m", "scripts.browser_shot", "--chat") as (_, door, _),
            window(Path(folder) / "profile", SIZE) as page,
        ):
            await page.open(door.address)
            await page.until("what is on your mind")
            await page.until_true("document.activeElement.className === 'xterm-helper-textarea'")
            await page.type(SAID)
            await page.until(SAID)
            await page.press_enter()
            await page.until(REPLY.split()[-1])
            await page.until_true(DRAWN)
            picture.parent.mkdir(parents=True, exist_ok=True)
            picture.write_bytes(await page.screenshot())


if __name__ == "__main__":
    if sys.argv[1:] == ["--chat"]:
        sys.exit(chat())
    if len(sys.argv) != 2:
        sys.exit(__doc__)
    asyncio.run(shot(Path(sys.argv[1])))
