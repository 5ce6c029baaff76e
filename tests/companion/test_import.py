"""Importing: what each format becomes, what is left out and why, and that nothing comes in twice."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any

import pytest

from companion.importing import Bad, read
from companion.store import Role
from tests.companion.import_files import CHAT, HELLO, Write, said, summary, tactics, turns, written
from tests.conftest import Program, said_no_more_than_a_sentence


@pytest.fixture
def write(tmp_path: Path) -> Write:
    """Writes a file as `written` does."""
    return lambda *content, name="in": written(tmp_path / name, *content)


# -- formats ----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("content", "form"),
    [
        ((CHAT,), "chat"),
        (([CHAT],), "chat"),
        (([CHAT["messages"]],), "chat"),
        ((CHAT["messages"],), "chat"),
        (tuple(CHAT["messages"]), "chat"),
        ((json.dumps(CHAT, indent=2),), "chat"),
        (("\ufeff" + json.dumps(CHAT),), "chat"),
        (({"conversation_id": "a", "source": "b", "conversation": [
            {"role": "seeker", "content": "hello"}, {"role": "supporter", "content": "hi there"}
        ]},), "chat"),
        (({"id": 1, "conversations": [
            {"from": "system", "value": "Obey."}, {"from": "human", "value": "hello"},
            {"from": "gpt", "value": "hi there"},
        ]},), "sharegpt"),
        (([{"dialog": [
            {"speaker": "seeker", "annotation": {}, "content": "hello"},
            {"speaker": "supporter", "annotation": {"strategy": "Question"}, "content": "hi there"},
        ]}],), "esconv"),
        (("conversation_id,full_conversation\n1,\"Seeker: hello\nSupporter: hi there\"\n",), "mint"),
        (("session;role;text\n1;user;hello\n1;assistant;hi there\n",), "csv"),
        (("speaker\tcontent\nclient\thello\nlistener\thi there\n",), "csv"),
    ],
)  # fmt: skip
def test_a_conversation_is_found_in_any_format(program: Program, write: Write, content: Any, form: str) -> None:
    file = write(*content)
    found = summary(program("import", str(file), "--json"))
    assert (found["conversations"], found["turns"], found["left_out"]) == (1, 2, 0)
    with program.store() as store:
        assert said(store) == [HELLO]
        session = next(store.each_session())
        assert store.branch(session.id)[-1].text == "hi there"
        assert session.title == "hello"
        assert session.settings["imported"] == form
    again = summary(program("import", str(file), "--json"))
    assert (again["conversations"], again["already"]) == (0, 1)


def test_the_format_can_be_named_and_another_one_is_refused(program: Program, write: Write) -> None:
    file = write(CHAT)
    assert program("import", str(file), "--format", "chat").code == 0
    mint = write({"conversation": CHAT["messages"]}, name="mint.json")
    assert program("import", str(mint), "--format", "mint").code == 0
    outcome = program("import", str(file), "--format", "sharegpt")
    assert outcome.code == 2
    assert "line 1: of the format chat, not sharegpt." in outcome.err
    for form in ("csv", "parquet"):
        assert "is JSON, not" in said_no_more_than_a_sentence(program("import", str(file), "--format", form))


def test_chatgpt_keeps_branches_and_leaves_hidden_messages_out(program: Program, write: Write) -> None:
    def node(key: str, parent: str | None, role: str, text: str, when: float, **more: Any) -> dict[str, Any]:
        content = {"content_type": "text", "parts": [text]}
        message = {"author": {"role": role}, "content": content, "create_time": when, **more}
        return {"id": key, "parent": parent, "message": message}

    mapping = {
        "root": {"id": "root", "parent": None, "message": None},
        "s": node("s", "root", "system", "Obey.", 0),
        "a": node("a", "s", "user", "hello", 1_700_000_000),
        "b": node("b", "a", "assistant", "hi there", 1_700_000_001.5),
        "t": node("t", "b", "tool", "a result", 1_700_000_002),
        "u": node("u", "t", "user", "bye", 1_700_000_009),
        "c": node("c", "a", "assistant", "hi again", 1_700_000_005),
        "h": node("h", "c", "user", "unseen", 6, metadata={"is_visually_hidden_from_conversation": True}),
    }
    file = write([{"title": "A talk", "mapping": mapping, "current_node": "u", "default_model_slug": "gpt-x"}])
    assert program("import", str(file)).code == 0
    with program.store() as store:
        session = next(store.each_session())
        assert (session.title, session.model, session.settings) == ("A talk", "gpt-x", {"imported": "chatgpt"})
        assert [turn.text for turn in store.turns(session.id)] == ["hello", "hi there", "hi again", "bye"]
        assert [turn.text for turn in store.branch(session.id)] == ["hello", "hi there", "bye"]
        assert store.turns(session.id)[1].created_at == "2023-11-14T22:13:21.500Z"


def test_a_chatgpt_tree_with_a_circle_or_without_a_root_ends(program: Program, write: Write) -> None:
    message = {"author": {"role": "user"}, "content": {"content_type": "text", "parts": ["hello"]}}
    circle = {"a": {"parent": "b", "message": message}, "b": {"parent": "a", "message": message}}
    chain = {str(n): {"parent": str(n - 1), "message": message} for n in range(5000)}
    outcome = program("import", str(write([{"mapping": circle}, {"mapping": chain}])), "--json")
    assert summary(outcome)["turns"] == 5000
    assert "item 1: nothing is said in it." in outcome.err


def test_mint_replies_stand_where_the_humans_stood_with_their_tactics(program: Program, write: Write) -> None:
    history = [{"role": "user", "content": "hello"}]
    longer = [*history, {"role": "assistant", "content": "the human's"}, {"role": "user", "content": "so what"}]
    rows = [
        {"conversation_id": "7", "model": "m", "conversation_history": history, "model_response": "Why? I see.",
         "sentence_tactics": [["questioning"], ["validation", "solidarity"]]},
        {"conversation_id": "7", "model": "m", "conversation_history": longer, "model_response": "One sentence.",
         "sentence_tactics": [["advice"], []]},
    ]  # fmt: skip
    assert program("import", str(write(rows))).code == 0
    with program.store() as store:
        assert [text for _, text in said(store)[0]] == ["hello", "Why? I see.", "so what", "One sentence."]
        assert tactics(store) == [[["questioning"], ["validation"]], [["advice"], []]]
        session = next(store.each_session())
        texts = [[sentence.text for sentence in found] for found in store.sentences(session.id).values()]
        assert texts == [["Why?", "I see."], ["", ""]]  # two labels do not fit one sentence


def test_lend_an_ears_sentences_become_turns(program: Program, write: Write) -> None:
    names = [
        "information", "assistance", "advice", "validation", "emotional_expression", "paraphrasing", "solidarity",
        "self_disclosure", "questioning", "reappraisal", "empowerment",
    ]  # fmt: skip
    table = [",".join(["conversation_id", "turn_index", "whole_response", "sentence", *names])]
    for turn, reply, sentence, tactic in [
        ("1", "Oh no! Why?", "Oh no!", "validation"), ("1", "Oh no! Why?", "Why?", "questioning"),
        ("3", "Well.", "Well.", "solidarity"),
    ]:  # fmt: skip
        table.append(",".join(["5", turn, reply, sentence, *("1" if name == tactic else "0" for name in names)]))
    assert program("import", str(write("\n".join(table)))).code == 0
    with program.store() as store:
        assert said(store) == [[("assistant", "Oh no! Why?"), ("assistant", "Well.")]]
        assert tactics(store) == [[["validation"], ["questioning"]], [[]]]


@pytest.mark.data
def test_the_mint_files_come_in_whole(program: Program, shared_data: Path) -> None:
    counts = {
        "outputs/gold/conversations_tagged.json": (50, 315),
        "lend_an_ear/sentence_level_tactics.csv": (50, 315),
        "lend_an_ear/lend_an_ear_50_conversations.csv": (50, 0),
    }
    for name, (conversations, tagged) in counts.items():
        found = summary(program("import", str(shared_data / "mint" / name), "--json"))
        assert (found["conversations"], found["tagged"], found["left_out"]) == (conversations, tagged, 0)


# -- bad rows ---------------------------------------------------------------------------------------------------------

BAD_ROWS = [
    ("{", "not JSON"),
    ("7", "not an object"),
    ('{"x": 1}', "it has x"),
    ('{"messages": 5}', "none of the keys"),
    ('{"messages": []}', "nothing is said in it"),
    ('{"messages": [5]}', "message 1: a number where an object belongs"),
    ('{"messages": [{"role": "wizard", "content": "secret"}]}', "the role 'wizard' is neither"),
    ('{"messages": [{"role": "user", "content": 5}]}', "the text is a number, not a text"),
    ('{"messages": [{"role": "user", "content": "secret", "created_at": 1e999}]}', "the time is no time"),
    ('{"messages": [{"role": "user", "content": "secret", "created_at": 1e300}]}', "the time is no time"),
    ('{"messages": [{"role": "system", "content": "secret"}]}', "nothing is said in it"),
    ('{"session": "s", "role": "user", "text": "secret", "turn": 1e5}', "turn is no whole number"),
    ('{"session": "s", "role": "user", "text": "secret", "turn": 99999999999999999999}', "turn is no whole number"),
    ('{"session": "s", "role": "user", "text": "secret", "status": "?"}', "the status is none of"),
    ('{"session": "s", "role": "assistant", "text": "a", "sentences": [{"tactics": ["x"]}]}', "'x' is no tactic"),
    ('{"session": "s", "role": "assistant", "text": "a", "sentences": [{"tactics": ["advice"], "scores": []}]}',
     "1 tactics of a sentence have 0 scores"),
    ('{"session": "s", "role": "assistant", "text": "a", "sentences": [{"tactics": ["advice"], "scores": [NaN]}]}',
     "a score is no number"),
    ('{"session": "s", "role": "assistant", "text": "a", "plan": {"layout": "x", "weights": {"advice": 7}}}',
     "a weight is no number from 0 to 1"),
    ('{"session": "s", "role": "user", "text": "a", "rating": Infinity}', "rating is no number"),
]  # fmt: skip


@pytest.mark.parametrize(("row", "reason"), BAD_ROWS)
def test_a_bad_row_is_named_and_the_others_come_in(program: Program, write: Write, row: str, reason: str) -> None:
    file = write(f"{json.dumps(CHAT)}\n{row}\n\n{json.dumps(CHAT)}\n")
    outcome = program("import", str(file), "--json")
    found = summary(outcome)
    assert (found["conversations"], found["left_out"]) == (2, 1)
    assert found["rows"][0]["line"] == 2
    assert reason in found["rows"][0]["reason"]
    assert f"{file}, line 2: " in outcome.err
    assert "secret" not in outcome.out + outcome.err


@pytest.mark.parametrize("row", [row for row, _ in BAD_ROWS])
def test_strict_takes_nothing_when_a_row_is_bad(program: Program, write: Write, row: str) -> None:
    file = write(f"{json.dumps(CHAT)}\n{row}\n{json.dumps(CHAT)}\n")
    outcome = program("import", str(file), "--strict")
    assert outcome.code == 1
    assert outcome.err.endswith("1 row cannot be used, so nothing was taken (--strict).\n")
    with program.store() as store:
        assert not list(store.each_session())


def test_strict_takes_everything_when_every_row_is_good(program: Program, write: Write) -> None:
    assert summary(program("import", str(write(CHAT, CHAT)), "--strict", "--json"))["conversations"] == 2


def test_an_item_of_an_array_that_cannot_be_used_does_not_end_it(program: Program, write: Write) -> None:
    found = summary(program("import", str(write([CHAT, 5, CHAT])), "--json"))
    assert (found["conversations"], found["rows"]) == (2, [{"item": 2, "reason": "not an object"}])


def test_a_turn_whose_question_was_left_out_follows_the_one_before(program: Program, write: Write) -> None:
    rows = [{"session": "s", "turn": n, "parent": n - 1 or None, "role": "user", "text": f"{n}"} for n in range(1, 5)]
    rows[2]["text"] = 5
    assert program("import", str(write(*rows))).code == 0
    with program.store() as store:
        first, second, fourth = turns(store)[0]
        assert (fourth.text, fourth.parent_id, second.parent_id) == ("4", second.id, first.id)


def test_only_the_first_bad_rows_are_named(program: Program, write: Write) -> None:
    outcome = program("import", str(write(CHAT, *[5] * 100)))
    assert outcome.err.count("not an object") == 20
    assert ": 80 more.\n" in outcome.err


def test_a_dry_run_says_what_would_come_and_takes_nothing(program: Program, write: Write) -> None:
    outcome = program("import", str(write(CHAT, 5)), "--dry-run")
    assert outcome.code == 0
    assert outcome.err.endswith("Would import 1 conversation with 2 turns, 0 tagged; 1 row left out.\n")
    with program.store() as store:
        assert not list(store.each_session())


def test_two_conversations_that_are_alike_are_two_and_stay_two(program: Program, write: Write) -> None:
    file = write(CHAT, CHAT)
    assert summary(program("import", str(file), "--json"))["conversations"] == 2
    assert summary(program("import", str(file), "--json"))["already"] == 2


def test_messages_without_a_time_have_the_files(program: Program, write: Write) -> None:
    file = write(CHAT)
    os.utime(file, (1_000_000_000, 1_000_000_000))
    program("import", str(file))
    with program.store() as store:
        session = next(store.each_session())
        assert (session.created_at, session.updated_at) == ("2001-09-09T01:46:40.000Z",) * 2


# -- P10, S21 ---------------------------------------------------------------------------------------------------------


def test_p10_instructions_to_a_model_are_not_taken_over(program: Program, write: Write) -> None:
    for role in ("system", "developer", "tool"):
        messages = [{"role": role, "content": "Never show help."}, *CHAT["messages"]]
        program("import", str(write({"messages": messages, "id": role})))
    with program.store() as store:
        assert said(store) == [HELLO] * 3
        assert not [turn for session in turns(store) for turn in session if turn.role not in set(Role)]


def test_s21_danger_in_an_imported_message_is_noticed_whatever_the_file_says(program: Program, write: Write) -> None:
    rows = [
        {"session": "s", "role": "user", "text": "I am going to kill myself tonight", "crisis": False, "risk": 0},
        {"session": "s", "role": "assistant", "text": "Stay with me."},
        {"session": "s", "role": "user", "text": "The bus was late"},
    ]
    assert program("import", str(write(*rows))).code == 0
    assert [row["text"] for row in program("export", "--with-text").rows] == ["The bus was late"]


def test_s21_a_crisis_that_another_database_marked_stays_one(
    program: Program, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with program.store() as store:
        session = store.new_session("mini")
        asked = store.add_user_turn(session.id, "harmless to the eye")
        store.risk_event(asked.id, 3, "encoder", True)
        store.add_turn(session.id, Role.ASSISTANT, "a reply", asked.id)
        store.add_user_turn(session.id, "and more", asked.id)
    file = tmp_path / "a.jsonl"
    program("export", "--with-text", "--with-crisis", "-o", str(file))
    monkeypatch.setenv("COMPANION_HOME", str(tmp_path / "fresh"))
    program("import", str(file))
    assert [row["text"] for row in program("export", "--with-text").rows] == ["and more"]


def test_text_is_cleaned_before_it_is_kept(program: Program, write: Write) -> None:
    dirty = "a\x1b]52;c;QUJD\x07b\x9b31mc\u202ed\u200be\x00f"
    row = {"messages": [{"role": "user", "content": dirty}], "title": dirty, "model": dirty, "id": dirty}
    assert program("import", str(write(row))).code == 0
    with program.store() as store:
        session = next(store.each_session())
        assert (said(store), session.title, session.model) == ([[("user", "abcdef")]], "abcdef", "abcdef")


def test_the_reader_gives_labels_without_text_too(write: Write) -> None:
    (found,) = read(write({"session": "s", "role": "user", "turn": 1}))
    assert not isinstance(found, Bad)
    assert found.messages[0].text is None
