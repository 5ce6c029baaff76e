"""Inputs that are steered towards code nobody has run yet: `python -m tests.faults.guided TARGET --seconds 60`.

With atheris (`pip install "companion-chat[fuzz]"`), which sees what an input reaches and changes it from there.
Targets: `text` (cleaning and splitting), `import` (every kind of file that can be imported) and `settings`. Anything
but a sentence of ours ends the run, with the input in the current folder.
"""

from __future__ import annotations

import argparse
import os
import random
import sys
import tempfile
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path


def text(data: bytes) -> None:
    """What `characters` asks of any text."""
    from tests.faults.characters import wrong_with

    found = wrong_with(data.decode("utf-8", "replace"), random.Random(0))
    assert not found, found


def importing(data: bytes) -> None:
    """A file of these bytes ends in conversations, reasons, or one sentence."""
    from companion.errors import CompanionError
    from companion.importing import read

    file = _scratch("any")
    file.write_bytes(data)
    with suppress(CompanionError):
        for found in read(file):
            assert str(found)


def settings(data: bytes) -> None:
    """A settings file of these bytes gives settings or one sentence."""
    from companion import settings
    from companion.errors import CompanionError

    file = _scratch("config.toml")
    file.write_bytes(data)
    os.environ["COMPANION_CONFIG"] = str(file)
    with suppress(CompanionError):
        settings.load()


TARGETS: dict[str, tuple[Callable[[bytes], None], str]] = {
    "text": (text, "companion.text"),
    "import": (importing, "companion.importing"),
    "settings": (settings, "companion.settings"),
}
"""Each with the package whose code is watched."""


def _scratch(name: str) -> Path:
    return Path(tempfile.gettempdir()) / f"companion-guided-{name}"


def main() -> int:
    """Run one target for some seconds."""
    parser = argparse.ArgumentParser(prog="python -m tests.faults.guided", description=__doc__.split("\n")[0])
    parser.add_argument("target", choices=TARGETS)
    parser.add_argument("--seconds", type=int, default=60)
    given = parser.parse_args()
    try:
        import atheris
    except ImportError:
        print('Skipped: atheris is not installed: pip install "companion-chat[fuzz]".')
        return 0
    target, watched = TARGETS[given.target]
    with atheris.instrument_imports(include=[watched]):
        target(b"")
    atheris.Setup([sys.argv[0], f"-max_total_time={given.seconds}", "-max_len=4096", "-timeout=10"], target)
    atheris.Fuzz()
    return 0


if __name__ == "__main__":
    sys.exit(main())
