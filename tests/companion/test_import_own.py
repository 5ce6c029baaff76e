"""Importing our own exports: the round trip, byte by byte, and sessions that are here already."""

from __future__ import annotations

from pathlib import Path

import pytest

from companion.store import Status
from tests.companion.import_files import CHAT, GOLDEN, Write, said, summary, written
from tests.conftest import Program


@pytest.fixture
def write(tmp_path: Path) -> Write:
    """Writes a file as `written` does."""
    return lambda *content, name="in": written(tmp_path / name, *content)


# -- our own exports --------------------------------------------------------------------------------------------------


def elsewhere(monkeypatch: pytest.MonkeyPatch, tmp_path: Path, name: str) -> None:
    monkeypatch.setenv("COMPANION_HOME", str(tmp_path / name))


@pytest.mark.parametrize("form", ["jsonl", "csv", "parquet"])
@pytest.mark.parametrize("ids", [[], ["--real-ids"]])
def test_export_import_export_is_the_same_bytes(
    program: Program, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, form: str, ids: list[str]
) -> None:
    if form == "parquet":
        pytest.importorskip("pyarrow", reason="pyarrow is not installed")
    assert program("import", str(GOLDEN / "turns.jsonl")).code == 0
    with program.store() as store:  # a session of this place, begun between others, with a way not taken and a crisis
        other = store.new_session("mini")
        for text in ("x", "y"):
            session = store.new_session("/models/mini.gguf", condition="arm b")
            first = store.add_user_turn(session.id, f"{text}  two  blanks\n\tand a tab 'quoted' 日本語 ")
            store.add_user_turn(other.id, "between")
            reply = store.begin_reply(session.id, first.id)
            store.finish_reply(reply.id, Status.STOPPED, "", [])
            again = store.begin_reply(session.id, first.id)
            store.finish_reply(again.id, Status.COMPLETE, "Why?", [("Why?", {"questioning": 1 / 3, "advice": 0.1})])
            asked = store.add_user_turn(session.id, "more", again.id)
            store.risk_event(asked.id, 4, "phrases", True)
            store.rate(again.id, -1, "=no")
        store.delete(other.id)
    arguments = ["--format", form, "--with-text", *ids]
    for crisis in ([], ["--with-crisis"]):
        one, two = (tmp_path / f"{name}{len(crisis)}.{form}" for name in "ab")
        elsewhere(monkeypatch, tmp_path, "home")
        assert program("export", *arguments, *crisis, "-o", str(one)).code == 0
        elsewhere(monkeypatch, tmp_path, f"fresh{len(crisis)}")
        assert program("import", str(one), "--strict").code == 0
        assert program("export", *arguments, *crisis, "-o", str(two)).code == 0
        assert one.read_bytes() == two.read_bytes()
        assert len(one.read_bytes()) > 1000


def test_what_an_export_says_of_a_reply_comes_back(program: Program) -> None:
    assert program("import", str(GOLDEN / "turns.jsonl")).code == 0
    with program.store() as store:
        session = next(store.each_session())
        first, reply, stopped, *_ = store.turns(session.id)
        assert (stopped.parent_id, stopped.status) == (first.id, Status.STOPPED)
        assert (reply.ms_first, reply.reply_tokens) == (310.5, 14)
        assert store.plans(session.id)[reply.id].targets == ("validation", "questioning")
        assert store.empathy(session.id)[reply.id][0].demonstrating_understanding == 3.25
        assert store.ratings(session.id)[reply.id].note == '-- good, "really"\nyes'
        assert store.sentences(session.id)[reply.id][1].tactics == {"advice": 0.5, "validation": 0.875}
        assert [hit.session.id for hit in store.search("schön")] == [session.id]


@pytest.mark.parametrize("ids", [[], ["--real-ids"]])
def test_an_export_of_this_database_is_not_taken_again(program: Program, tmp_path: Path, ids: list[str]) -> None:
    with program.store() as store:
        session = store.new_session("mini")
        store.add_user_turn(session.id, "hello")
    file = tmp_path / "a.jsonl"
    program("export", "--with-text", "-o", str(file), *ids)
    assert summary(program("import", str(file), "--json"))["already"] == 1
    with program.store() as store:
        assert len(store.sessions()) == 1


def test_a_real_id_that_is_taken_by_another_session_is_given_up(program: Program, write: Write) -> None:
    with program.store() as store:
        session = store.new_session("mini")
        store.add_user_turn(session.id, "mine")
    row = {"session": session.id, "role": "user", "text": "somebody else's"}
    assert program("import", str(write(row))).code == 0
    with program.store() as store:
        assert [text for conversation in said(store) for _, text in conversation] == ["mine", "somebody else's"]


def test_a_deleted_import_can_come_in_again(program: Program, write: Write) -> None:
    file = write(CHAT)
    program("import", str(file))
    with program.store() as store:
        store.delete(next(store.each_session()).id)
    assert summary(program("import", str(file), "--json"))["conversations"] == 1


def test_labels_without_text_are_not_a_conversation(program: Program, tmp_path: Path) -> None:
    program("import", str(GOLDEN / "turns.jsonl"))
    for arguments in (["--what", "turns"], ["--what", "sentences", "--with-text"], ["--what", "sessions"]):
        file = tmp_path / f"{arguments[1]}.jsonl"
        program("export", *arguments, "-o", str(file))
        assert program("import", str(file)).code == 2


def test_rows_of_a_conversation_have_to_stand_together(program: Program, write: Write) -> None:
    rows = [{"session": name, "role": "user", "text": f"text {n}"} for n, name in enumerate(["a", "b", "a"])]
    outcome = program("import", str(write(*rows)))
    assert outcome.code == 0
    assert "line 3: its conversation began further up, with another one between" in outcome.err
    with program.store() as store:
        assert [text for conversation in said(store) for _, text in conversation] == ["text 0", "text 1"]
