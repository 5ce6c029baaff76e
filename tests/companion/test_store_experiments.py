from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from sqlite_utils import Database

from companion.errors import NotFound, UsageError
from companion.store import Status, Store
from companion.store.schema import migrations


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    with Store(tmp_path / "companion.db") as store:
        store.add_experiment("study", "{}", ["a", "b"])
        yield store


def enrol(store: Store, experiment: str = "study") -> str:
    return store.enrol(experiment, lambda number: "ab"[number % 2], lambda arm: f"model of {arm}").code


def test_a_database_from_before_experiments_is_brought_up_to_date(tmp_path: Path) -> None:
    old = Database(tmp_path / "companion.db")
    migrations.apply(old, stop_before="m006_experiments")
    moment = {"created_at": "2001", "updated_at": "2001"}
    old["sessions"].insert({"id": "abcdef", "title": "Old", "condition": "a"} | moment)
    old.close()
    with Store(tmp_path / "companion.db") as store:
        assert store.experiments() == []
        store.add_experiment("study", "{}", ["a", "b"])
        assert [count.there for count in store.arm_counts("study")] == [0, 0]  # that session is nobody's
        assert store.participant(enrol(store)).arm == "a"
        assert store.session("abcdef").title == "Old"
        assert store.check() == []


def test_participants_get_arms_in_turn_and_sessions_of_their_own(store: Store) -> None:
    codes = [enrol(store) for _ in range(3)]
    found = store.participants("study")
    assert [(each.code, each.number, each.arm) for each in found] == list(zip(codes, range(3), "aba", strict=True))
    session = store.session(found[1].session_id)
    assert (session.condition, session.model, session.settings) == ("b", "model of b", {"experiment": "study"})
    assert [(count.arm, count.assigned, count.finished) for count in store.arm_counts("study")] == [
        ("a", 2, 0), ("b", 1, 0),
    ]  # fmt: skip


def test_two_programs_never_give_the_same_number(store: Store) -> None:
    assert store.path is not None
    with Store(store.path) as other:
        codes = [enrol(each) for each in (store, other, store, other)]
    assert [store.participant(code).number for code in codes] == [0, 1, 2, 3]


def test_answers_are_kept_and_a_second_one_takes_the_place_of_the_first(store: Store) -> None:
    code = enrol(store)
    said = store.add_user_turn(store.participant(code).session_id, "hello", None)
    store.add_answer(code, "before", "mood", 3)
    store.add_answer(code, "reply", "mood", 1, said.id)
    store.add_answer(code, "after", "remarks", 'it\'s "fine"')
    store.add_answer(code, "before", "mood", 4)
    assert [(each.moment, each.question, each.value, each.turn_id) for each in store.answers(code)] == [
        ("reply", "mood", 1, said.id), ("after", "remarks", "it's \"fine\"", None), ("before", "mood", 4, None),
    ]  # fmt: skip


def test_withdrawing_leaves_no_word_in_any_file_and_is_counted(store: Store) -> None:
    assert store.path is not None
    code, other = enrol(store), enrol(store)
    said = store.add_user_turn(store.participant(code).session_id, "my hamster Bartholomew", None)
    begun = store.begin_reply(said.session_id, said.id)
    store.finish_reply(begun.id, Status.COMPLETE, "I hear Bartholomew.")
    store.add_answer(code, "after", "remarks", "Bartholomew again")
    store.withdraw(code)
    with pytest.raises(NotFound, match="perhaps they have withdrawn"):
        store.participant(code)
    assert [each.code for each in store.participants("study")] == [other]
    for file in store.path.parent.iterdir():
        assert b"Bartholomew" not in file.read_bytes()
        assert code.encode() not in file.read_bytes()
    assert [(count.assigned, count.there, count.withdrawn) for count in store.arm_counts("study")] == [
        (1, 0, 1), (1, 1, 0),
    ]  # fmt: skip
    assert store.participant(enrol(store)).number == 2  # the order of arms goes on
    assert store.check() == []


def test_a_deleted_session_takes_its_participant_with_it(store: Store) -> None:
    code = enrol(store)
    store.delete(store.participant(code).session_id)
    assert store.participants("study") == []
    assert store.check() == []


def test_a_participant_who_said_nothing_stays(store: Store) -> None:
    code = enrol(store)
    store.discard_if_empty(store.participant(code).session_id)
    assert store.participant(code).finished_at is None
    store.finish_participant(code)
    assert store.participant(code.upper()).finished_at
    assert store.arm_counts("study")[0].finished == 1


def test_names_are_taken_once_and_unknown_ones_are_named(store: Store) -> None:
    with pytest.raises(UsageError, match="There is an experiment 'study' already"):
        store.add_experiment("study", "{}", ["c"])
    with pytest.raises(NotFound, match=r"There is no experiment 'other'\. Known: study"):
        store.experiment("other")
    with pytest.raises(NotFound):
        store.participant("\udcff")


def test_the_same_arm_of_two_experiments_is_counted_apart(store: Store) -> None:
    store.add_experiment("second", "{}", ["a", "b"])
    enrol(store)
    assert [count.assigned for count in store.arm_counts("second")] == [0, 0]
    assert [count.there for count in store.arm_counts("second")] == [0, 0]
