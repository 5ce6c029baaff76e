"""`companion tag`."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator
from contextlib import AbstractContextManager, ExitStack, nullcontext
from itertools import islice
from pathlib import Path
from typing import IO, Any

import click

from companion.errors import CompanionError, NotFound, UsageError
from companion.tag_stream import Unit, as_text, tagged, units
from companion.tagging import EncoderTagger


@click.command("tag")
@click.argument("source", metavar="[FILE|-]", default="-")
@click.option("--json", "as_json", is_flag=True, help="One JSON object per reply.")
@click.option("-o", "--output", type=click.Path(path_type=Path, dir_okay=False), help="Write there, not to the screen.")
@click.option("--resume", is_flag=True, help="Go on with the OUTPUT of an earlier, interrupted call (with --json).")
def command(source: str, as_json: bool, output: Path | None, resume: bool) -> int:
    """The tactics of each sentence of the replies in FILE, or of standard input.

    Plain text is one reply a line. JSON lines hold "text", "messages" or "sentences", and an "id" that is passed on.
    Ctrl-C stops; --resume with the same FILE and -o goes on where the output ends.
    """
    if resume and not (as_json and output):
        raise UsageError("--resume goes on with a file: give it with -o, and --json, as in the first call.")
    with ExitStack() as stack:
        done, last = _done(output) if resume and output else (0, None)
        reading = stack.enter_context(_open(source))
        bar = stack.enter_context(_Progress(reading, source))
        found = units(bar.lines())
        _skip(found, done, last, output)
        writing = stack.enter_context(_writer(output, append=bool(done) or resume))
        rows = tagged(found, EncoderTagger(_encoder()))
        count = done
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


def _encoder() -> Any:
    from companion.encoder import Encoder

    return Encoder()


def _open(source: str) -> IO[bytes]:
    if source == "-":
        return sys.stdin.buffer
    try:
        return Path(source).open("rb")
    except OSError as error:
        raise NotFound(f"{source} cannot be read: {error.strerror}.") from None


def _writer(output: Path | None, *, append: bool) -> AbstractContextManager[IO[str]]:
    if output is None:
        return nullcontext(sys.stdout)
    try:
        return output.open("a" if append else "w", encoding="utf-8", errors="replace")
    except OSError as error:
        raise CompanionError(f"{output} cannot be written: {error.strerror}. Name another file with -o.") from None


def _done(output: Path) -> tuple[int, dict[str, Any] | None]:
    """How many whole rows `output` holds and the last of them; a row that was cut off is removed."""
    if not output.exists():
        return 0, None
    count, whole, last = 0, 0, b""
    with output.open("r+b") as file:
        for line in file:
            if not line.endswith(b"\n"):
                break
            count, whole, last = count + 1, whole + len(line), line
        file.truncate(whole)
    try:
        return count, json.loads(last) if last else None
    except ValueError:
        raise UsageError(f"{output} does not end in rows of tags; give the file of the interrupted call.") from None


def _skip(found: Iterator[Unit], done: int, last: dict[str, Any] | None, output: Path | None) -> None:
    """Pass over what is tagged already. Raises UsageError where the two files do not belong together."""
    passed = next(islice(found, done - 1, None), None) if done else None
    if last is None:
        return
    texts = [sentence["text"] for sentence in last.get("sentences", [])]
    if passed is None or passed.id != last.get("id") or list(passed.sentences) != texts:
        raise UsageError(f"Row {done} of {output} is not reply {done} of this input; they do not belong together.")


class _Progress:
    """A bar over the bytes of a file, on standard error, where that is a terminal."""

    def __init__(self, stream: IO[bytes], source: str) -> None:
        size = Path(source).stat().st_size if source != "-" and Path(source).is_file() else 0
        self._stream = stream
        self._shown = size > 0 and sys.stderr.isatty()
        self._bar = click.progressbar(length=size or 1, file=sys.stderr, label="tagging") if self._shown else None

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
