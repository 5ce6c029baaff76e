"""The permissive text that the mini model learns from, read from a folder laid out like `shared/data`.

Each reader yields documents: plain prose (`Prose`) or a conversation (`Dialogue`). What a source may be used for is
decided here, once: the Lend-an-Ear conversations and the published model outputs are never read, non-commercial
stories are left out, and a conversation is cut before its first mention of suicide or self-harm, because a model this
small must not improvise there.
"""

from __future__ import annotations

import csv
import hashlib
import json
import re
import unicodedata
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

from companion.errors import UsageError
from companion.text import clean, split_sentences

csv.field_size_limit(1 << 30)

CRISIS = re.compile(
    r"suicid|\bkill(?:ing|ed)? (?:my|your|him|her|them)sel(?:f|ves)|self[- ]?harm"
    r"|end(?:ing|ed)? (?:(?:my|your|his|her) life|it all|life)\b"
    r"|\bdie\b|\bdead\b|\bdying\b|(?:hurt|cut|harm)(?:ting|ing)? (?:my|your|him|her)self|overdos|\bpills\b|\bcutting\b"
    r"|(?:his|her|their|my|your) own li(?:fe|ves)\b|\b988\b|not be(?:ing)? here anymore|crisis|lethal",
    re.IGNORECASE,
)
CONTACT = re.compile(r"https?://\S+|www\.\S+|\S+@\S+\.\w+|\+?\d[\d\s().-]{7,}\d")
SPACE = re.compile(r"[ \t\u00a0]+")


@dataclass(frozen=True, slots=True)
class Prose:
    """Running text; blank lines separate paragraphs."""

    text: str


@dataclass(frozen=True, slots=True)
class Dialogue:
    """Alternating messages, the person's first: `turns[0]`, `turns[2]`, ... are theirs.

    `tactics`, where given, has one entry for each reply: the tactics written by hand for it.
    """

    turns: tuple[str, ...]
    tactics: tuple[frozenset[str], ...] | None = None


Document = Prose | Dialogue


@dataclass(frozen=True, slots=True)
class Source:
    """One corpus: where it lies under the data folder, under which licence, and how it is read."""

    name: str
    path: str
    licence: str
    read: Callable[[Path], Iterator[Document]]


def tidy(text: str) -> str:
    """Cleaned, NFC, single-spaced text without addresses or phone numbers."""
    text = unicodedata.normalize("NFC", clean(text))
    return SPACE.sub(" ", CONTACT.sub("", text)).strip()


def shorten(text: str, words: int = 70) -> str:
    """The first whole sentences of `text`, at least one, up to about `words` words, on one line."""
    kept: list[str] = []
    length = 0
    for sentence in split_sentences(re.sub(r"[*#_`]+|^\s*(?:\d+\.|-)\s+", "", text, flags=re.MULTILINE)):
        length += len(sentence.split())
        if kept and length > words:
            break
        kept.append(" ".join(sentence.split()))
    return " ".join(kept)


def dialogue(turns: list[tuple[bool, str]]) -> Dialogue | None:
    """A `Dialogue` from (is the person's, text) pairs, or None when nothing usable is left.

    It starts with the person, merges neighbours of one side, ends with a reply, and stops before a mention of suicide
    or self-harm.
    """
    merged: list[str] = []
    for is_person, raw in turns:
        text = tidy(raw)
        if CRISIS.search(text):
            break
        if not text or (not merged and not is_person):
            continue
        if is_person == (len(merged) % 2 == 1):
            merged[-1] = f"{merged[-1]} {text}"
        else:
            merged.append(text)
    merged = [shorten(text) for text in merged]
    if len(merged) % 2:
        merged.pop()
    return Dialogue(tuple(merged)) if merged and all(merged) else None


def _rows(path: Path) -> Iterator[dict[str, str]]:
    with path.open(encoding="utf-8", errors="replace") as file:
        yield from csv.DictReader(file)


def read_sentences(folder: Path) -> Iterator[Document]:
    """Common Voice sentence lists: a hundred sentences make a document."""
    for path in sorted(folder.rglob("*.txt")):
        if path.name == "SOURCE.txt":  # says where the lists are from
            continue
        lines = [tidy(line) for line in path.read_text("utf-8", "replace").splitlines() if line.strip()]
        for start in range(0, len(lines), 100):
            yield Prose("\n".join(lines[start : start + 100]))


def read_stories(folder: Path) -> Iterator[Document]:
    """Storybooks in Markdown: `##` between pages, licence lines at the end; non-commercial ones are left out."""
    for path in sorted(folder.rglob("*.md")):
        text = path.read_text("utf-8", "replace")
        if re.search(r"CC[- ]BY[- ]NC", text):
            continue
        pages = [" ".join(page.split()) for page in re.split(r"^#+", text, flags=re.MULTILINE)]
        yield Prose(tidy("\n\n".join(page for page in pages if page and not page.startswith("*"))))


def read_novels(folder: Path) -> Iterator[Document]:
    """Public-domain novels, hard line breaks undone, in pieces of about 2,000 words."""
    for path in sorted(folder.glob("*_*.txt")):
        paragraphs = re.split(r"\n\s*\n", path.read_text("utf-8-sig", "replace"))
        piece: list[str] = []
        for paragraph in paragraphs:
            joined = tidy(" ".join(paragraph.split()))
            if len(joined.split()) > 3:
                piece.append(joined)
            if sum(len(text.split()) for text in piece) > 2000:
                yield Prose("\n\n".join(piece))
                piece = []
        if piece:
            yield Prose("\n\n".join(piece))


def read_essays(folder: Path) -> Iterator[Document]:
    """Empathic Reactions: one essay a row."""
    for path in sorted(folder.rglob("messages.csv")):
        for row in _rows(path):
            text = tidy(row["essay"])
            if text and not CRISIS.search(text):
                yield Prose(text)


def read_self_dialogue(folder: Path) -> Iterator[Document]:
    """Self-dialogue corpus: ten turns a row, two imagined friends."""
    for path in sorted(folder.rglob("*_results.csv")):
        for row in _rows(path):
            keys = sorted((k for k in row if k and k.startswith("Answer.sentence")), key=lambda k: int(k[15:]))
            made = dialogue([(i % 2 == 0, row[key] or "") for i, key in enumerate(keys)])
            if made:
                yield made


def read_persona_chat(folder: Path) -> Iterator[Document]:
    """Synthetic-Persona-Chat: `User 1:` and `User 2:` lines. Unfilled templates ("[User 1's name]") are left out."""
    for path in sorted(folder.rglob("*.csv")):
        for row in _rows(path):
            lines = re.findall(r"^User ([12]):\s*(.*)$", row["Best Generated Conversation"], re.MULTILINE)
            made = dialogue([(who == "1", text) for who, text in lines if "[" not in text])
            if made:
                yield made


def read_vera(folder: Path) -> Iterator[Document]:
    """VERA-MH simulated support conversations, the part before any mention of risk."""
    for path in sorted(folder.rglob("*.txt")):
        if "conversations" not in path.parts:
            continue
        parts = re.split(r"^(user|agent|chatbot|provider):", path.read_text("utf-8", "replace"), flags=re.MULTILINE)
        pairs = list(zip(parts[1::2], parts[2::2], strict=True))
        made = dialogue([(who == "user", text) for who, text in pairs])
        if made:
            yield made


def read_counsel_chat(folder: Path) -> Iterator[Document]:
    """CounselChat: question and answer."""
    for path in sorted(folder.rglob("20200325_counsel_chat.csv")):
        for row in _rows(path):
            made = dialogue(
                [(True, row["questionText"] or row["questionTitle"] or ""), (False, row["answerText"] or "")]
            )
            if made:
                yield made


def read_memorybank(folder: Path) -> Iterator[Document]:
    """MemoryBank: fifteen people talking to a companion over days."""
    for path in sorted(folder.rglob("memory_bank_en.json")):
        for person in json.loads(path.read_text("utf-8")).values():
            for day in person["history"].values():
                made = dialogue([pair for turn in day for pair in ((True, turn["query"]), (False, turn["response"]))])
                if made:
                    yield made


def read_mint(folder: Path) -> Iterator[Document]:
    """The 322 MINT training conversations."""
    for conversation in json.loads((folder / "conversations_322.json").read_text("utf-8")):
        made = dialogue([(turn["role"] == "seeker", turn["content"]) for turn in conversation["conversation"]])
        if made:
            yield made


def read_support(folder: Path) -> Iterator[Document]:
    """The project's own support replies (`training/corpus`), with their written tactics on the last reply.

    Raises UsageError for a context that does not go from seeker to supporter and end with the seeker.
    """
    for path in sorted(folder.glob("*.jsonl")):
        for line in path.read_text("utf-8").splitlines():
            row = json.loads(line)
            roles = [turn["role"] for turn in row["context"]]
            if len(roles) % 2 == 0 or roles != [("seeker", "supporter")[i % 2] for i in range(len(roles))]:
                raise UsageError(
                    f"{path}: the context of {row['id']!r} must alternate, with the seeker first and last."
                )
            reply = " ".join(sentence["text"] for sentence in row["sentences"])
            turns = [tidy(turn["text"]) for turn in row["context"]] + [tidy(reply)]
            used = frozenset(tactic for sentence in row["sentences"] for tactic in sentence["tactics"])
            earlier = (frozenset[str](),) * (len(turns) // 2 - 1)
            yield Dialogue(tuple(turns), (*earlier, used))


SOURCES = {
    source.name: source
    for source in (
        Source("common_voice", "corpora/common_voice_en", "CC0", read_sentences),
        Source("pratham", "corpora/pratham_stories", "CC BY 4.0", read_stories),
        Source("storybook", "corpora/african_storybook", "CC BY", read_stories),
        Source("novels", "corpora/novels", "public domain", read_novels),
        Source("reactions", "corpora/empathic_reactions", "CC BY 4.0", read_essays),
        Source("self_dialogue", "corpora/self_dialogue_corpus", "BSD-3-Clause", read_self_dialogue),
        Source("persona_chat", "corpora/synthetic_persona_chat", "CC BY 4.0", read_persona_chat),
        Source("vera", "corpora/vera_mh", "permissive (c) Spring Care", read_vera),
        Source("counsel", "corpora/counsel_chat", "MIT", read_counsel_chat),
        Source("memorybank", "corpora/memorybank", "MIT", read_memorybank),
        Source("mint", "mint", "MIT", read_mint),
    )
}
OWN = Source("support", "", "MIT (this project)", read_support)
"""Lies in the repository, not in the data folder."""


def held_out(document: Document) -> bool:
    """One document in fifty, chosen by its text, is kept for measuring perplexity and never trained on.

    A conversation is recognised by its first message, so that later items of the same conversation go the same way.
    """
    text = document.text if isinstance(document, Prose) else document.turns[0]
    return hashlib.sha256(text[:400].encode()).digest()[0] < 5
