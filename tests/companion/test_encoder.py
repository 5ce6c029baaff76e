from __future__ import annotations

import json
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import pytest

from companion.encoder import CARD, Card, Encoder
from companion.errors import CompanionError, NotFound
from companion.rating import Empathy, Rater
from companion.tagging import THRESHOLD, EncoderTagger, used
from planner.tactics import TACTICS, Tactic
from tests.conftest import ENCODER, with_encoder


class FakeEncoder(Encoder):
    """Says what it is told."""

    def __init__(self, rows: dict[str, list[float]], thresholds: tuple[float, ...] = (0.5,) * 10) -> None:
        super().__init__(Path("nowhere"))
        self._rows = rows
        self._card = Card(tuple(TACTICS), thresholds, tuple("abcdef"))

    def tactics(self, replies):  # type: ignore[no-untyped-def]  # as in Encoder
        return [np.array([self._rows[s] for s in sentences], np.float32).reshape(-1, 10) for sentences in replies]

    def empathy(self, exchanges):  # type: ignore[no-untyped-def]  # as in Encoder
        return np.array([self._rows[text] for _, text in exchanges], np.float32)


def row(**scores: float) -> list[float]:
    return [scores.get(tactic.value, 0.01) for tactic in TACTICS]


def test_a_score_of_one_half_is_the_threshold_of_its_tactic() -> None:
    encoder = FakeEncoder({"a": row(advice=0.25, validation=0.25)}, (0.5, 0.5, 0.2, 0.3, *[0.5] * 6))
    (scores,) = EncoderTagger(encoder).tag(["a"])
    assert used(scores) == {Tactic.ADVICE}
    assert scores[Tactic.ADVICE] == pytest.approx(0.25 / 0.75 * 4 / (1 + 0.25 / 0.75 * 4))
    exact = EncoderTagger(FakeEncoder({"a": row(advice=0.25)}, (0.25,) * 10)).tag(["a"])[0][Tactic.ADVICE]
    assert exact == pytest.approx(THRESHOLD)


def test_scores_keep_the_order_of_the_probabilities_and_stay_between_0_and_1() -> None:
    encoder = FakeEncoder({"a": [k / 9 for k in range(10)]}, (0.9,) * 10)
    scores = list(EncoderTagger(encoder).tag(["a"])[0].values())
    assert scores == sorted(scores)
    assert scores[0] >= 0
    assert scores[-1] <= 1


def test_a_reply_without_sentences_has_no_scores() -> None:
    assert EncoderTagger(FakeEncoder({})).tag([]) == []


def test_the_aggregate_turns_the_unkind_dimensions_round() -> None:
    assert Empathy(5, 5, 5, 1, 1, 1).aggregate == 5
    assert Empathy(1, 1, 1, 5, 5, 5).aggregate == 1
    (rating,) = Rater(FakeEncoder({"r": [5, 3, 4, 2, 1, 1]})).rate([("m", "r")])
    assert rating.aggregate == pytest.approx((5 + 3 + 4 + 4 + 5 + 5) / 6)


def test_nothing_is_opened_before_the_first_reading(tmp_path: Path) -> None:
    encoder = Encoder(tmp_path / "absent")
    with pytest.raises(NotFound, match=r"encoder\.onnx is not there"):
        encoder.tactics([["a"]])


def test_a_broken_card_is_named(tmp_path: Path) -> None:
    (tmp_path / CARD).write_text(json.dumps({"tactics": ["advice"]}), "utf-8")
    with pytest.raises(CompanionError, match="is no encoder card"):
        _ = Encoder(tmp_path).card


def test_a_file_that_is_no_network_is_an_error_in_words(tmp_path: Path) -> None:
    for name in ("encoder.onnx", "tokenizer.json"):
        (tmp_path / name).write_text("{}", "utf-8")
    with pytest.raises(CompanionError, match="cannot be loaded"):
        Encoder(tmp_path).tactics([["a"]])


def test_the_tagger_loads_neither_torch_nor_the_network_when_it_is_imported() -> None:
    code = (
        "import sys, companion.tagging, companion.encoder, companion.rating, companion.safety.risk.network_layer\n"
        "print([m for m in ('torch', 'transformers', 'onnxruntime', 'tokenizers') if m in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


@pytest.fixture(scope="module")
def encoder() -> Encoder:
    pytest.importorskip("onnxruntime")
    return Encoder(ENCODER)


REPLY = ["Oh no, I am so sorry.", "What did your boss say then?", "Maybe write it down before you sleep."]


@with_encoder
def test_the_shipped_encoder_tells_sorrow_question_and_advice_apart(encoder: Encoder) -> None:
    said = [used(scores) for scores in EncoderTagger(encoder).tag(REPLY)]
    assert Tactic.EMOTIONAL_EXPRESSION in said[0]
    assert Tactic.QUESTIONING in said[1]
    assert Tactic.ADVICE in said[2]


@with_encoder
def test_a_batch_says_what_single_replies_say(encoder: Encoder) -> None:
    replies = [REPLY, REPLY[:1], [], ["word " * 400, *REPLY]]
    together = encoder.tactics(replies)
    for reply, rows in zip(replies, together, strict=True):
        assert rows.shape == (len(reply), 10)
        assert np.abs(encoder.tactics([reply])[0] - rows).max(initial=0) < 0.06  # int8 scales depend on the batch


@with_encoder
def test_threads_share_one_encoder() -> None:
    encoder = Encoder(ENCODER)
    with ThreadPoolExecutor(8) as pool:
        rows = list(pool.map(lambda _: encoder.tactics([REPLY])[0], range(32)))
    assert all(np.array_equal(rows[0], other) for other in rows)


@with_encoder
def test_a_warm_reply_is_rated_above_a_cold_one(encoder: Encoder) -> None:
    warm = "I am so sorry, that sounds exhausting and lonely. What has been the hardest part for you?"
    cold = "Just get over it."
    ratings = Rater(encoder).rate([("My mum died last week.", warm), ("My mum died last week.", cold)])
    assert ratings[0].aggregate > ratings[1].aggregate


@with_encoder
def test_the_shipped_file_is_small(encoder: Encoder) -> None:
    assert (ENCODER / "encoder.onnx").stat().st_size <= 25_000_000
    assert encoder.card.tactics == tuple(tactic.value for tactic in TACTICS)
