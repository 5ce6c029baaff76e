"""The safety plan and the letter, without a screen (S14, S15)."""

from __future__ import annotations

import json
import os
import stat
from datetime import date
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from companion import paths
from companion.errors import CompanionError
from companion.safety.letter import STATES, TIMES, WISHES, Answers, LetterBox, draft
from companion.safety.lint import veto
from companion.safety.plan import FILE, SECTIONS, PlanBook, SafetyPlan
from companion.text import split_sentences

DAY = date(2026, 5, 4)


def written() -> SafetyPlan:
    return SafetyPlan().with_text("signs", "I stop [/x] answering\nmessages").with_text("people", "Ana, 555")


def test_s14_the_plan_is_there_again() -> None:
    PlanBook().write(written())
    assert PlanBook().read() == written()


def test_s14_the_file_is_for_its_owner_alone() -> None:
    PlanBook().write(written())
    file = paths.data_folder() / FILE
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    assert stat.S_IMODE(file.parent.stat().st_mode) == 0o700
    assert [each.name for each in file.parent.iterdir()] == [FILE]


def test_s14_off_the_record_nothing_is_written_and_the_program_still_knows_it(own_home: Path) -> None:
    book = PlanBook(keep=False)
    book.write(written())
    assert book.read() == written()
    assert not own_home.exists()
    assert PlanBook().read() == SafetyPlan()


def test_s14_off_the_record_the_kept_plan_can_be_read_and_stays_as_it_is() -> None:
    PlanBook().write(written())
    book = PlanBook(keep=False)
    assert book.read() == written()
    book.write(written().with_text("signs", "other"))
    book.forget()
    assert book.read() == SafetyPlan()
    assert PlanBook().read() == written()


def test_s15_the_answer_is_kept_with_the_plan() -> None:
    PlanBook().write(written().answered(7, DAY))
    answer = PlanBook().read().readiness
    assert answer is not None
    assert (answer.value, answer.on) == (7, DAY)


@pytest.mark.parametrize("value", [-1, 11])
def test_s15_only_0_to_10(value: int) -> None:
    with pytest.raises(ValueError, match="0 to 10"):
        SafetyPlan().answered(value, DAY)


@pytest.mark.parametrize(
    "content",
    [b"{", b"[]", b'{"format": 9}', b'{"format": 1, "sections": 3, "readiness": null}', b"\xff\xff",
     b'{"format": 1, "sections": {"signs": 3}, "readiness": null}',
     b'{"format": 1, "sections": {}, "readiness": {"value": 99, "on": "2026-05-04"}}'],
)  # fmt: skip
def test_a_plan_that_is_not_understood_is_set_aside_and_not_lost(content: bytes) -> None:
    file = paths.data_folder() / FILE
    file.parent.mkdir(parents=True)
    file.write_bytes(content)
    with pytest.raises(CompanionError, match=FILE):
        PlanBook().read()
    assert file.with_name(f"{FILE}.unreadable").read_bytes() == content
    PlanBook().write(written())
    assert PlanBook().read() == written()


def test_a_folder_that_cannot_be_used_is_a_sentence_and_the_plan_stays_in_memory(own_home: Path) -> None:
    own_home.mkdir()
    (own_home / "data").touch()
    book = PlanBook()
    with pytest.raises(CompanionError, match="cannot be used"):
        book.write(written())
    assert book.read() == written()


def test_a_write_that_fails_leaves_what_was_there(monkeypatch: pytest.MonkeyPatch) -> None:
    PlanBook().write(written())

    def full(*_: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(CompanionError, match="No space left"):
        PlanBook().write(SafetyPlan())
    assert PlanBook().read() == written()
    assert len(list(paths.data_folder().iterdir())) == 1


def test_forgetting_takes_the_file_away() -> None:
    PlanBook().write(written())
    PlanBook().forget()
    assert list(paths.data_folder().iterdir()) == []
    PlanBook().forget()


def test_the_plan_as_text_leaves_out_what_is_empty() -> None:
    text = written().plain()
    assert text.startswith(f"{SECTIONS[0].title}\nI stop")
    assert SECTIONS[1].title not in text
    assert SafetyPlan().empty
    assert not written().empty


@given(st.dictionaries(st.sampled_from([each.name for each in SECTIONS]), st.text(st.characters(codec="utf-8"))))
def test_any_text_comes_back_as_it_was_typed(texts: dict[str, str]) -> None:
    book = PlanBook(keep=False)
    plan = SafetyPlan()
    for name, text in texts.items():
        plan = plan.with_text(name, text)
    book.write(plan)
    assert book.read() == plan


def test_it_is_a_file_that_other_programs_can_read() -> None:
    PlanBook().write(written())
    row = json.loads((paths.data_folder() / FILE).read_text("utf-8"))
    assert row["sections"]["people"] == "Ana, 555"


# -- the letter -------------------------------------------------------------------------------------------------------


def test_s14_a_letter_from_answers() -> None:
    text = draft(Answers("Ana", ("thoughts", "hard"), "I miss our walks.", ("call",), "today", "Jo"))
    assert text.split("\n\n") == [
        "Hi Ana,",
        f"I am writing because I trust you. {STATES['hard'][1]} {STATES['thoughts'][1]}",
        "I miss our walks.",
        f"{WISHES['call'][1]} {TIMES['today'][1]}",
        "Thank you for reading this.",
        "Jo",
    ]


def test_s14_without_any_answer_it_is_a_letter_still() -> None:
    assert draft(Answers()).split("\n\n") == [
        "Hello,", "I am writing because I trust you.", "Thank you for reading this.",
    ]  # fmt: skip


@pytest.mark.parametrize("sentences", [STATES, WISHES, TIMES])
def test_s6_the_letter_s_parts_promise_nothing_and_name_no_illness(sentences: dict[str, tuple[str, str]]) -> None:
    for label, text in sentences.values():
        for sentence in split_sentences(f"{label}. {text}"):
            assert veto(sentence) == ""


def test_s14_a_letter_is_kept_only_when_the_person_says_so(own_home: Path) -> None:
    box = LetterBox()
    assert box.read() == ""
    assert not own_home.exists()
    box.keep("Dear Ana")
    assert LetterBox().read() == "Dear Ana"
    assert stat.S_IMODE((paths.data_folder() / "letter.txt").stat().st_mode) == 0o600
    LetterBox().forget()
    assert LetterBox().read() == ""
