"""A small experiment, as tests begin it."""

from __future__ import annotations

from pathlib import Path

DESIGN = """\
title = "A small study"
consent = "You will write with a program."
thanks = "It was about plans."
seed = 4
messages = 2

[[arms]]
name = "planned"
model = "mini"
planner = true
candidates = 1

[[arms]]
name = "loose"
planner = false
candidates = 1

[[before]]
id = "mood"
text = "How do you feel?"
low = "bad"
high = "good"

[[reply]]
id = "fit"
text = "Did it fit?"
most = 5

[[after]]
id = "mood"
text = "How do you feel now?"

[[after]]
id = "again"
text = "Again?"
kind = "choice"
options = ["yes", "no"]

[[after]]
id = "remarks"
text = "Remarks?"
kind = "text"
"""


def design_file(folder: Path, text: str = DESIGN) -> Path:
    path = folder / "design.toml"
    path.write_text(text, encoding="utf-8")
    return path
