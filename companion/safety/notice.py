"""What is said on the first start of every day, and what `/help` says about help from people."""

from __future__ import annotations

from datetime import date
from pathlib import Path

WHAT_THIS_IS = """\
This is a program, not a person. It can be wrong, and it is no substitute for
people who care about you or for professionals. It is meant for adults."""

STAYS = "What you write stays on this computer; nothing is sent anywhere."

NOTICE = f"{WHAT_THIS_IS}\n{STAYS}"
"""Where the model runs on this computer."""


def text(whereto: str = "") -> str:
    """The notice; `whereto` says where what is written goes, if it goes anywhere."""
    return f"{WHAT_THIS_IS}\n{whereto}" if whereto else NOTICE


HELP_FROM_PEOPLE = """\
If you may be in danger, please call your local emergency number, or go to
someone near you now. findahelpline.com lists free helplines in many countries.
You can also tell someone you trust how things are."""


def flowing(text: str) -> str:
    """The text without line ends inside its paragraphs, for what breaks lines by itself."""
    return "\n\n".join(" ".join(paragraph.split()) for paragraph in text.split("\n\n"))


def due(state_folder: Path, today: date) -> bool:
    """Whether the notice has not been shown today."""
    try:
        return (state_folder / "notice").read_text("utf-8").strip() != today.isoformat()
    except (OSError, UnicodeDecodeError):
        return True


def shown(state_folder: Path, today: date) -> None:
    """Remember that the notice was shown. A folder that cannot be written only means that it is shown again."""
    try:
        state_folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        (state_folder / "notice").write_text(f"{today.isoformat()}\n", "utf-8")
    except OSError:
        return
