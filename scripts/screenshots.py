"""The pictures of the chat in the documentation, made anew: `python -m scripts.screenshots docs/images`.

The real interface with an engine that says what tests/companion/tui/scenes.py tells it; replies are read by the encoder
that ships. Textual writes SVG, headless Chromium draws it.
"""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

from textual.pilot import Pilot

Scene = Callable[[Pilot[Any]], Awaitable[None]]

FONT = "DejaVu Sans Mono"
"""In place of the one that Textual's SVG asks a server for."""


def svg(scene: Scene, theme: str, size: tuple[int, int]) -> str:
    """The chat at this scene, so many columns and rows large."""
    from companion.cli.opening import new_encoder
    from companion.rating import Rater
    from companion.tagging import EncoderTagger
    from tests.companion.tui import scenes

    drawn: list[str] = []
    encoder = new_encoder()
    database = Path(os.environ["COMPANION_HOME"]) / "pictures.db"
    app = scenes.new_app(database, EncoderTagger(encoder), theme, rater=Rater(encoder))

    async def draw(pilot: Pilot[Any]) -> None:
        await scene(pilot)
        drawn.append(app.export_screenshot(title="companion"))
        app.exit(0)

    app.run(headless=True, size=size, auto_pilot=draw)
    database.unlink()
    if not drawn:
        raise app.fault or RuntimeError("Nothing was drawn.")
    return re.sub(r"@font-face\s*{.*?}", "", drawn[0], flags=re.DOTALL).replace("Fira Code", FONT)


def png(text: str, picture: Path) -> None:
    """Draw the SVG as large as it is."""
    chromium = next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None)
    if chromium is None:
        sys.exit("Chromium is not here: it draws the pictures.")
    found = re.search(r'viewBox="0 0 ([\d.]+) ([\d.]+)"', text)
    assert found
    width, height = (round(float(number)) for number in found.groups())
    with tempfile.TemporaryDirectory() as folder:
        source = Path(folder) / "picture.html"
        source.write_text(f"<style>body {{ margin: 0 }} svg {{ display: block }}</style>{text}", "utf-8")
        options = ["--headless=new", "--no-sandbox", "--disable-gpu", "--hide-scrollbars", "--no-first-run"]
        subprocess.run(
            [
                chromium, *options, f"--user-data-dir={folder}/profile", "--default-background-color=00000000",
                f"--window-size={width},{height}", f"--screenshot={picture}", source.as_uri(),
            ],
            check=True, stderr=subprocess.DEVNULL,
        )  # fmt: skip


def main(folder: Path) -> None:
    """Every picture into this folder."""
    from tests.companion.tui import scenes

    pictures: list[tuple[str, Scene, str, tuple[int, int]]] = [
        ("chat", scenes.chat, "dark", (96, 28)),
        ("chat-light", scenes.chat, "light", (96, 28)),
        ("panel", scenes.panel, "dark", (120, 40)),
        ("why", scenes.why, "dark", (100, 40)),
        ("conversations", scenes.found, "dark", (96, 28)),
        ("help", scenes.help_card, "dark", (96, 28)),
    ]
    wanted = set(sys.argv[2:])
    folder.mkdir(parents=True, exist_ok=True)
    os.environ |= {"TZ": "UTC", "LC_ALL": "C.UTF-8"}  # the day and the help card are the same everywhere
    time.tzset()
    with tempfile.TemporaryDirectory() as home:
        os.environ["COMPANION_HOME"] = home
        for name, scene, theme, size in pictures:
            if not wanted or name in wanted:
                png(svg(scene, theme, size), (folder / f"{name}.png").resolve())


if __name__ == "__main__":
    if len(sys.argv) < 2:
        sys.exit(__doc__)
    main(Path(sys.argv[1]))
