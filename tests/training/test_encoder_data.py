from __future__ import annotations

from collections import defaultdict
from pathlib import Path

import pytest

from companion.errors import NotFound
from companion.text import split_sentences
from planner.tactics import Tactic
from tests.training import tiny_encoder
from training.corpus_schema import SupportReply
from training.encoder_data import (
    HELD_OUT_SYSTEMS,
    HUMAN,
    aggregate,
    part_of,
    read_human,
    read_own,
    read_silver,
    systems,
)

ROOT = Path(__file__).parents[2]
DATA = ROOT.parent / "shared" / "data"
CORPUS = ROOT / "training" / "corpus"

needs_data = pytest.mark.skipif(not (DATA / "mint").is_dir(), reason="../shared/data is not there")


@pytest.fixture(scope="module")
def data(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tiny_encoder.write_data(tmp_path_factory.mktemp("data"))


def test_a_reply_has_its_tags_its_message_and_its_ratings(data: Path) -> None:
    first, second, *_ = read_silver(data, "first")
    assert first.sentences[0] == "I am so sorry."
    assert first.tactics is not None
    assert first.tactics[0] == {Tactic.EMOTIONAL_EXPRESSION}
    assert (first.turn, second.turn) == (0, 1)
    assert second.before == "Very bad."
    assert first.empathy == (1, 2, 3, 4, 5, 1)


def test_tags_that_do_not_fit_the_sentences_are_left_out(tmp_path: Path) -> None:
    data = tiny_encoder.write_data(tmp_path)
    path = data / "mint" / "outputs" / "first" / "conversations_tagged.json"
    path.write_text(path.read_text("utf-8").replace("I am so sorry. That", "I am so sorry, that"), "utf-8")
    assert read_silver(data, "first")[0].tactics is None


def test_a_conversation_is_on_one_side_of_the_split_in_every_system(data: Path) -> None:
    parts = defaultdict(set)
    for system in systems(data):
        for reply in read_silver(data, system):
            parts[reply.conversation].add(reply.part)
    assert all(len(found) == 1 for found in parts.values())
    assert {next(iter(found)) for found in parts.values()} == {"train", "validation", "test"}


def test_a_missing_folder_is_named(tmp_path: Path) -> None:
    with pytest.raises(NotFound, match="no tagged replies"):
        systems(tmp_path)


def test_the_split_depends_on_the_key_alone() -> None:
    assert part_of("some key", 0.5, 0.5) == part_of("some key", 0.5, 0.5)
    assert part_of("any", 0.0, 1.0) == "test"
    assert part_of("any", 1.0, 0.0) == "validation"
    assert part_of("any", 0.0, 0.0) == "train"


def test_the_aggregate_reverses_the_unkind_dimensions() -> None:
    assert aggregate((5, 5, 5, 1, 1, 1)) == 5
    assert aggregate((4, 2, 3, 1, 1, 1)) == pytest.approx(4.0)


def test_own_replies_of_one_conversation_stay_together() -> None:
    parts = defaultdict(set)
    for reply in read_own(CORPUS):
        parts[reply.conversation].add(reply.part)
    assert all(len(found) == 1 for found in parts.values())


@pytest.mark.data
@needs_data
def test_the_real_data_is_read_and_nearly_all_tags_fit() -> None:
    names = systems(DATA)
    assert HUMAN in names
    assert set(names) >= HELD_OUT_SYSTEMS
    replies = [reply for name in names for reply in read_silver(DATA, name)]
    assert len(replies) == 16 * 315
    assert sum(reply.tactics is None for reply in replies) < 0.03 * len(replies)
    assert sum(reply.empathy is None for reply in replies) < 5
    assert sum(len(reply.sentences) for reply in read_human(DATA)) == 286


def test_the_letters_keep_the_schema_and_are_split_as_they_are_labelled() -> None:
    count = 0
    for path in sorted((CORPUS / "letters").glob("*.jsonl")):
        for line in path.read_text("utf-8").splitlines():
            reply = SupportReply.model_validate_json(line)
            texts = [sentence.text for sentence in reply.sentences]
            assert split_sentences(" ".join(texts)) == texts
            count += len(texts)
    assert count > 350
