from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from companion.errors import UsageError
from companion.study.gather import Gatherer, Source, named
from companion.study.said import BIT
from tests.companion.fakes import CueTagger

A, Q, V = BIT["advice"], BIT["questioning"], BIT["validation"]


def chat(*replies: str, **keys: Any) -> str:
    messages = [{"role": "assistant", "content": text} for text in replies]
    return json.dumps({"messages": messages, **keys}) + "\n"


def test_untagged_text_is_tagged_and_tags_that_are_there_stay(tmp_path: Path) -> None:
    tagged = {"id": "c", "turn": 0, "sentences": [{"text": "Try this?", "tactics": ["validation"]}]}
    (tmp_path / "x.jsonl").write_text(chat("Why? You could try it.") + json.dumps(tagged), encoding="utf-8")
    made = Gatherer(CueTagger).gather(Source("x", tmp_path / "x.jsonl"))
    assert made.tagged == 1
    (table,) = made.tables.values()
    assert sorted(table.sentences.tolist()) == sorted([Q, A, V])
    again = Gatherer(CueTagger, retag=True).gather(Source("x", tmp_path / "x.jsonl"))
    assert again.tagged == 2
    assert sorted(again.tables["x"].sentences.tolist()) == sorted([Q, A, Q | A])


def test_a_tagger_is_only_asked_for_where_it_is_needed(tmp_path: Path) -> None:
    row = {"id": "c", "turn": 0, "sentences": [{"tactics": ["validation"]}]}
    (tmp_path / "x.jsonl").write_text(json.dumps(row), encoding="utf-8")

    def no_tagger() -> CueTagger:
        raise AssertionError("asked for")

    assert len(Gatherer(no_tagger).gather(Source("x", tmp_path / "x.jsonl")).tables["x"]) == 1


def test_a_source_is_taken_apart_by_what_is_asked_for(tmp_path: Path) -> None:
    rows = [chat("Why?", "So?", id=n, model="m\x1b[2J" if n % 2 else None, condition="plan") for n in range(4)]
    (tmp_path / "x.jsonl").write_text("".join(rows), encoding="utf-8")
    source = Source("x", tmp_path / "x.jsonl")
    by_model = Gatherer(CueTagger, by="model").gather(source).tables
    assert {name: len(table) for name, table in by_model.items()} == {"x: m": 4, "x: no model": 4}
    assert list(Gatherer(CueTagger, by="condition").gather(source).tables) == ["x: plan"]
    assert len(Gatherer(CueTagger, by="session").gather(source).tables) == 4


def test_too_many_groups_are_a_sentence(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("companion.study.gather.MOST_GROUPS", 2)
    (tmp_path / "x.jsonl").write_text("".join(chat("Why?", id=n) for n in range(3)), encoding="utf-8")
    with pytest.raises(UsageError, match="more than 2 groups by session"):
        Gatherer(CueTagger, by="session").gather(Source("x", tmp_path / "x.jsonl"))


def test_a_source_without_replies_is_a_sentence(tmp_path: Path) -> None:
    (tmp_path / "x.jsonl").write_text('{"messages": [{"role": "user", "content": "Hi"}]}', encoding="utf-8")
    with pytest.raises(UsageError, match="x has no replies in it"):
        Gatherer(CueTagger).gather(Source("x", tmp_path / "x.jsonl"))
    row = {"session": "s", "role": "assistant", "turn": 1, "status": "complete", "sentences": []}
    (tmp_path / "x.jsonl").write_text(json.dumps(row), encoding="utf-8")
    with pytest.raises(UsageError, match="1 left out"):
        Gatherer(CueTagger).gather(Source("x", tmp_path / "x.jsonl"))


def test_sources_are_named_or_named_after_their_files(tmp_path: Path) -> None:
    for folder in ("one", "two"):
        (tmp_path / folder).mkdir()
        (tmp_path / folder / "conversations_tagged.json").touch()
    (tmp_path / "chat.jsonl").touch()
    assert [source.name for source in named([str(tmp_path)])] == ["chat", "one", "two"]
    assert [source.name for source in named([str(tmp_path / "one" / "conversations_tagged.json")])] == ["one"]
    assert [source.name for source in named([f"mine={tmp_path}"])] == ["mine"]
    with pytest.raises(UsageError, match="Two sources are called 'one'"):
        named([str(tmp_path), f"one={tmp_path}"])
