from __future__ import annotations

import csv
import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from companion.errors import UsageError
from training.corpora import (
    CRISIS,
    OWN,
    SOURCES,
    Dialogue,
    Document,
    Prose,
    dialogue,
    held_out,
    shorten,
    tidy,
)
from training.mini import OWN_TEXT

DATA = Path(__file__).parents[3] / "shared" / "data"
FORBIDDEN = "NEVERTRAIN"


def read(name: str, folder: Path) -> list[Document]:
    source = OWN if name == OWN.name else SOURCES[name]
    return list(source.read(folder))


def write(path: Path, text: str) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text, "utf-8")


def write_rows(path: Path, rows: list[dict[str, Any]]) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.DictWriter(file, fieldnames=list(rows[0]))
        writer.writeheader()
        writer.writerows(rows)


# -- conversations --------------------------------------------------------------------------------------------


def test_a_conversation_is_cut_before_crisis_words_and_ends_with_a_reply() -> None:
    made = dialogue(
        [
            (True, "My week was long."),
            (False, "What made it long?"),
            (True, "The exam."),
            (False, "Exams are heavy."),
            (True, "Sometimes I think about suicide."),
            (False, "Thank you for telling me."),
        ]
    )
    assert made == Dialogue(("My week was long.", "What made it long?", "The exam.", "Exams are heavy."))


def test_a_reply_with_crisis_words_takes_the_message_before_it_away_too() -> None:
    made = dialogue([(True, "Hello."), (False, "Hello, you."), (True, "I am low."), (False, "Call 988 now.")])
    assert made == Dialogue(("Hello.", "Hello, you."))


def test_a_conversation_that_begins_in_crisis_is_left_out() -> None:
    assert dialogue([(True, "I want to end my life."), (False, "I am listening.")]) is None


@pytest.mark.parametrize(
    "text",
    ["Suicidal", "kill myself", "self-harm", "SELF HARM", "I could die", "overdosed", "hurting myself", "my pills"],
)
def test_crisis_words_are_seen(text: str) -> None:
    assert CRISIS.search(text)


@pytest.mark.parametrize("text", ["The diet went well.", "He skilled himself.", "A deadline, a crisp day."])
def test_words_that_only_look_alike_are_not(text: str) -> None:
    assert not CRISIS.search(text)


def test_neighbours_of_one_side_become_one_message() -> None:
    made = dialogue([(True, "One."), (True, "Two."), (False, "Three."), (False, "Four.")])
    assert made == Dialogue(("One. Two.", "Three. Four."))


def test_what_the_other_side_says_first_is_left_out() -> None:
    assert dialogue([(False, "Welcome!"), (True, "Hello."), (False, "Hello, you.")]) == Dialogue(
        ("Hello.", "Hello, you.")
    )


def test_a_conversation_without_a_reply_is_left_out() -> None:
    assert dialogue([(True, "Is anyone there?")]) is None
    assert dialogue([]) is None


@given(st.lists(st.tuples(st.booleans(), st.sampled_from(["A word.", "", "To die.", "Well?", "***"])), max_size=12))
def test_a_conversation_alternates_starts_with_the_person_and_is_free_of_crisis(turns: list[tuple[bool, str]]) -> None:
    made = dialogue(turns)
    if made:
        assert len(made.turns) % 2 == 0
        assert all(made.turns)
        assert not any(CRISIS.search(text) for text in made.turns)


def test_addresses_and_numbers_are_stripped_and_spaces_are_single() -> None:
    text = "Write to  ann.example@mail.example or see https://made.up/page?x=1 or call +44 (0)20 5550 1234\u00a0today."
    assert tidy(text) == "Write to or see or call today."


def test_a_year_and_a_price_stay() -> None:
    assert tidy("In 2024 it cost 12.50.") == "In 2024 it cost 12.50."


def test_text_is_cleaned_and_in_its_composed_form() -> None:
    assert tidy("\x1b[31mcafe\u0301\u200b\u202e") == "caf\u00e9"


def test_a_long_reply_is_cut_after_a_whole_sentence() -> None:
    sentence = "This one has six words here."
    assert shorten(" ".join([sentence] * 20)) == " ".join([sentence] * 11)
    assert shorten(" ".join([sentence] * 20), words=12) == f"{sentence} {sentence}"


def test_one_sentence_stays_however_long_and_lists_become_a_line() -> None:
    long = " ".join(["word"] * 100) + "."
    assert shorten(long) == long
    assert shorten("**First** thing.\n\n1. Breathe.\n- Walk.\n") == "First thing. Breathe. Walk."


# -- readers --------------------------------------------------------------------------------------------------


def test_sentence_lists_become_documents_of_a_hundred(tmp_path: Path) -> None:
    lines = [f"Sentence number {number} is short." for number in range(150)]
    write(tmp_path / "deep" / "list.txt", "\n\n".join(lines))
    assert read("common_voice", tmp_path) == [Prose("\n".join(lines[:100])), Prose("\n".join(lines[100:]))]


@pytest.mark.parametrize("source", ["pratham", "storybook"])
def test_a_story_is_its_pages_without_the_licence_lines(tmp_path: Path, source: str) -> None:
    write(
        tmp_path / "en" / "0001_goat.md", "# The goat\n\n##\nA goat\nran.\n\n##\nIt slept.\n\n##\n* License: [CC-BY]\n"
    )
    assert read(source, tmp_path) == [Prose("The goat\n\nA goat ran.\n\nIt slept.")]


@pytest.mark.parametrize("licence", ["CC-BY-NC", "CC BY-NC 4.0"])
def test_a_story_that_may_not_be_used_commercially_is_left_out(tmp_path: Path, licence: str) -> None:
    write(tmp_path / "0001_open.md", "# Open\n\n##\nOne.\n\n##\n* License: [CC-BY]\n")
    write(tmp_path / "0002_closed.md", f"# Closed\n\n##\n{FORBIDDEN}\n\n##\n* License: [{licence}]\n")
    assert read("storybook", tmp_path) == [Prose("Open\n\nOne.")]


def test_a_novel_loses_its_line_breaks_and_headings_and_comes_in_pieces(tmp_path: Path) -> None:
    paragraph = "It rained on\nthe small harbour. " + "word " * 700
    write(tmp_path / "Someone_Harbour_1900.txt", "\ufeffCHAPTER ONE\n\n" + "\n \n".join([paragraph] * 4))
    write(tmp_path / "SOURCE.txt", FORBIDDEN)
    pieces = read("novels", tmp_path)
    joined = " ".join(paragraph.split())
    assert pieces == [Prose("\n\n".join([joined] * 3)), Prose(joined)]


def test_essays_are_read_and_those_in_crisis_left_out(tmp_path: Path) -> None:
    rows = [{"essay": "The flood was sad."}, {"essay": "He wanted to die."}, {"essay": " "}]
    write_rows(tmp_path / "data" / "messages.csv", rows)
    assert read("reactions", tmp_path) == [Prose("The flood was sad.")]


def test_a_self_dialogue_is_read_in_the_order_of_its_numbers(tmp_path: Path) -> None:
    row = {"AssignmentId": "x", "Answer.sentence10": "Ten.", "Answer.sentence9": "Nine.", "Answer.sentence2": "Two."}
    write_rows(tmp_path / "corpus" / "music" / "Batch_1_results.csv", [row | {"Answer.sentence1": "One."}])
    assert read("self_dialogue", tmp_path) == [Dialogue(("One.", "Two.", "Nine.", "Ten."))]


def test_a_persona_chat_is_read_without_unfilled_templates(tmp_path: Path) -> None:
    text = (
        "User 1: Hi, I am [User 1's name].\nUser 1: I sail.\nUser 2: I read.\nUser 1: What do you read?\nUser 2: Maps."
    )
    write_rows(tmp_path / "data" / "chat.csv", [{"Best Generated Conversation": text, "personas": FORBIDDEN}])
    assert read("persona_chat", tmp_path) == [Dialogue(("I sail.", "I read.", "What do you read?", "Maps."))]


def test_only_the_conversations_of_vera_are_read_and_only_until_risk(tmp_path: Path) -> None:
    text = (
        "user: I cannot\nsleep.\nchatbot: Since when?\nuser: Since June. I want to kill myself.\nchatbot: I hear you.\n"
    )
    write(tmp_path / "publication" / "conversations" / "run" / "one.txt", text)
    write(tmp_path / "publication" / "notes.txt", f"user: {FORBIDDEN}\nchatbot: {FORBIDDEN}\n")
    assert read("vera", tmp_path) == [Dialogue(("I cannot sleep.", "Since when?"))]


def test_a_counsellors_answer_stands_under_the_question_or_its_title(tmp_path: Path) -> None:
    rows = [
        {"questionTitle": "Lonely", "questionText": "I moved. I know nobody.", "answerText": "Moving is lonely."},
        {"questionTitle": "How do I rest?", "questionText": "", "answerText": "Start small. See www.made.up for more."},
        {"questionTitle": "Unanswered", "questionText": "Hello?", "answerText": ""},
    ]
    write_rows(tmp_path / "data" / "20200325_counsel_chat.csv", rows)
    assert read("counsel", tmp_path) == [
        Dialogue(("I moved. I know nobody.", "Moving is lonely.")),
        Dialogue(("How do I rest?", "Start small. See for more.")),
    ]


def test_a_day_of_the_memory_bank_is_a_conversation(tmp_path: Path) -> None:
    day = [{"query": "I baked.", "response": "Bread?"}, {"query": "A pie.", "response": "Lovely."}]
    bank = {"Made Up": {"history": {"2026-01-01": day, "2026-01-02": []}, "summary": FORBIDDEN}}
    write(tmp_path / "en" / "memory_bank_en.json", json.dumps(bank))
    assert read("memorybank", tmp_path) == [Dialogue(("I baked.", "Bread?", "A pie.", "Lovely."))]


def test_the_training_conversations_are_read_and_the_evaluation_beside_them_never(tmp_path: Path) -> None:
    said = [{"role": "seeker", "content": "I miss him."}, {"role": "supporter", "content": "Tell me about him."}]
    forbidden = [{"role": "seeker", "content": FORBIDDEN}, {"role": "supporter", "content": FORBIDDEN}]
    write(tmp_path / "conversations_322.json", json.dumps([{"conversation": said}]))
    for path in ("lend_an_ear/conversations_322.json", "outputs/gold/conversations_tagged.json"):
        write(tmp_path / path, json.dumps([{"conversation": forbidden}]))
    write_rows(tmp_path / "lend_an_ear" / "lend_an_ear_50_conversations.csv", [{"full_conversation": FORBIDDEN}])
    assert read("mint", tmp_path) == [Dialogue(("I miss him.", "Tell me about him."))]


def test_no_sources_folder_holds_the_evaluation_or_the_published_outputs() -> None:
    evaluation = (Path("mint/lend_an_ear"), Path("mint/outputs"))
    for source in SOURCES.values():
        folder = Path(source.path)
        assert not any(folder.is_relative_to(kept) for kept in evaluation)
        # Only `read_mint` gets a folder that has them further down, and it opens one file by name.
        assert source.name == "mint" or not any(kept.is_relative_to(folder) for kept in evaluation)


def own_row(**changes: Any) -> dict[str, Any]:
    row: dict[str, Any] = {
        "id": "made-up-1",
        "context": [
            {"role": "seeker", "text": "I failed."},
            {"role": "supporter", "text": "What did you fail?"},
            {"role": "seeker", "text": "The test."},
        ],
        "sentences": [
            {"text": "That stings.", "tactics": ["validation"]},
            {"text": "You tried, though.", "tactics": ["empowerment", "validation"]},
        ],
    }
    return row | changes


def test_our_own_replies_carry_their_tactics_on_the_last_reply(tmp_path: Path) -> None:
    write(tmp_path / "one.jsonl", json.dumps(own_row()) + "\n")
    assert read("support", tmp_path) == [
        Dialogue(
            ("I failed.", "What did you fail?", "The test.", "That stings. You tried, though."),
            (frozenset(), frozenset({"validation", "empowerment"})),
        )
    ]


@pytest.mark.parametrize("roles", [["supporter"], ["seeker", "supporter"], ["seeker", "seeker", "seeker"], []])
def test_a_context_of_ours_that_does_not_alternate_is_named(tmp_path: Path, roles: list[str]) -> None:
    context = [{"role": role, "text": "Well."} for role in roles]
    write(tmp_path / "one.jsonl", json.dumps(own_row(context=context)) + "\n")
    with pytest.raises(UsageError, match=r"one\.jsonl: the context of 'made-up-1' must alternate"):
        read("support", tmp_path)


# -- held-out text --------------------------------------------------------------------------------------------


def test_which_documents_are_held_out_never_changes() -> None:
    first = [number for number in range(1000) if held_out(Prose(f"Story {number}."))]
    assert first == [33, 66, 122, 309, 311, 336, 407, 413, 487, 613, 619, 643, 647, 779, 882, 922, 937]


def test_about_one_document_in_fifty_is_held_out() -> None:
    assert 150 <= sum(held_out(Prose(f"Story {number}.")) for number in range(10_000)) <= 250


def test_every_item_of_one_conversation_is_on_the_same_side() -> None:
    for number in range(300):
        first = f"I feel {number}."
        assert len({held_out(Dialogue((first, reply))) for reply in ("Why?", "Really?", "Since when?")}) == 1


# -- the real text --------------------------------------------------------------------------------------------


@pytest.mark.data
@pytest.mark.parametrize("name", [*SOURCES, OWN.name])
def test_every_source_yields_documents_from_the_real_text(name: str) -> None:
    source = OWN if name == OWN.name else SOURCES[name]
    folder = OWN_TEXT if name == OWN.name else DATA / source.path
    if not folder.is_dir():
        pytest.skip(f"{folder} is not there")
    documents = [document for document, _ in zip(source.read(folder), range(20), strict=False)]
    assert len(documents) == 20
    for document in documents:
        if isinstance(document, Dialogue):
            assert len(document.turns) % 2 == 0
            assert all(document.turns)
        else:
            assert document.text
