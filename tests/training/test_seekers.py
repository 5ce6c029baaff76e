from __future__ import annotations

import csv
import json
from itertools import product
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from companion.errors import CompanionError, NotFound
from planner.tactics import TACTICS, Tactic
from training.role_cards import Card, card_of, read_cards
from training.seeker_lines import ADVISED, ASKED, CLOSING, FEELING, HEARD, PEOPLE, PRAISED, THEMES
from training.seekers import CARDS, LEND, Heard, Recorded, Simulated, read_recorded, read_seekers

ROLE = """**persona:**
- occupation: it consultant at a small firm
- widow? no: divorced with two children
- feels overwhelmed and guilty, and overwhelmed again
"""
EVENTS = """
1. at the age of 12, she lost her mother, which changed everything.
2. won a prize for her drawings.
3. her parents divorced when she was 15; she stayed with him.
4. supported them through an illness.
5. sam lost a friend.
"""
ROW = {
    "pid": "one",
    "role": ROLE,
    "final_persona": "",
    "life_events": EVENTS,
    "challenge": "Bankruptcy",
    "behavioral_traits": "Introverted: x\nResistant and defensive: x\nStrong support: x",
}


def heard(text: str, *tactics: Tactic) -> Heard:
    return Heard(text, (frozenset(tactics),))


def test_a_card_gives_the_facts_that_are_sure() -> None:
    card = card_of(ROW)
    assert (card.job, card.family) == ("an IT consultant", "divorced with two children")
    assert card.feelings == ("overwhelmed", "guilty")
    assert (card.reserved, card.wary, card.people) == (True, True, "strong")


def test_life_events_are_turned_to_the_first_person_where_that_is_sure() -> None:
    events = card_of(ROW).events
    assert events == ("I lost my mother", "my parents divorced when I was 15")  # no joy, nobody else's story, no names


def test_an_empty_card_still_has_a_story_to_tell() -> None:
    row = dict.fromkeys(ROW, "") | {"pid": "two"}
    seeker = Simulated(card_of(row))
    assert seeker.line([]).startswith(THEMES[-1].openings)
    assert all("{" not in seeker.line([heard("I see.")] * turn) for turn in range(seeker.turns))


def test_a_seeker_opens_with_the_trouble_and_closes_with_a_goodbye() -> None:
    seeker = Simulated(card_of(ROW))
    money = next(theme for theme in THEMES if theme.challenge.search("Bankruptcy"))
    assert seeker.line([]) in money.openings
    assert seeker.line([heard("I see.")] * (seeker.turns - 1)) in CLOSING["wary"]


@pytest.mark.parametrize(
    ("move", "stock"),
    [(Tactic.ADVICE, ADVISED), (Tactic.EMPOWERMENT, PRAISED), (Tactic.VALIDATION, HEARD)],
)
@pytest.mark.parametrize("wary", [True, False])
def test_what_is_said_to_a_reply_depends_on_its_last_move(
    move: Tactic, stock: dict[str, tuple[str, ...]], wary: bool
) -> None:
    seeker = Simulated(Card("x", "Divorce", wary=wary))
    line = seeker.line([Heard("Why? Do this.", (frozenset({Tactic.QUESTIONING}), frozenset({move}), frozenset()))])
    assert line.startswith(stock["wary" if wary else "warm"])


def test_a_question_is_answered_on_its_topic() -> None:
    seeker = Simulated(Card("x", "Divorce", feelings=("sad", "angry"), people="weak", reserved=True))
    question = Tactic.QUESTIONING
    feeling = seeker.line([heard("How does that feel?", question)])
    people = seeker.line([heard("Who in your family knows?", question)])
    assert feeling.endswith(FEELING[0].format(feeling="sad"))
    assert people.endswith(PEOPLE["weak"])
    assert feeling.startswith(ASKED)


def test_the_same_seeker_says_the_same_to_the_same_replies() -> None:
    replies = [heard("You could rest.", Tactic.ADVICE), heard("What happened?", Tactic.QUESTIONING)]
    a, b = Simulated(card_of(ROW)), Simulated(card_of(ROW))
    assert [a.line(replies[:n]) for n in range(3)] == [b.line(replies[:n]) for n in range(3)]


def test_other_seekers_tell_it_otherwise() -> None:
    lines = {Simulated(Card(str(n), "Divorce")).line([heard("I see.")]) for n in range(10)}
    assert len(lines) > 5


@given(
    st.lists(st.frozensets(st.sampled_from(TACTICS), max_size=2), min_size=7, max_size=7),
    st.integers(0, len(THEMES) - 1),
    st.booleans(),
    st.booleans(),
)
def test_a_seeker_never_falls_silent_and_tells_nothing_twice(
    moves: list[frozenset[Tactic]], theme: int, reserved: bool, wary: bool
) -> None:
    challenge = ("lawsuit", "debt", "school", "moving", "work", "identity", "war", "eating", "addiction", "illness",
                 "death", "child", "divorce", "")[theme]  # fmt: skip
    assert THEMES[theme].challenge.search(challenge)
    seeker = Simulated(Card("x", challenge, reserved=reserved, wary=wary))
    replies = [Heard("What about it?", (move,)) for move in moves]
    lines = [seeker.line(replies[:turn]) for turn in range(seeker.turns)]
    assert all(lines)
    told = [piece for line in lines for piece in THEMES[theme].story if piece in line]
    assert len(told) == len(set(told))
    assert told


def test_recorded_seekers_say_what_they_said() -> None:
    seeker = Recorded("lend/1", ("one", "two"))
    assert [seeker.line([]), seeker.line([heard("Stop.")])] == ["one", "two"]
    assert seeker.turns == 2


def test_a_recorded_conversation_is_read_by_its_speakers(tmp_path: Path) -> None:
    path = write_lend(tmp_path, "Seeker: I am tired.\n\nVery tired: always.\nSupporter: Why?\nSeeker: No idea.")
    assert read_recorded(path) == [Recorded("lend/7", ("I am tired. Very tired: always.", "No idea."))]


def test_a_recorded_conversation_without_a_seeker_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(CompanionError, match="no lines of a seeker"):
        read_recorded(write_lend(tmp_path, "Supporter: Hello?"))


def test_cards_with_a_challenge_of_their_own_come_first(tmp_path: Path) -> None:
    path = tmp_path / "cards.jsonl"
    rows = [ROW | {"pid": pid, "challenge": challenge} for pid, challenge in product("ab", ("War", "Debt"))]
    path.write_text("\n".join(json.dumps(row) for row in [*rows, ROW | {"pid": "c", "challenge": "School"}]))
    found = [(card.id, card.challenge) for card in read_cards(path, 4)]
    assert [challenge for _, challenge in found] == ["War", "Debt", "School", "War"]


@pytest.mark.parametrize("text", ["{", "[]", '{"pid": "a"}'])
def test_a_file_that_holds_no_cards_is_an_error(tmp_path: Path, text: str) -> None:
    path = tmp_path / "cards.jsonl"
    path.write_text(text)
    with pytest.raises(CompanionError, match="role cards"):
        read_cards(path)


def test_a_missing_file_is_named(tmp_path: Path) -> None:
    with pytest.raises(NotFound, match=str(LEND)):
        read_seekers(tmp_path, ["lend"])
    with pytest.raises(NotFound, match=str(CARDS)):
        read_seekers(tmp_path, ["simulated"])


@pytest.mark.data
def test_there_are_fifty_of_each_kind(shared_data: Path) -> None:
    found = read_seekers(shared_data)
    assert [sum(seeker.kind == kind for seeker in found) for kind in ("lend", "simulated")] == [50, 50]
    assert len({seeker.id for seeker in found}) == 100
    cards = read_cards(shared_data / CARDS)
    assert len({card.challenge for card in cards}) > 40
    assert sum(bool(card.job) for card in cards) > 25
    assert sum(len(card.feelings) > 1 for card in cards) > 40


def write_lend(folder: Path, text: str) -> Path:
    path = folder / "lend.csv"
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file)
        writer.writerows([["conversation_id", "full_conversation"], ["7", text]])
    return path
