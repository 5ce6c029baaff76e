"""From sources to tables: tags what nobody has tagged, and keeps groups apart."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, replace
from itertools import chain, islice, tee
from pathlib import Path
from typing import Literal

from companion.errors import UsageError
from companion.study.said import Said, mask_of
from companion.study.sources import files_of, read
from companion.study.table import Builder, Table
from companion.tagging import Tagger, tag_chunks, used
from companion.text import clean, split_sentences

By = Literal["model", "condition", "session"]
MOST_GROUPS = 100
"""Of one source: each has rows of its own in every table of the report."""
CHUNK = 512
"""Messages that are looked at together for what is to be tagged."""


@dataclass(frozen=True, slots=True)
class Source:
    """Where conversations come from, and the name they have in the report."""

    name: str
    path: Path


@dataclass(frozen=True, slots=True)
class Gathered:
    """The tables of one source by name (more than one with `by`), and the replies that had to be tagged."""

    tables: dict[str, Table]
    tagged: int


def named(arguments: Iterable[str]) -> list[Source]:
    """`NAME=PATH` or `PATH`. A folder without a name is as many sources as there are things in it to read.

    Raises UsageError where two have the same name, NotFound for what is not there.
    """
    found: list[Source] = []
    for argument in arguments:
        name, given, path = argument.partition("=")
        if given and name and not Path(argument).exists():
            found.append(Source(_label(name), Path(path).expanduser()))
            continue
        folder = Path(argument).expanduser()
        inside = _inside(folder) if folder.is_dir() else [folder]
        found += [Source(_own_name(path), path) for path in inside]
    names = [source.name for source in found]
    twice = next((name for name in names if names.count(name) > 1), None)
    if twice is not None:
        raise UsageError(f"Two sources are called {twice!r}; name them with NAME=PATH.")
    return found


def _inside(folder: Path) -> list[Path]:
    readable = files_of(folder)
    return sorted({folder / path.relative_to(folder).parts[0] for path in readable})


def _own_name(path: Path) -> str:
    return _label(
        path.parent.name if path.stem == "conversations_tagged" else path.name if path.is_dir() else path.stem
    )


def _label(text: str) -> str:
    """Names are shown on a terminal."""
    return " ".join(clean(text).split()) or "source"


class Gatherer:
    """Reads sources into tables. `tagger` is asked for when the first untagged reply is met."""

    def __init__(
        self,
        tagger: Callable[[], Tagger],
        *,
        retag: bool = False,
        by: By | None = None,
        seed: int = 0,
        told: Callable[[int], object] = lambda tagged: None,
    ) -> None:
        self._new_tagger, self._retag, self._by, self._seed, self._told = tagger, retag, by, seed, told
        self._tagger: Tagger | None = None
        self._tagged = 0

    def gather(self, source: Source) -> Gathered:
        """Raises UsageError for a source without replies that can be counted."""
        before = self._tagged
        builders: dict[str, Builder] = {}
        for said in self._with_tags(read(source.path)):
            group = self._group(said)
            builder = builders.get(group)
            if builder is None:
                if len(builders) == MOST_GROUPS:
                    raise UsageError(
                        f"{source.name} has more than {MOST_GROUPS} groups by {self._by}; export those that matter and "
                        "name the files."
                    )
                builder = builders[group] = Builder(self._seed)
            builder.add(said)
        tables = {self._title(source, group): builder.table() for group, builder in sorted(builders.items())}
        tables = {name: table for name, table in tables.items() if len(table) or not self._by}
        if not any(map(len, tables.values())):
            left_out = sum(table.left_out for table in tables.values())
            raise UsageError(
                f"{source.name} has no reply that could be counted ({left_out} left out: unfinished, or without tags "
                "and without text)." if left_out else f"{source.name} has no replies in it."
            )  # fmt: skip
        return Gathered(tables, self._tagged - before)

    def _group(self, said: Said) -> str:
        if self._by is None:
            return ""
        value = {"model": said.model, "condition": said.condition, "session": said.conversation}[self._by]
        return _label(value) if value else f"no {self._by}"

    def _title(self, source: Source, group: str) -> str:
        return f"{source.name}: {group}" if self._by else source.name

    def _with_tags(self, messages: Iterator[Said]) -> Iterator[Said]:
        """The same in the same order, replies with text and without tags tagged (all with text, to tag again)."""
        chunks = iter(lambda: list(islice(messages, CHUNK)), [])
        for chunk in chunks:
            if self._wanted(chunk):
                yield from self._tag(chain([chunk], chunks))
            else:
                yield from chunk

    def _wanted(self, chunk: list[Said]) -> list[int]:
        return [
            place
            for place, said in enumerate(chunk)
            if said.supporter and said.text and said.text.strip() and (said.sentences is None or self._retag)
        ]

    def _tag(self, chunks: Iterator[list[Said]]) -> Iterator[Said]:
        if self._tagger is None:
            self._tagger = self._new_tagger()
        read, sent = tee(chunks)
        replies = ([split_sentences(clean(chunk[at].text or "")) for at in self._wanted(chunk)] for chunk in sent)
        for chunk, scored in zip(read, tag_chunks(self._tagger, replies), strict=True):
            for place, sentences in zip(self._wanted(chunk), scored, strict=True):
                masks = tuple(mask_of(tactic.value for tactic in used(scores)) for scores in sentences)
                chunk[place] = replace(chunk[place], sentences=masks)
            if scored:
                self._tagged += len(scored)
                self._told(self._tagged)
            yield from chunk
