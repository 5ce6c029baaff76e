"""`--engine`: in which processes replies are tagged."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import contextmanager

import click

from companion.encoder import Encoder
from companion.errors import Refused, UsageError
from companion.tagging import EncoderTagger, Tagger

ENGINE = click.option("--engine", type=click.Choice(["local", "ray"]), default="local", show_default=True,
                      help="Where replies are tagged: in this process, or by the workers of Ray.")  # fmt: skip
WORKERS = click.option("--workers", type=click.IntRange(1), help="Of --engine ray; one for each core unless given.")


@contextmanager
def tagger_of(encoder: Encoder, engine: str, count: int | None) -> Iterator[Tagger]:
    """The tagger that was asked for. Raises UsageError, CompanionError, and Refused where nobody agrees."""
    if engine == "local":
        if count is not None:
            raise UsageError("--workers is for --engine ray.")
        yield EncoderTagger(encoder)
        return
    from companion import scaling

    address = scaling.cluster_address()
    if address is not None:
        _agreed(address)
    with scaling.workers(count, encoder) as tagger:
        yield tagger


def _agreed(address: str) -> None:
    question = f"The replies leave this machine for the Ray cluster at {address}. Whoever runs it can read them. Go on?"
    if not (sys.stdin.isatty() and sys.stderr.isatty() and click.confirm(question, err=True)):
        raise Refused(
            f"The replies would leave this machine for the Ray cluster at {address}, and nobody has agreed to that. "
            "Start this in a terminal to be asked, or unset RAY_ADDRESS to use the cores of this machine."
        )
