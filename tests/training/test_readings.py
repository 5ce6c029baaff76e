from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any

import pytest

from companion.errors import CompanionError, UsageError
from companion.rating import Rater
from planner.tactics import TACTICS, Tactic
from tests.companion.fakes import CueEncoder, CueTagger
from tests.training.local_server import Answer, serving
from training.mint_recipe import RewardRecipe
from training.reading_servers import QualityServer, TacticServer
from training.readings import Dialogue, EncoderQuality, EncoderTactics, Reader, Tagged, asked, reader_of

TALK: Dialogue = [
    {"role": "user", "content": "My week was bad."},
    {"role": "assistant", "content": "Oh?"},
    {"role": "user", "content": "Very bad."},
]
REPLIES = ["It makes sense. What now?", "Try to sleep."]


class Fixed:
    """Reads what it was told to."""

    def __init__(self, scores: Sequence[float] = (), tags: Sequence[Tagged] = ()) -> None:
        self.scores, self.tags = list(scores), list(tags)
        self.asked: list[list[str]] = []

    def quality(self, dialogues: Sequence[Dialogue], replies: Sequence[str]) -> list[float]:
        self.asked.append(list(replies))
        return self.scores

    def tactics(self, replies: Sequence[Sequence[str]]) -> list[Tagged]:
        return self.tags


def fails(reader: Any, *arguments: Any) -> str:
    with pytest.raises(CompanionError) as error:
        reader(*arguments)
    return str(error.value)


# -- the encoder ----------------------------------------------------------------------------------------------


def test_the_encoder_reads_tactics_by_sentence_and_counts_them() -> None:
    reader = Reader(EncoderTactics(CueTagger()), Fixed([0.1, 0.2]))
    first, second = reader.read([TALK, TALK], REPLIES)
    assert first.sentences == (frozenset({Tactic.VALIDATION}), frozenset({Tactic.QUESTIONING}))
    assert first.counts == tuple(int(t in {Tactic.VALIDATION, Tactic.QUESTIONING}) for t in TACTICS)
    assert (first.quality, second.quality) == (0.1, 0.2)


def test_the_encoder_s_quality_is_its_aggregate_moved_to_zero_to_one() -> None:
    class Kind(CueEncoder):
        def empathy(self, exchanges: Sequence[tuple[str, str]]) -> Any:
            self.seen = exchanges
            return [[5, 5, 5, 1, 1, 1], [1, 1, 1, 5, 5, 5]]

    kind = Kind()
    assert EncoderQuality(Rater(kind)).quality([TALK, TALK], REPLIES) == [1.0, 0.0]
    assert kind.seen == [("Very bad.", REPLIES[0]), ("Very bad.", REPLIES[1])]


def test_nobody_is_asked_about_an_empty_reply() -> None:
    fixed = Fixed([0.7], [(frozenset(),)])
    found = Reader(fixed, fixed).read([TALK, TALK, TALK], ["", "Well.", "  "])
    assert fixed.asked == [["Well."]]
    assert [(read.sentences, read.quality) for read in found] == [((), 0.0), ((frozenset(),), 0.7), ((), 0.0)]


def test_a_quality_that_is_no_number_ends_the_run() -> None:
    fixed = Fixed([float("nan")], [(frozenset(),)])
    assert "gave nan for a reply" in fails(Reader(fixed, fixed).read, [TALK], ["Well."])


def test_readings_that_are_missing_end_the_run() -> None:
    fixed = Fixed([0.1], [(), ()])
    assert "quality gave 1 readings for 2 replies" in fails(Reader(fixed, fixed).read, [TALK, TALK], REPLIES)


def test_what_a_reply_answers_is_the_person_s_last_message() -> None:
    assert asked(TALK) == "Very bad."
    assert asked([{"role": "assistant", "content": "Hello."}]) == ""


def test_a_recipe_s_readers_are_the_encoder_unless_it_names_others() -> None:
    reader = reader_of(RewardRecipe(), CueEncoder())
    assert reader.read([TALK], REPLIES[:1])[0].quality == 0.5  # every dimension is rated 3
    named = RewardRecipe(quality="http://localhost:1/q", tactics="http://localhost:1/t", timeout=1.0, tries=1)
    served = reader_of(named, CueEncoder())
    assert isinstance(served.quality, QualityServer)
    assert isinstance(served.tactics, TacticServer)


# -- servers --------------------------------------------------------------------------------------------------


def quality_at(url: str, pauses: list[float] | None = None, tries: int = 3, timeout: float = 5.0) -> QualityServer:
    waited = pauses if pauses is not None else []
    return QualityServer(url, timeout=timeout, tries=tries, pause=waited.append)


def said(value: Any) -> Answer:
    return 200, json.dumps(value).encode()


def test_a_reward_server_is_sent_dialogues_and_replies_and_gives_scores() -> None:
    with serving(lambda _: said({"scores": [0.5, -2]})) as server:
        assert quality_at(server.url).quality([TALK, TALK], REPLIES) == [0.5, -2.0]
    assert server.asked == [{"dialogues": [TALK, TALK], "replies": REPLIES}]


def test_a_tagger_server_is_sent_sentences_and_gives_tactics() -> None:
    with serving(lambda _: said({"tactics": [[["validation"], []], [["advice", "questioning"]]]})) as server:
        found = TacticServer(server.url).tactics([["One.", "Two."], ["Three."]])
    assert server.asked == [{"replies": [["One.", "Two."], ["Three."]]}]
    assert found == [
        (frozenset({Tactic.VALIDATION}), frozenset()),
        (frozenset({Tactic.ADVICE, Tactic.QUESTIONING}),),
    ]


def test_a_server_that_fails_for_a_moment_is_asked_again() -> None:
    answers = [(503, b""), (500, b"?"), said({"scores": [1.0]})]
    pauses: list[float] = []
    with serving(lambda _: answers.pop(0)) as server:
        assert quality_at(server.url, pauses).quality([TALK], REPLIES[:1]) == [1.0]
    assert pauses == [1.0, 2.0]


def test_a_server_that_dies_ends_the_run_after_the_tries_and_scores_nothing() -> None:
    with serving(lambda _: said({"scores": [1.0]})) as server:
        reader = quality_at(server.url, pauses := [])
        assert reader.quality([TALK], REPLIES[:1]) == [1.0]
    message = fails(reader.quality, [TALK], REPLIES[:1])
    assert server.url in message
    assert "refused" in message
    assert "--resume" in message
    assert pauses == [1.0, 2.0]


def test_an_answer_that_is_cut_off_counts_as_no_answer() -> None:
    with serving(lambda _: said({"scores": [1.0]}), cut=100) as server:
        message = fails(quality_at(server.url, tries=2, timeout=0.2).quality, [TALK], REPLIES[:1])
    assert len(server.asked) == 2
    assert "cannot be used" in message


def test_a_server_whose_answer_comes_byte_by_byte_has_no_more_time_than_another() -> None:
    status, body = said({"scores": [1.0]})
    with serving(lambda _: (status, body + b" " * 100), slow=0.02) as server:
        message = fails(quality_at(server.url, tries=1, timeout=0.3).quality, [TALK], REPLIES[:1])
    assert "cannot be used: it gave no whole answer within 0.3 seconds. Start it again" in message


@pytest.mark.parametrize("address", ["http://[::1", "http://localhost:eighty/", "http://localhost:1/ü"])
def test_what_is_no_address_is_said_at_once(address: str) -> None:
    with pytest.raises(UsageError) as error:
        quality_at(address, pauses := []).quality([TALK], REPLIES[:1])
    assert str(error.value).startswith(f"{address} is no address of a reward server (")
    assert str(error.value).endswith("--set reward.quality=http://localhost:8000/")
    assert pauses == []


def test_a_server_that_says_it_was_asked_wrongly_is_not_asked_again() -> None:
    with serving(lambda _: (404, b"")) as server:
        message = fails(quality_at(server.url).quality, [TALK], REPLIES[:1])
    assert "status 404" in message
    assert len(server.asked) == 1


@pytest.mark.parametrize(
    ("answer", "reason"),
    [
        (said({"scores": [0.1]}), "1 scores for 2 replies"),
        (said({"scores": [0.1, float("nan")]}), "the score nan"),
        (said({"scores": [0.1, float("inf")]}), "the score inf"),
        (said({"scores": [0.1, None]}), "the score None"),
        (said({"scores": [0.1, True]}), "the score True"),
        (said({"scores": "high"}), "no list 'scores'"),
        (said({"rewards": [0.1, 0.2]}), "no list 'scores'"),
        (said([0.1, 0.2]), "a list and no object"),
        ((200, b"<html>"), "no JSON"),
        ((200, b"[" * 100_000), "no JSON"),
        ((200, b'{"scores": [0.1, 1' + b"0" * 400 + b"]}"), "the score 10000"),
    ],
)
def test_a_reward_server_that_makes_no_sense_ends_the_run_at_once(answer: Answer, reason: str) -> None:
    with serving(lambda _: answer) as server:
        message = fails(quality_at(server.url).quality, [TALK, TALK], REPLIES)
    assert reason in message
    assert len(server.asked) == 1


@pytest.mark.parametrize(
    ("tags", "reason"),
    [
        ([[["validation"]]], "tags for 1 sentences of a reply that has 2"),
        ([[["validation"], ["singing"]]], "'singing' is not a valid Tactic"),
        ([[["validation"], 3]], "a tactic that is none"),
        ([], "0 tactics for 1 replies"),
        (["advice"], "tags for 'advice' sentences"),
    ],
)
def test_a_tagger_server_that_makes_no_sense_ends_the_run(tags: Any, reason: str) -> None:
    with serving(lambda _: said({"tactics": tags})) as server:
        assert reason in fails(TacticServer(server.url).tactics, [["One.", "Two."]])
