from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from companion.errors import UsageError
from planner.layouts import Message
from tests.conftest import Program
from training.recordings import Recording, Recordings, read_recordings, split

SAID = [("user", "My week was bad."), ("assistant", "What happened?"), ("user", "Work."), ("assistant", "Go on.")]


def write(path: Path, *conversations: Sequence[tuple[str, str]]) -> Path:
    rows = [{"messages": [{"role": role, "content": text} for role, text in said]} for said in conversations]
    path.write_text("".join(json.dumps(row) + "\n" for row in rows))
    return path


def only(path: Path, **settings: Any) -> Recording:
    (found,) = read_recordings([path], **settings).found
    return found


def test_a_chat_file_becomes_recordings(tmp_path: Path) -> None:
    found = read_recordings([write(tmp_path / "mine.jsonl", SAID, SAID[:2])])
    assert [recording.id for recording in found.found] == ["mine/0", "mine/1"]
    assert found.found[0].messages == tuple(Message(role, text) for role, text in SAID)  # type: ignore[arg-type]
    assert found.found[0].said == ("My week was bad.", "Work.")
    assert found.found[0].replies == ("What happened?", "Go on.")


def test_the_paper_s_form_is_read_too(tmp_path: Path) -> None:
    turns = [{"role": "seeker", "content": "Bad."}, {"role": "supporter", "content": "Oh?"}]
    path = tmp_path / "conversations.json"
    path.write_text(json.dumps([{"conversation_id": "T1", "conversation": turns}]))
    assert only(path) == Recording("conversations/T1", (Message("user", "Bad."), Message("assistant", "Oh?")))


def test_neighbours_of_one_side_become_one_message_and_empty_ones_vanish(tmp_path: Path) -> None:
    said = [("user", "One."), ("user", "Two."), ("assistant", " "), ("user", "Three."), ("assistant", "Yes.")]
    found = only(write(tmp_path / "a.jsonl", said))
    assert found.messages == (Message("user", "One.\n\nTwo.\n\nThree."), Message("assistant", "Yes."))


def test_from_the_first_sign_of_a_crisis_on_a_conversation_is_left_out(tmp_path: Path) -> None:
    dark = [*SAID, ("user", "I want to kill myself."), ("assistant", "I am here."), *SAID]
    found = read_recordings([write(tmp_path / "a.jsonl", dark, SAID)])
    assert [recording.replies for recording in found.found] == [("What happened?", "Go on.")] * 2
    assert found.cut == 1


def test_a_crisis_is_kept_where_it_is_asked_for(tmp_path: Path) -> None:
    dark = [*SAID, ("user", "I want to kill myself."), ("assistant", "I am here.")]
    found = read_recordings([write(tmp_path / "a.jsonl", dark)], crisis=True)
    assert found.found[0].replies == ("What happened?", "Go on.", "I am here.")
    assert found.cut == 0


def test_a_turn_that_an_export_marks_is_left_out_whatever_it_says(tmp_path: Path) -> None:
    rows = [
        {"session": "s-0", "turn": n, "role": role, "text": text, "parent": n - 1 or None, "crisis": n == 3}
        for n, (role, text) in enumerate(SAID, 1)
    ]
    path = tmp_path / "export.jsonl"
    path.write_text("".join(json.dumps(row) + "\n" for row in rows))
    assert only(path).replies == ("What happened?",)


def test_what_a_person_exports_with_its_text_can_be_learned_from(told: Program, tmp_path: Path) -> None:
    told.says("What happened?", "Go on.")
    assert told("say", "My week was bad.").code == 0
    labels, texts = tmp_path / "labels.jsonl", tmp_path / "texts.jsonl"
    assert told("export", "-o", str(labels)).code == 0
    assert told("export", "--with-text", "-o", str(texts)).code == 0
    assert only(texts).messages == (Message("user", "My week was bad."), Message("assistant", "What happened?"))
    with pytest.raises(UsageError, match="--with-text"):
        read_recordings([labels])


def test_rows_that_cannot_be_used_are_counted(tmp_path: Path) -> None:
    path = write(tmp_path / "a.jsonl", SAID)
    path.write_text(path.read_text() + "not json\n" + json.dumps({"messages": [{"role": "user"}]}) + "\n")
    found = read_recordings([path])
    assert len(found.found) == 1
    assert found.bad >= 1


def test_what_was_left_out_is_one_sentence_and_none_where_that_is_nothing() -> None:
    assert Recordings().left_out == ""
    assert Recordings(bad=1, cut=2).left_out == (
        "Left out: 1 row that cannot be used, 2 conversations from the first sign of a crisis on."
    )
    assert Recordings(long=3).left_out == "Left out: 3 prompts longer than prompts.limit."


def test_a_file_without_a_reply_is_refused(tmp_path: Path) -> None:
    path = write(tmp_path / "a.jsonl", SAID[:1])
    with pytest.raises(UsageError, match=r"nothing to learn from in .*a\.jsonl"):
        read_recordings([path])


def test_other_replies_can_be_put_behind_the_person_s_messages(tmp_path: Path) -> None:
    recording = only(write(tmp_path / "a.jsonl", [("assistant", "Hello."), *SAID]))
    own = recording.answered(["Mine."])
    assert own == Recording("a/0", (Message("user", "My week was bad."), Message("assistant", "Mine.")))
    with pytest.raises(ValueError, match="3 replies to 2 messages"):
        recording.answered(["a", "b", "c"])


@given(st.sets(st.text(min_size=1, max_size=8), max_size=60), st.floats(0, 0.9))
def test_a_recording_goes_the_same_way_whatever_else_is_there(names: set[str], share: float) -> None:
    recordings = [Recording(name, ()) for name in sorted(names)]
    train, kept = split(recordings, share)
    assert sorted(each.id for each in [*train, *kept]) == sorted(names)
    for recording in recordings:
        assert (split([recording], share)[1] == [recording]) == (recording in kept)


def test_about_the_share_is_kept() -> None:
    recordings = [Recording(f"mint/{number}", ()) for number in range(2000)]
    assert len(split(recordings, 0.1)[1]) == pytest.approx(200, abs=40)
    assert split(recordings, 0)[1] == []
