"""`companion tag`."""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Iterator
from contextlib import AbstractContextManager, ExitStack, nullcontext
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from typing import IO

import click

from companion.cli import scale
from companion.cli.opening import new_encoder
from companion.cli.source import open_source
from companion.errors import CompanionError, UsageError
from companion.tag_stream import Unit, as_text, tagged, units, units_of

PARQUET = b"PAR1"
"""How a Parquet file begins."""
ROW = b'{"id": '
"""How every row begins."""


@click.command("tag")
@click.argument("source", metavar="[FILE|-]", default="-")
@click.option("--json", "as_json", is_flag=True, help="One JSON object per reply.")
@click.option("-o", "--output", type=click.Path(path_type=Path, dir_okay=False), help="Write there, not to the screen.")
@click.option("--resume", is_flag=True, help="Go on with the OUTPUT of an earlier, interrupted call (with --json).")
@scale.ENGINE
@scale.WORKERS
def command(source: str, as_json: bool, output: Path | None, resume: bool, engine: str, workers: int | None) -> int:
    """The tactics of each sentence of the replies in FILE, or of standard input.

    Plain text is one reply a line. JSON lines, and rows of Parquet, hold "text", "messages" or "sentences", and an "id"
    that is passed on.
    Ctrl-C stops; --resume with the same FILE and -o goes on where the output ends.
    """
    if resume and not (as_json and output):
        raise UsageError("--resume goes on with a file: give it with -o, and --json, as in the first call.")
    if output and source != "-" and output.exists() and Path(source).exists() and output.samefile(source):
        raise UsageError(f"{output} is what is read; name another file with -o.")
    encoder = new_encoder()  # before a file is touched
    with ExitStack() as stack:
        done = _done(output) if resume and output else _Done()
        reading = stack.enter_context(open_source(source))
        bar = stack.enter_context(_Progress(reading, source, quiet=output is None and sys.stdout.isatty()))
        found = _parquet(Path(source)) if _is_parquet(source) else units(bar.lines())
        if output and resume and output.exists():
            _skip(found, done, output)
            os.truncate(output, done.size)  # what follows was cut off
        writing = stack.enter_context(_writer(output, append=resume))
        rows = tagged(found, stack.enter_context(scale.tagger_of(encoder, engine, workers)))
        count = done.rows
        try:
            for row in rows:
                writing.write((json.dumps(row, ensure_ascii=False) if as_json else as_text(row)) + "\n")
                count += 1
        except KeyboardInterrupt:
            writing.flush()
            bar.close()
            again = " Continue with --resume." if as_json and output else ""
            click.echo(f"Stopped after {count} replies.{again}", err=True)
            return 130
        except OSError as error:
            if isinstance(error, BrokenPipeError):
                raise
            raise CompanionError(f"The tags could not be written: {error.strerror or error}.") from error
    return 0


def _is_parquet(source: str) -> bool:
    if source == "-" or not Path(source).is_file():
        return False
    with open_source(source) as file:
        return file.read(len(PARQUET)) == PARQUET


def _parquet(path: Path) -> Iterator[Unit]:
    from companion.importing import Bad, parquet
    from companion.importing.reading import opened

    with opened(path) as file:
        for row in parquet.rows(file, path):
            if isinstance(row, Bad):
                raise UsageError(f"{path}, {row}.")
            yield from units_of(row.value, f"Row {row.number}")


def _writer(output: Path | None, *, append: bool) -> AbstractContextManager[IO[str]]:
    if output is None:
        return nullcontext(sys.stdout)
    try:
        return output.open("a" if append else "w", encoding="utf-8", errors="replace")
    except OSError as error:
        raise CompanionError(f"{output} cannot be written: {error.strerror}. Name another file with -o.") from None


@dataclass(frozen=True, slots=True)
class _Done:
    """What an earlier call wrote: whole rows, their bytes, the last of them, and the part of a row behind it."""

    rows: int = 0
    size: int = 0
    last: bytes = b""
    cut_off: bytes = b""


def _done(output: Path) -> _Done:
    """How far `output` goes; it is left as it is."""
    rows, size, last, cut_off = 0, 0, b"", b""
    if output.exists():
        with output.open("rb") as file:
            for line in file:
                if not line.endswith(b"\n"):
                    cut_off = line
                    break
                rows, size, last = rows + 1, size + len(line), line
    return _Done(rows, size, last, cut_off)


def _skip(found: Iterator[Unit], done: _Done, output: Path) -> None:
    """Pass over what is tagged already. Raises UsageError where the two files do not belong together."""
    if not done.cut_off.startswith(ROW[: len(done.cut_off)]):
        raise UsageError(f"{output} does not end in rows of tags; give the file of the interrupted call.")
    if not done.rows:
        return
    passed = next(islice(found, done.rows - 1, None), None)
    try:
        row = json.loads(done.last)
        written = (row["id"], [sentence["text"] for sentence in row["sentences"]])
    except (ValueError, KeyError, TypeError):
        raise UsageError(f"{output} does not end in rows of tags; give the file of the interrupted call.") from None
    if passed is None or (passed.id, list(passed.sentences)) != written:
        raise UsageError(
            f"Row {done.rows} of {output} is not reply {done.rows} of this input; they do not belong together."
        )


class _Progress:
    """A bar over the bytes of a file, on standard error, where that is a terminal that shows nothing else."""

    def __init__(self, stream: IO[bytes], source: str, *, quiet: bool) -> None:
        size = Path(source).stat().st_size if source != "-" and Path(source).is_file() else 0
        self._stream = stream
        shown = size > 0 and not quiet and sys.stderr.isatty()
        self._bar = click.progressbar(length=size, file=sys.stderr, label="tagging") if shown else None

    def __enter__(self) -> _Progress:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def lines(self) -> Iterator[str]:
        for raw in self._stream:
            yield raw.decode("utf-8", "replace")
            if self._bar:
                self._bar.update(len(raw))

    def close(self) -> None:
        if self._bar:
            self._bar.render_finish()
            self._bar = None
