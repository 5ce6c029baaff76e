from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from planner.tactics import TACTICS
from training.corpus_check import CORPUS, Minimums, check, main, tables
from training.corpus_schema import LEVELS, Family

NONE_NEEDED = Minimums(replies=0, sentences=0, sentences_per_tactic=0, risk_messages=0)


def reply(**changes: Any) -> dict[str, Any]:
    line: dict[str, Any] = {
        "id": "friend-001",
        "voice": "friend",
        "topic": "exam",
        "context": [{"role": "seeker", "text": "I failed it again."}],
        "sentences": [{"text": "Oh no.", "tactics": ["emotional_expression"]}, {"text": "Hey.", "tactics": []}],
    }
    return line | changes


def message(**changes: Any) -> dict[str, Any]:
    line: dict[str, Any] = {
        "id": "risk-idiom-001",
        "family": "idiom",
        "previous": "",
        "text": "this heat is killing me",
        "level": 0,
    }
    return line | changes


def write(folder: Path, **corpora: list[Any]) -> Path:
    """One file a corpus; a string is written as it is, in place of a line."""
    for name, lines in corpora.items():
        (folder / name).mkdir()
        text = "".join(line if isinstance(line, str) else json.dumps(line) + "\n" for line in lines)
        (folder / name / "a.jsonl").write_text(text, encoding="utf-8")
    return folder


def faults(folder: Path, minimums: Minimums = NONE_NEEDED) -> list[str]:
    return [fault.replace(f"{folder}/", "") for fault in check(folder, minimums).faults]


def test_a_valid_corpus_has_no_faults(tmp_path: Path) -> None:
    report = check(write(tmp_path, support=[reply()], risk=[message()]), NONE_NEEDED)
    assert not report.faults
    assert [line.id for line in report.replies] == ["friend-001"]
    assert [line.id for line in report.messages] == ["risk-idiom-001"]


def test_the_corpus_in_the_repository_is_valid(capsys: pytest.CaptureFixture[str]) -> None:
    assert main([]) == 0
    shown = capsys.readouterr()
    assert not shown.err
    assert all(tactic.label in shown.out for tactic in TACTICS)
    assert all(family.replace("_", " ") in shown.out for family in Family)


def test_every_family_is_there_with_every_level_it_may_have() -> None:
    found = {(message.family, message.level) for message in check(CORPUS).messages}
    assert found == {(family, level) for family in Family for level in LEVELS[family]}


def test_many_of_the_risk_messages_follow_another() -> None:
    messages = check(CORPUS).messages
    assert sum(bool(message.previous) for message in messages) >= 700


SEEKER, SUPPORTER = {"role": "seeker", "text": "Hi."}, {"role": "supporter", "text": "Hello."}


@pytest.mark.parametrize(
    ("line", "fault"),
    [
        ({"id": "friend-1"}, "id: String should match pattern"),
        ({"mood": "sad"}, "mood: Extra inputs are not permitted"),
        ({"voice": " friend"}, "voice: white space at the start or the end"),
        ({"topic": ""}, "topic: String should have at least 1 character"),
        ({"context": []}, "the context must end with the seeker"),
        ({"context": [SUPPORTER, SEEKER]}, "context message 1 must be the seeker's"),
        ({"context": [SEEKER, SEEKER]}, "context message 2 must be the supporter's"),
        ({"context": [SEEKER, SUPPORTER]}, "the context must end with the seeker"),
        ({"context": [{"role": "bot", "text": "Hi."}]}, "context.0.role: Input should be 'seeker' or 'supporter'"),
        ({"sentences": []}, "the reply has no sentence"),
        ({"sentences": [{"text": "", "tactics": []}]}, "sentences.0.text: String should have at least 1 character"),
        ({"sentences": [{"text": "  ", "tactics": []}]}, "sentences.0.text: white space at the start or the end"),
        ({"sentences": [{"text": "A\nb.", "tactics": []}]}, "sentences.0.text: a line break inside the text"),
        ({"sentences": [{"text": "Hm.", "tactics": ["hugging"]}]}, "sentences.0.tactics.0: Input should be"),
        ({"sentences": [{"text": "Hm.", "tactics": ["advice"] * 2}]}, "sentences.0: a tactic is named twice"),
        ({"sentences": [{"text": "Hm.", "tactics": list(TACTICS[:4])}]}, "sentences.0.tactics: Tuple should have at"),
        ({"sentences": [{"text": "See https://a.b", "tactics": []}]}, "sentences.0.text: an address: 'https://'"),
        ({"sentences": [{"text": "Ask me@here.ie", "tactics": []}]}, "sentences.0.text: an address: 'me@here.i'"),
        ({"sentences": [{"text": "Try help.org.", "tactics": []}]}, "sentences.0.text: an address: 'help.org'"),
        ({"sentences": [{"text": "Ring 555 0100.", "tactics": []}]}, "sentences.0.text: a phone number: '555 0100'"),
    ],
)
def test_what_is_wrong_with_a_reply_is_named(tmp_path: Path, line: dict[str, Any], fault: str) -> None:
    (only,) = faults(write(tmp_path, support=[reply(id="friend-002"), reply(**line)]))
    assert only.startswith(f"support/a.jsonl:2: {fault}")


@pytest.mark.parametrize(
    ("line", "fault"),
    [
        ({"id": "risk-game-001"}, "id 'risk-game-001' does not name its family, idiom"),
        ({"family": "joke"}, "family: Input should be 'explicit', "),
        ({"level": 1}, "level 1, but idiom has 0"),
        ({"level": "0"}, "level: Input should be a valid integer"),
        ({"level": True}, "level: Input should be a valid integer"),
        ({"id": "risk-past-001", "family": "past", "level": 6}, "level 6, but past has 0, 1, 2, 3, 4, 5"),
        ({"id": "risk-follow-up-001", "family": "follow_up", "level": 2}, "follow_up needs a previous message"),
        ({"previous": "call 116 123 now"}, "previous: a phone number: '116 123'"),
        ({"text": ""}, "text: String should have at least 1 character"),
    ],
)
def test_what_is_wrong_with_a_risk_message_is_named(tmp_path: Path, line: dict[str, Any], fault: str) -> None:
    (only,) = faults(write(tmp_path, risk=[message(id="risk-idiom-002"), message(**line)]))
    assert only.startswith(f"risk/a.jsonl:2: {fault}")


@pytest.mark.parametrize("key", ["id", "family", "previous", "text", "level"])
def test_a_missing_key_is_named(tmp_path: Path, key: str) -> None:
    line = message()
    del line[key]
    assert faults(write(tmp_path, risk=[line])) == [f"risk/a.jsonl:1: {key}: Field required"]


def test_a_line_that_is_not_json_is_named_and_the_others_still_count(tmp_path: Path) -> None:
    report = check(write(tmp_path, risk=['{"id": \n', "\n", message()]), NONE_NEEDED)
    assert len(report.messages) == 1
    first, second = report.faults
    assert first.startswith(f"{tmp_path}/risk/a.jsonl:1: Invalid JSON")
    assert second.startswith(f"{tmp_path}/risk/a.jsonl:2: Invalid JSON")


def test_a_line_that_is_not_utf_8_is_named(tmp_path: Path) -> None:
    write(tmp_path, risk=[message()])
    path = tmp_path / "risk" / "a.jsonl"
    path.write_bytes(path.read_bytes() + json.dumps(message()).encode().replace(b"heat", b"h\xe9at"))
    (only,) = faults(tmp_path)
    assert only.startswith("risk/a.jsonl:2: Invalid JSON")


def test_an_id_used_twice_is_named_with_both_places(tmp_path: Path) -> None:
    write(tmp_path, support=[reply()])
    (tmp_path / "support" / "b.jsonl").write_text(json.dumps(reply()), encoding="utf-8")
    (only,) = faults(tmp_path)
    assert only == "support/b.jsonl:1: id 'friend-001' is already in support/a.jsonl:1"


def test_letters_are_checked_and_counted_like_other_replies(tmp_path: Path) -> None:
    write(tmp_path, support=[reply()], letters=[reply(id="letter-001"), reply(id="letter-002", voice="")])
    report = check(tmp_path, NONE_NEEDED)
    assert len(report.replies) == 2
    assert [fault.replace(f"{tmp_path}/", "") for fault in report.faults] == [
        "letters/a.jsonl:2: voice: String should have at least 1 character"
    ]


def test_too_little_of_anything_is_named(tmp_path: Path) -> None:
    found = faults(write(tmp_path, support=[reply()], risk=[message()]), Minimums(2, 3, 1, 2))
    assert found[:2] == [
        "replies: 1, at least 2 are needed",
        "sentences: 2, at least 3 are needed",
    ]
    assert found[-1] == "risk: messages: 1, at least 2 are needed"
    # one sentence each for the other nine: the reply has emotional expression
    assert len(found) == 3 + 9
    assert "advice sentences: 0, at least 1 are needed" in found


def test_faults_make_the_exit_code_1_and_go_to_stderr(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main([str(write(tmp_path, risk=[message(level=3)]))]) == 1
    shown = capsys.readouterr()
    assert f"{tmp_path}/risk/a.jsonl:1: level 3, but idiom has 0" in shown.err
    assert "a.jsonl" not in shown.out


def test_no_text_of_a_message_is_printed(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    main([str(write(tmp_path, risk=[message(level=3), message(level="x")]))])
    shown = capsys.readouterr()
    assert "killing" not in shown.out + shown.err


def test_the_table_counts_by_tactic_family_and_level(tmp_path: Path) -> None:
    lines = [message(), message(id="risk-past-001", family="past", level=2)]
    rows = {
        line[:26].strip(): line[26:].split()
        for line in tables(check(write(tmp_path, support=[reply()], risk=lines), NONE_NEEDED))
    }
    assert rows["emotional expression"] == ["1"]
    assert rows["no tactic"] == ["1"]
    assert rows["all, in 1 replies"] == ["2"]
    assert rows["idiom"] == ["1", "0", "0", "0", "0", "0", "1"]
    assert rows["past"] == ["0", "0", "1", "0", "0", "0", "1"]
    assert rows["all"] == ["1", "0", "1", "0", "0", "0", "2"]
