"""The catalogue of models to get: the one that ships, one's own, and what the documentation says of it."""

from __future__ import annotations

import hashlib

import pytest

from companion import paths
from companion.engine.model_file import in_words
from companion.modelhub import catalogue, registry
from planner.layouts import Layout
from tests.companion.hub_server import Hub
from tests.companion.models_to_get import QWEN, Makers
from tests.companion.models_to_get import gguf_file as gguf_file
from tests.companion.models_to_get import hub as hub
from tests.companion.models_to_get import makers as makers
from tests.conftest import REPOSITORY, Program, said_no_more_than_a_sentence

pytest.importorskip("huggingface_hub", reason="huggingface_hub is not installed")


def test_the_catalogue_that_ships_is_right() -> None:
    offers = catalogue.offers()
    assert {"mini", "mint-1.7b", "mint-4b", "qwen3-1.7b", "qwen3-4b"} <= set(offers)
    shipped = paths.shipped_models() / "mini.gguf"
    assert offers["mini"].sha256 == hashlib.sha256(shipped.read_bytes()).hexdigest()
    assert offers["mini"].sizes == {"q8_0": shipped.stat().st_size}
    for layers, name in ((28, "mint-1.7b"), (28, "qwen3-1.7b"), (36, "mint-4b"), (36, "qwen3-4b")):
        assert offers[name].per_token == layers * 8 * (128 + 128) * 2  # Qwen3's published shapes
        assert offers[name].licence
        assert offers[name].purpose
    assert catalogue.suggested() in {"mint-1.7b", "mint-4b"}


def own_catalogue(text: str) -> None:
    paths.user_catalogue().parent.mkdir(parents=True, exist_ok=True)
    paths.user_catalogue().write_text(text)


def test_a_catalogue_of_ones_own_adds_and_replaces(program: Program, hub: Hub, makers: Makers) -> None:
    own_catalogue(f'[mine]\nrepository = "{QWEN}"\nlayout = "mint"\n[mint-4b]\nrepository = "me/better"\n')
    assert catalogue.find("mint-4b").repository == "me/better"
    assert program("models", "get", "mine", "--yes").code == 0
    assert registry.find("mine").layout is Layout.MINT


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ('[a]\nrepositry = "x/y"', "unknown key 'repositry'. Did you mean 'repository'?"),
        ('[a]\nrepository = "../x"', "repository = '../x' cannot be used"),
        ('[a]\nlayout = "odd"', "layout = 'odd' cannot be used"),
        ("[a]\nsizes = {q8_0 = -1}", "cannot be used"),
    ],
)
def test_a_slip_in_it_is_a_sentence(program: Program, text: str, sentence: str) -> None:
    own_catalogue(text)
    outcome = program("models", "get", "a")
    assert outcome.code == 2
    assert str(paths.user_catalogue()) in outcome.err
    assert sentence in said_no_more_than_a_sentence(outcome)


def test_a_slip_in_it_keeps_nobody_from_talking(told: Program) -> None:
    (paths.user_models() / "mini.gguf").unlink()
    own_catalogue("[a")
    told.says("Yes.")
    assert told("say", "hello").code == 0
    assert told("chat", typed="/quit\n").code == 0


def test_a_name_that_is_not_in_it_is_a_sentence_with_those_that_are(program: Program, hub: Hub) -> None:
    outcome = program("models", "get", "mint-9000b")
    assert outcome.code == 3
    assert "It has: mint-1.7b, mint-4b, qwen3-1.7b, qwen3-4b; or give a repository" in outcome.err
    (paths.user_models() / "mini.gguf").unlink()
    assert "mini came with the program" in program("models", "get", "mini").err


def test_the_example_in_the_documentation_is_one(program: Program) -> None:
    text = (REPOSITORY / "docs" / "models.md").read_text("utf-8")
    own_catalogue(text.partition("```toml\n")[2].partition("```")[0])
    offer = catalogue.find("qwen3-0.6b")
    assert (offer.kind, offer.repository) == ("q8_0", "Qwen/Qwen3-0.6B-GGUF")


def test_the_documentation_has_the_sizes_of_the_catalogue() -> None:
    text = (REPOSITORY / "docs" / "models.md").read_text("utf-8")
    for name, offer in catalogue.offers().items():
        row = next(line for line in text.splitlines() if line.startswith(f"| `{name}` |"))
        disk = offer.sizes[offer.kind]
        assert f"| {in_words(disk)} |" in row
        assert f"| {offer.memory(disk, None) / 1e9:.{1 if disk > 1e9 else 2}f} GB |" in row
        assert f"| {in_words(offer.download) if offer.download else 'ships'} |" in row
