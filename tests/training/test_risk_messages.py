"""What the learnt layers of the risk reading are taught, and what is kept from them."""

from __future__ import annotations

import csv
import json
from pathlib import Path

import pytest

from training.risk_messages import CORPUS, TAUGHT, Lesson, fillers, ordinary, own, varied

CALM = "My manager shouted at me in front of everyone and I cried in the car."
CRISIS = "I want to kill myself and I have told nobody."


def _csv(path: Path, rows: list[dict[str, str]]) -> None:
    path.parent.mkdir(parents=True)
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.DictWriter(file, list(rows[0]))
        writer.writeheader()
        writer.writerows(rows)


@pytest.fixture
def data(tmp_path: Path) -> Path:
    """A folder like that of the public data, in which every second message is a crisis."""
    folder = tmp_path / "data"
    talks = [[CALM, "Thank you."], ["Hello.", CRISIS, "Never mind."]]
    conversations = [{"conversation": [{"role": "seeker", "content": text} for text in talk]} for talk in talks]
    (folder / "mint").mkdir(parents=True)
    (folder / "mint/conversations_322.json").write_text(json.dumps(conversations), "utf-8")
    questions = [{"questionTitle": "", "questionText": text, "topic": "Work"} for text in (CALM, CRISIS)]
    questions.append({"questionTitle": "", "questionText": "A calm text under a heavy heading.", "topic": "Self-harm"})
    _csv(folder / "corpora/counsel_chat/data/a.csv", questions)
    _csv(folder / "corpora/empathic_reactions/data/a.csv", [{"essay": "What a sad story."}, {"essay": CRISIS}])
    _csv(folder / "corpora/self_dialogue_corpus/corpus/a.csv", [{"Answer.sentence1": "I like films."}])
    _csv(
        folder / "corpora/synthetic_persona_chat/data/a.csv",
        [{"Best Generated Conversation": f"User 1: I have a dog.\nUser 2: {CRISIS}"}],
    )
    return folder


def _corpus(folder: Path) -> Path:
    for name in ("support", "letters"):
        (folder / name).mkdir(parents=True)
        talk = [{"role": "seeker", "text": f"The first of {name}."}, {"role": "supporter", "text": "I see."}]
        (folder / name / "a.jsonl").write_text(json.dumps({"context": talk}), "utf-8")
    return folder


def test_nobodys_crisis_is_taught_as_ordinary_talk(data: Path, tmp_path: Path) -> None:
    found = ordinary(data, _corpus(tmp_path / "corpus"))
    assert CRISIS not in {lesson.text for lesson in found}
    assert {lesson.text for lesson in found if lesson.family == "mint"} == {CALM, "Thank you."}
    assert [lesson.text for lesson in found if lesson.family == "counsel"] == [CALM]
    seekers = {lesson.text for lesson in found if lesson.family == "seekers"}
    assert seekers == {"The first of support.", "The first of letters."}
    assert {lesson.family for lesson in found} == {"seekers", "mint", "counsel", "essay", "dialogue", "persona"}
    assert all(lesson.ordinary and not lesson.noticed and not lesson.card for lesson in found)


def test_what_is_kept_for_measuring_is_not_taught() -> None:
    taught = {(lesson.previous, lesson.text) for lesson in own()}
    rows = [
        json.loads(line)
        for path in (CORPUS / "risk_check").glob("*.jsonl")
        for line in path.read_text("utf-8").splitlines()
    ]
    kept = {(row["previous"], row["text"]) for row in rows if row["split"] not in TAUGHT}
    assert len(kept) > 500
    assert not taught & kept


def test_what_is_said_in_so_many_words_is_taught_to_show_a_card_at_any_level() -> None:
    lessons = own()
    explicit = [lesson for lesson in lessons if lesson.family in ("explicit", "self_harm")]
    assert explicit
    assert all(lesson.card == lesson.noticed for lesson in explicit)
    assert any(lesson.noticed and not lesson.card for lesson in lessons if lesson.family == "oblique")


def test_a_variation_keeps_what_is_true_and_is_the_same_each_time() -> None:
    lessons = [Lesson("", f"I want to die, says number {n}.", True, True, False, "explicit") for n in range(40)]
    made = varied(lessons, ["The kettle is on and the cat is out."])
    assert made == varied(lessons, ["The kettle is on and the cat is out."])
    assert len(made) > 30
    assert all((lesson.noticed, lesson.card, lesson.grave) == (True, True, False) for lesson in made)
    assert any("kettle" in lesson.text.lower() for lesson in made)
    assert any("kettle" not in lesson.text.lower() for lesson in made)


def test_only_short_ordinary_messages_stand_around_another() -> None:
    lessons = [Lesson("", text, False, False, False, "mint", True) for text in ("Hi.", CALM, "word " * 200)]
    assert fillers(lessons) == [CALM]
