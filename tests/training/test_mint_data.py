from __future__ import annotations

import hashlib
from pathlib import Path

import pytest

from companion import paths
from companion.errors import CompanionError, NotFound, Refused
from tests.training.local_server import serving
from training.mint_data import FILE, conversation_files
from training.mint_recipe import PAPER_SHA256, Conversations

BODY = b'[{"conversation_id": "T1", "conversation": []}]' * 50


def recipe(url: str, body: bytes = BODY) -> Conversations:
    return Conversations(url=url, sha256=hashlib.sha256(body).hexdigest())


def kept() -> Path:
    return paths.data_folder() / "training" / FILE.name


def test_a_file_under_the_data_folder_is_taken_and_nothing_downloaded(tmp_path: Path) -> None:
    (tmp_path / FILE).parent.mkdir()
    (tmp_path / FILE).write_text("[]")
    assert conversation_files(recipe("http://localhost:1/"), tmp_path) == [tmp_path / FILE]


def test_what_is_not_there_is_downloaded_once(tmp_path: Path) -> None:
    with serving(lambda _: (200, BODY)) as server:
        assert conversation_files(recipe(server.url), tmp_path) == [kept()]
        assert kept().read_bytes() == BODY
        assert conversation_files(recipe(server.url), tmp_path) == [kept()]
    assert len(server.asked) == 1


def refusal(given: Conversations, tmp_path: Path, kind: type[CompanionError] = CompanionError) -> str:
    with pytest.raises(kind) as error:
        conversation_files(given, tmp_path)
    assert not list(kept().parent.glob("*")), "nothing half is left"
    return str(error.value)


def test_a_file_with_another_checksum_is_refused(tmp_path: Path) -> None:
    with serving(lambda _: (200, b"something else")) as server:
        message = refusal(recipe(server.url), tmp_path, Refused)
    assert hashlib.sha256(b"something else").hexdigest() in message


def test_a_connection_that_is_cut_leaves_nothing(tmp_path: Path) -> None:
    with serving(lambda _: (200, BODY), cut=1000) as server:
        message = refusal(recipe(server.url), tmp_path)
    assert server.url in message


def test_a_file_that_is_not_found_names_the_place_to_put_it(tmp_path: Path) -> None:
    with serving(lambda _: (404, b"")) as server:
        message = refusal(recipe(server.url), tmp_path)
    assert "status 404" in message
    assert "conversations_322.json" in message


@pytest.mark.parametrize("url", ["http://127.0.0.1:9/x", "no address"])
def test_where_nobody_answers_the_address_is_named(url: str, tmp_path: Path) -> None:
    assert url in refusal(recipe(url), tmp_path)


def test_more_files_come_after_the_paper_s(tmp_path: Path) -> None:
    own = tmp_path / "mine.jsonl"
    own.write_text("{}")
    given = Conversations(mint=False, files=(str(own),))
    assert conversation_files(given, tmp_path) == [own]


def test_a_file_of_one_s_own_that_is_missing_is_named(tmp_path: Path) -> None:
    with pytest.raises(NotFound, match=r"missing\.jsonl"):
        conversation_files(Conversations(mint=False, files=("missing.jsonl",)), tmp_path)


@pytest.mark.data
def test_the_recipe_s_checksum_is_that_of_the_published_file(shared_data: Path) -> None:
    assert hashlib.sha256((shared_data / FILE).read_bytes()).hexdigest() == PAPER_SHA256
