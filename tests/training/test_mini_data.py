"""What the mini model learns from: the rows of its stages, and the tactics of the replies in them."""

from __future__ import annotations

import random
from pathlib import Path
from typing import Any

import pytest

pytest.importorskip("torch", reason="torch is not installed")
pytest.importorskip("transformers", reason="transformers is not installed")
pytest.importorskip("gguf", reason="gguf is not installed")

import numpy as np

from tests.companion.fakes import CueTagger
from tests.training.mini_runs import TINY, begin, tags_in
from tests.training.mini_runs import small_and_slow as small_and_slow
from tests.training.tiny_mini import World
from tests.training.tiny_mini import world as world
from training.corpora import Dialogue, Prose, held_out
from training.mini import Corpus, encode, held_out_rows, stage_rows, tagged
from training.reply_tags import TOGETHER, ReplyTags, fingerprint
from training.tokens import Encoding, train_tokenizer

pytestmark = pytest.mark.torch


@pytest.fixture
def tags(tmp_path: Path) -> ReplyTags:
    return tags_in(tmp_path)


@pytest.fixture
def encoding(world: World) -> Encoding:
    return Encoding(train_tokenizer(iter(world.sentences.read_text().splitlines()), 600))


def test_the_rows_of_a_stage_depend_on_recipe_text_and_tags_alone(
    world: World, encoding: Encoding, tmp_path: Path
) -> None:
    first, second = (
        stage_rows(
            Corpus(world.data, world.own, tmp_path / name), encoding, TINY, 1,
            ReplyTags(CueTagger(), tmp_path / f"{name}.jsonl"),
        )
        for name in ("one", "two")
    )  # fmt: skip
    assert (first == second).all()
    assert first.shape[1] == TINY.stages[1].block + 1


def test_the_steps_of_a_stage_take_its_rows_in_turn_and_begin_again_at_the_end(world: World, tmp_path: Path) -> None:
    trainer = begin(world, tmp_path)
    rows_of_stage = stage_rows(trainer._corpus, trainer._encoding, TINY, 0, trainer._tags)
    last = len(rows_of_stage) // 4
    around = np.concatenate([rows_of_stage[last * 4 :], rows_of_stage])[:4]
    assert trainer._rows(0, 0).tolist() == rows_of_stage[:4].tolist()
    assert trainer._rows(0, 5).tolist() == rows_of_stage[20:24].tolist()
    assert trainer._rows(0, last).tolist() == around.tolist()


def test_another_seed_gives_other_rows(world: World, encoding: Encoding, tags: ReplyTags, tmp_path: Path) -> None:
    corpus = Corpus(world.data, world.own, tmp_path / "record")
    other = TINY.model_copy(update={"seed": 4})
    assert not (stage_rows(corpus, encoding, TINY, 0, tags) == stage_rows(corpus, encoding, other, 0, tags)).all()


def test_held_out_documents_are_measured_and_never_trained_on(
    world: World, encoding: Encoding, tags: ReplyTags, tmp_path: Path
) -> None:
    corpus = Corpus(world.data, world.own, tmp_path / "record")
    kept, learned = corpus.held_out("common_voice"), corpus.train("common_voice")
    assert len(kept) == 1
    assert len(learned) == 6
    assert not any(map(held_out, learned))
    measured = held_out_rows(corpus, encoding, TINY, 0, tags)["common_voice"]
    assert list(measured[0]) == encode(kept, encoding, random.Random(0), 1, tags)[0][:513]


def test_a_document_is_read_as_often_as_its_passes_say(encoding: Encoding, tags: ReplyTags) -> None:
    story = [Prose("A lamp stood by the river.")]
    assert [len(encode(list(story), encoding, random.Random(1), passes, tags)) for passes in (0, 1, 3)] == [0, 1, 3]
    half = len(encode(list(story) * 1000, encoding, random.Random(1), 2.5, tags))
    assert 2400 <= half <= 2600


def test_control_tokens_are_drawn_anew_in_every_pass(encoding: Encoding, tags: ReplyTags) -> None:
    talk = [Dialogue(("I failed.", "That stings. Why?"), (frozenset({"validation", "questioning"}),))]
    assert len({tuple(ids) for ids in encode(list(talk), encoding, random.Random(1), 50, tags)}) == 4


def test_tactics_written_by_hand_count_and_the_encoder_reads_the_rest(tags: ReplyTags) -> None:
    turns = ("I failed.", "What happened?", "The test was hard.", "What would help?")
    written = frozenset({"empowerment"})
    assert tagged(Dialogue(turns, (frozenset(), written)), tags) == [frozenset({"questioning"}), written]


def test_casual_talk_about_oneself_counts_as_self_disclosure(tags: ReplyTags) -> None:
    turns = (
        "What do you do on Sundays?",
        "I like to swim, and my dog waits on the beach.",
        "Nice!",
        "The sea is calm.",
    )
    first, second = tagged(Dialogue(turns), tags)
    assert "self_disclosure" in first
    assert "self_disclosure" not in second


class CountingTagger(CueTagger):
    """Keeps what it was given."""

    def __init__(self) -> None:
        super().__init__()
        self.read: list[str] = []

    def tag_replies(self, replies: Any) -> Any:
        self.read += [" ".join(sentences) for sentences in replies]
        return super().tag_replies(replies)


def test_only_unlabelled_replies_of_documents_that_are_used_are_read(encoding: Encoding, tmp_path: Path) -> None:
    tagger = CountingTagger()
    talk: list[Any] = [
        Dialogue(("I failed.", "Oh?", "Yes.", "That stings."), (frozenset(), frozenset({"validation"}))),
        Prose("A lamp stood by the river."),
    ]
    assert encode(talk, encoding, random.Random(1), 0, ReplyTags(tagger, tmp_path / "tags")) == []
    assert tagger.read == []
    encode(talk, encoding, random.Random(1), 3, ReplyTags(tagger, tmp_path / "tags"))
    assert tagger.read == ["Oh?"]


def test_what_was_read_before_an_interruption_is_not_read_again(tmp_path: Path) -> None:
    class Interrupted(CountingTagger):
        def tag_replies(self, replies: Any) -> Any:
            if self.read:
                raise KeyboardInterrupt
            return super().tag_replies(replies)

    replies = [f"Why {number}?" if number % 2 else f"Well {number}." for number in range(2 * TOGETHER)]
    with pytest.raises(KeyboardInterrupt):
        ReplyTags(Interrupted(), tmp_path / "tags").read(replies)
    with (tmp_path / "tags").open("a") as file:
        file.write('{"reply": "cut o')
    again = CountingTagger()
    tags = ReplyTags(again, tmp_path / "tags")
    tags.read(replies)
    assert again.read == replies[TOGETHER:]
    assert [tags[reply] for reply in replies[:2]] == [frozenset(), {"questioning"}]
    last = CountingTagger()
    ReplyTags(last, tmp_path / "tags").read(replies)
    assert last.read == []


def test_another_encoder_or_other_thresholds_read_into_a_file_of_their_own(tmp_path: Path) -> None:
    for name in ("encoder.onnx", "tokenizer.json", "encoder.json"):
        (tmp_path / name).write_text("{}")
    before = fingerprint(tmp_path)
    assert fingerprint(tmp_path) == before
    (tmp_path / "encoder.json").write_text('{"tactics": {}}')
    assert fingerprint(tmp_path) != before
