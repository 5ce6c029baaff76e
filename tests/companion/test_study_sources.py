"""The files that a study reads: rows, tables, and what cannot be used. Our own exports have a file of their own."""

from __future__ import annotations

import csv
import json
import os
from pathlib import Path
from typing import Any

import pytest

from companion.errors import NotFound, UsageError
from companion.importing import reading
from companion.study.said import Said
from companion.study.sources import read
from companion.study.sources.ratings import DIMENSIONS, read_ratings
from planner.tactics import TACTICS
from tests.companion.studied import A, Q, V, replies


def lines(path: Path, *rows: Any) -> Path:
    path.write_text("".join(json.dumps(row) + "\n" for row in rows), encoding="utf-8")
    return path


def array(path: Path, *rows: Any) -> Path:
    path.write_text(json.dumps(list(rows), indent=1), encoding="utf-8")
    return path


def mint(name: str, place: int, *sentences: list[str]) -> dict[str, Any]:
    history = [{"role": "user" if n % 2 == 0 else "assistant", "content": "..."} for n in range(place)]
    return {
        "conversation_id": name,
        "model": "m",
        "conversation_history": history,
        "model_response": "Well. Then.",
        "sentence_tactics": list(sentences),
    }


# -- rows -------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("write", [array, lines])
def test_mint_outputs_are_read_with_the_place_of_each_reply(tmp_path: Path, write: Any) -> None:
    file = write(tmp_path / "x.json", mint("c", 3, ["advice"], []), mint("c", 1, ["questioning", "validation"]))
    assert replies(file) == [("c", 3, (A, 0)), ("c", 1, (Q | V,))]
    assert next(iter(read(file))).model == "m"


def test_chat_is_read_untagged_and_the_system_has_no_place(tmp_path: Path) -> None:
    messages = [
        {"role": "system", "content": "Be kind."},
        {"role": "user", "content": "Hi"},
        {"role": "assistant", "content": "Hello."},
        {"from": "human", "value": "So"},
        {"from": "gpt", "value": "Yes?", "sentences": [{"tactics": ["questioning"]}]},
    ]
    file = lines(tmp_path / "chat.jsonl", {"id": 7, "condition": "plan", "messages": messages})
    found = list(read(file))
    assert [(said.place, said.supporter, said.text) for said in found] == [
        (0, False, "Hi"),
        (1, True, "Hello."),
        (2, False, "So"),
        (3, True, "Yes?"),
    ]
    assert [said.sentences for said in found if said.supporter] == [None, (Q,)]
    assert {(said.conversation, said.condition) for said in found} == {("7", "plan")}


@pytest.mark.parametrize(
    "content",
    [
        json.dumps({"id": "c", "conversations": [{"from": "human", "value": "Hi"}, {"from": "gpt", "value": "So?"}]}),
        json.dumps([[{"role": "user", "content": "Hi"}, {"role": "assistant", "content": "So?"}]]),
        json.dumps({"messages": [{"role": "user", "content": "Hi"}, {"role": "bot", "content": "So?"}]}, indent=1),
        '{"role": "user", "content": "Hi"}\n{"role": "tool", "content": "x"}\n{"role": "bot", "content": "So?"}\n',
        json.dumps([{"dialog": [
            {"speaker": "seeker", "annotation": {}, "content": "Hi"},
            {"speaker": "supporter", "annotation": {"strategy": "Question"}, "content": "So?"},
        ]}]),
        json.dumps({"conversation_id": "c", "conversation": [
            {"role": "seeker", "content": "Hi"}, {"role": "supporter", "content": "So?"}
        ]}),
        "session;role;text\nc;user;Hi\nc;assistant;So?\n",
        "speaker\tcontent\nclient\tHi\nlistener\tSo?\n",
        json.dumps([{"title": "t", "current_node": "b", "mapping": {
            "a": {"parent": None, "message": {"author": {"role": "user"}, "create_time": 1,
                                              "content": {"content_type": "text", "parts": ["Hi"]}}},
            "b": {"parent": "a", "message": {"author": {"role": "assistant"}, "create_time": 2,
                                             "content": {"content_type": "text", "parts": ["So?"]}}},
            "c": {"parent": "a", "message": {"author": {"role": "assistant"}, "create_time": 3,
                                             "content": {"content_type": "text", "parts": ["Another branch"]}}},
        }}]),
    ],
)  # fmt: skip
def test_what_can_be_imported_can_be_studied(tmp_path: Path, content: str) -> None:
    (tmp_path / "in").write_text(content, encoding="utf-8")
    assert [(said.place, said.supporter, said.text, said.sentences) for said in read(tmp_path / "in")] == [
        (0, False, "Hi", None),
        (1, True, "So?", None),
    ]


def test_tagged_rows_are_read_as_companion_tag_writes_them(tmp_path: Path) -> None:
    file = lines(
        tmp_path / "tags.jsonl",
        {
            "id": "c",
            "turn": 1,
            "sentences": [{"text": "Why?", "tactics": ["questioning"], "scores": {}}],
            "tactics": {},
        },
        {"id": None, "sentences": [{"text": "Rest.", "tactics": []}]},
    )
    found = list(read(file))
    assert [(said.conversation, said.place, said.sentences, said.text) for said in found] == [
        ("c", 1, (Q,), "Why?"),
        ("row 2", 0, (0,), "Rest."),
    ]


def test_conversations_that_an_evaluation_kept_are_read_with_their_ratings(tmp_path: Path) -> None:
    rated = dict.fromkeys(DIMENSIONS, 2.0)
    exchange = {"message": "Hi", "reply": "Why?", "sentences": [["questioning"]], "empathy": rated}
    file = lines(tmp_path / "t.jsonl", {"condition": "plan", "seeker": "s1", "kind": "lend", "exchanges": [exchange]})
    said = list(read(file))[1]
    assert (said.conversation, said.place, said.sentences, said.condition) == ("s1", 1, (Q,), "plan")
    assert said.empathy.aggregate == pytest.approx((2 * 3 + 4 * 3) / 6)


def test_several_formats_may_be_in_one_folder(tmp_path: Path) -> None:
    array(tmp_path / "a.json", mint("c", 1, ["advice"]))
    (tmp_path / "sub").mkdir()
    lines(tmp_path / "sub" / "b.jsonl", {"id": "d", "messages": [{"role": "assistant", "content": "Hm."}]})
    (tmp_path / "notes.txt").write_text("nothing", encoding="utf-8")
    assert replies(tmp_path) == [("c", 1, (A,)), ("d", 0, None)]


def test_a_long_array_is_read_piece_by_piece(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(reading, "_CHUNK", 100)
    rows = [mint(f"c{number}", number % 4, ["advice"] * (number % 3)) for number in range(50)]
    assert len(replies(array(tmp_path / "x.json", *rows))) == 50


# -- tables -----------------------------------------------------------------------------------------------------------


def table(path: Path, *rows: dict[str, Any]) -> Path:
    with path.open("w", encoding="utf-8", newline="") as out:
        writer = csv.DictWriter(out, list(rows[0]))
        writer.writeheader()
        writer.writerows(rows)
    return path


def test_a_conversation_as_text_is_taken_apart_by_speaker(tmp_path: Path) -> None:
    text = "Seeker: Hi.\nI am sad: very.\nSupporter: Oh no\nSEEKER:  Yes\nSupporter: I see"
    file = table(tmp_path / "x.csv", {"conversation_id": "c", "full_conversation": text})
    assert [(said.place, said.supporter, said.text) for said in read(file)] == [
        (0, False, "Hi.\nI am sad: very."),
        (1, True, "Oh no"),
        (2, False, "Yes"),
        (3, True, "I see"),
    ]


def sentence(name: str, turn: int, *tactics: str) -> dict[str, Any]:
    labels = {tactic.value: int(tactic.value in tactics) for tactic in TACTICS}
    return {"conversation_id": name, "turn_index": turn, "whole_response": "All.", "gratitude": 1, **labels}


def test_tagged_sentences_are_put_together_to_replies(tmp_path: Path) -> None:
    file = table(tmp_path / "x.csv", sentence("c", 1, "advice"), sentence("c", 1), sentence("c", 3, "questioning"))
    assert replies(file) == [("c", 1, (A, 0)), ("c", 3, (Q,))]


def test_ratings_are_read_by_conversation_and_turn(tmp_path: Path) -> None:
    row = {"conversation_id": "c", "turn_index": 3, **dict.fromkeys(DIMENSIONS, 2)}
    file = table(tmp_path / "r.csv", row, row | {"turn_index": 5, "advice_giving": ""})
    found = read_ratings(file)
    assert found["c", 3] == (2,) * 6
    assert str(found["c", 5][3]) == "nan"
    for wrong in ({"advice_giving": 9}, {"advice_giving": "much"}, {"turn_index": "last"}):
        with pytest.raises(UsageError, match=r"r\.csv, line 2: not ratings"):
            read_ratings(table(file, row | wrong))
    with pytest.raises(UsageError, match="no column dismissing_emotions"):
        read_ratings(table(file, {key: value for key, value in row.items() if key != "dismissing_emotions"}))


# -- what cannot be used ----------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("content", "says"),
    [
        (b'{"messages": [{"role": "assistant", "content": "x"}]}\n{oops\n', "line 2 cannot be used: not JSON"),
        (b'{"messages": [{"role": "wizard", "content": "x"}]}', "line 1 cannot be used: message 1: the role 'wizard'"),
        (b'{"messages": [{"role": "assistant", "content": 5}]}', "message 1: the text is a number, not a text"),
        (b'{"messages": ["x"]}', "line 1 cannot be used"),
        (b'{"model_response": "x", "sentence_tactics": [["magic"]]}', "'magic' is no tactic"),
        (b'{"model_response": "x", "sentence_tactics": [5]}', "line 1 cannot be used"),
        (b'{"sentences": [{"tactics": []}], "id": "c", "turn": -4}', "-4 is no place"),
        (b'{"sentences": [{"tactics": []}], "id": "c", "turn": 1e99}', "is no place"),
        (b'{"sentences": [{"text": "x"}]}', "'tactics' is no tactic or is missing"),
        (b'{"session": "s", "role": "assistant", "turn": 1, "text": 5}', "the text is a int"),
        (b'{"session": "s", "role": "assistant", "turn": {}}', "line 1 cannot be used"),
        (b'{"answer": 42}', "it has answer"),
        (b"[1, 2]", "item 1 cannot be used: not an object"),
        (b'[{"answer": 42}, {]', "item 1 cannot be used"),
        (b'[{"model_response": "x"}, {"model', "item 2 cannot be used: not JSON"),
        (b'[{"model_response": "x"}', "item 1 cannot be used: the file ends in the middle of its array"),
        (b"[" * 100_000, "nested too deep"),
        (b'{"a":' * 100_000, "nested too deep"),
        (b"a,b\n1,2\n", "line 2 cannot be used: none of the keys or columns that say what it is; it has a, b"),
        ('{"messages": []}'.encode("utf-16"), "not UTF-8"),
        (b"PK\x03\x04\x00\x00", "is a zip archive; unpack it"),
        (b"\x1f\x8b\x08", "packed with gzip"),
        (b"PAR1 and no more", "is not a Parquet file that can be read"),
        (b'{"id": "c", "messages": [{"role": "assistant", "content": "a\xff"}]}', "line 1 cannot be used: not UTF-8"),
        (b"session,role,text\ns,assistant\n", "line 2 cannot be used: 2 cells in a table of 3 columns"),
    ],
)
def test_what_cannot_be_used_is_a_sentence_with_the_file_and_the_row(tmp_path: Path, content: bytes, says: str) -> None:
    file = tmp_path / "x.jsonl"
    file.write_bytes(content)
    with pytest.raises(UsageError) as caught:
        list(read(file))
    assert says in str(caught.value)
    assert str(file) in str(caught.value)


@pytest.mark.parametrize(
    ("begins", "says"),
    [
        (b'{"messages": []}\n{"a": "', "line 2 cannot be used: longer than"),
        (b'[{"a": "', "item 1 cannot be used: not JSON"),
        (b'conversation_id,full_conversation\nc,"', "line 2 cannot be used: longer than"),
    ],
)
def test_a_line_without_an_end_is_not_read_to_its_end(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, begins: bytes, says: str
) -> None:
    monkeypatch.setattr(reading, "LONGEST", 1000)
    monkeypatch.setattr(reading, "_CHUNK", 100)
    (tmp_path / "x").write_bytes(begins + b"x" * 5000)
    with pytest.raises(UsageError, match=says):
        list(read(tmp_path / "x"))


def test_a_table_that_unpacks_to_far_more_than_it_is_is_not_unpacked(tmp_path: Path) -> None:
    pa = pytest.importorskip("pyarrow", reason="pyarrow is not installed")
    from pyarrow import parquet

    texts = pa.DictionaryArray.from_arrays(pa.array([0] * 2000, pa.int32()), pa.array(["x" * 900_000]))
    roles = ["assistant"] * 2000
    parquet.write_table(pa.table({"conversation_id": ["c"] * 2000, "role": roles, "text": texts}), tmp_path / "x")
    with pytest.raises(UsageError, match=r"cannot be used: (the file unpacks to far more|its conversation has more)"):
        list(read(tmp_path / "x"))


def test_a_tree_with_a_circle_ends(tmp_path: Path) -> None:
    node = {"message": {"author": {"role": "user"}, "content": {"content_type": "text", "parts": ["Hi"]}}}
    tree = {"a": {**node, "parent": "b"}, "b": {**node, "parent": "a"}, "c": {**node, "parent": None}}
    file = array(tmp_path / "x.json", {"mapping": tree, "current_node": "a"})
    assert [said.text for said in read(file)] == ["Hi"]


def test_a_pipe_is_a_sentence_and_not_waited_for(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "x.jsonl")
    with pytest.raises(UsageError, match="not an ordinary file"):
        list(read(tmp_path / "x.jsonl"))


def test_a_session_of_too_many_rows_is_not_held(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("companion.importing.chats.MOST_MESSAGES", 3)
    rows = [{"session": "s", "role": "assistant", "turn": number, "text": "Hm."} for number in range(1, 5)]
    with pytest.raises(UsageError, match="line 4 cannot be used: more than 3 rows of one conversation"):
        list(read(lines(tmp_path / "x.jsonl", *rows)))


def test_an_empty_file_has_nothing_in_it(tmp_path: Path) -> None:
    (tmp_path / "x.jsonl").touch()
    assert list(read(tmp_path / "x.jsonl")) == []


def test_what_is_not_there_is_not_found(tmp_path: Path) -> None:
    for path, says in ((tmp_path / "no.jsonl", "There is no"), (tmp_path, "no file in")):
        with pytest.raises(NotFound, match=says):
            list(read(path))
    if os.geteuid():
        (tmp_path / "secret.jsonl").touch(0)
        with pytest.raises(NotFound, match="cannot be read"):
            list(read(tmp_path / "secret.jsonl"))


@pytest.mark.data
def test_the_human_supporters_are_the_same_in_every_file(shared_data: Path) -> None:
    tagged = {(said.conversation, said.place): said for said in read(shared_data / "mint" / "outputs" / "gold")}
    for name in ("lend_an_ear_50_conversations.csv", "sentence_level_tactics.csv"):
        found = [said for said in read(shared_data / "mint" / "lend_an_ear" / name) if said.supporter]
        assert {(said.conversation, said.place) for said in found} == tagged.keys()
        assert all(" ".join((said.text or "").split()) == words(tagged, said) for said in found), name
        if name.startswith("sentence"):
            same = sum(said.sentences == tagged[said.conversation, said.place].sentences for said in found)
            assert same > 300


def words(tagged: dict[tuple[str, int], Said], said: Said) -> str:
    return " ".join((tagged[said.conversation, said.place].text or "").split())
