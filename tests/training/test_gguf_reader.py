# ruff: noqa: E402  (what is imported needs the packages that are looked for first)
from __future__ import annotations

import random
from pathlib import Path
from typing import Any

import pytest
from tokenizers import Tokenizer

torch = pytest.importorskip("torch", reason="torch is not installed")
transformers = pytest.importorskip("transformers", reason="transformers is not installed")
gguf = pytest.importorskip("gguf", reason="gguf is not installed")

from companion import paths
from companion.engine.profile import Profile
from companion.engine.template import Kind, render
from companion.errors import NotFound, UsageError
from companion.modelhub.convert import convert
from planner.layouts import CONTROL_TOKENS, Layout, Message
from planner.ledger import Ledger, TurnRecord
from planner.tactics import Tactic
from tests.training.tiny_policy import tiny_policy
from training.gguf_reader import read_gguf
from training.mint_recipe import Prompts
from training.prompts import Prompter, harmless

pytestmark = pytest.mark.torch
SAID = [
    "I'm  so TIRED… don't know why\n\nit is 12:30 — “again”",
    "Как дела? 今天很累 \U0001f600 e\u0301",
    "tabs\t\tand ends  \n",
    "a < b | c > d, <i>not</i> <a token>",
]


@pytest.fixture(scope="module")
def shipped(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return read_gguf(paths.shipped_models() / "mini.gguf", tmp_path_factory.mktemp("mini"))


def prompts() -> list[str]:
    """As the chat renders them, control tokens and all."""
    profile = Profile(layout=Layout.MINI, controls=frozenset(CONTROL_TOKENS))
    rng = random.Random(1)
    found = []
    for said in SAID:
        controls = tuple(rng.sample(CONTROL_TOKENS, 3))
        messages = [Message("user", said), Message("assistant", "I see."), Message("user", said[::-1])]
        parts = render([*messages, Message("assistant", "", controls)], profile)
        found.append("".join(part.text for part in parts))
    return found


def state(folder: Path) -> dict[str, Any]:
    return dict(transformers.AutoModelForCausalLM.from_pretrained(folder).state_dict())


@pytest.mark.parametrize("tied", [True, False])
def test_what_was_written_is_read_back(tmp_path: Path, tied: bool) -> None:
    folder = tiny_policy(tmp_path / "policy", tie_word_embeddings=tied, rope_parameters={"rope_theta": 50_000.0})
    file = convert(folder, tmp_path / "tiny.gguf", kind="f32")
    again = read_gguf(file, tmp_path / "again")
    before, after = state(folder), state(again)
    assert before.keys() == after.keys()
    assert all(torch.equal(before[name], after[name]) for name in before)
    ours, theirs = (transformers.AutoConfig.from_pretrained(path).to_dict() for path in (again, folder))
    del ours["_name_or_path"]
    ours["rms_norm_eps"] = pytest.approx(ours["rms_norm_eps"])  # a float32 in the file
    assert ours == {name: value for name, value in theirs.items() if name in ours}


@pytest.mark.llama
def test_the_model_that_ships_has_the_ids_and_logits_of_llama_cpp(shipped: Path) -> None:
    pytest.importorskip("llama_cpp", reason="llama-cpp-python is not installed")
    from tests.companion import model_logits as check

    file = paths.shipped_models() / "mini.gguf"
    texts = [*check.MIXED, *prompts()]
    ids = check.checkpoint_ids(shipped, texts)
    assert ids == check.file_ids(file, texts)
    largest, agree = check.difference(check.file_logits(file, ids[-2:]), check.checkpoint_logits(shipped, ids[-2:]))
    assert largest < 1  # llama.cpp rounds activations to eight bits before it multiplies them
    assert agree > 0.9


@pytest.mark.parametrize("said", [*SAID, "<think>no</think>", "\n\n  (quietly) ..."])
def test_a_training_prompt_has_the_ids_that_the_chat_would_give_it(shipped: Path, said: str) -> None:
    tokenizer = transformers.AutoTokenizer.from_pretrained(shipped)
    prompter = Prompter.of(Prompts(layout=Layout.MINI, plan=True, limit=1000), tokenizer)
    ledger = Ledger().add(TurnRecord((frozenset({Tactic.ADVICE}),), "Maybe"))
    history = [Message("user", said), Message("assistant", "Maybe rest?\n\nOr walk."), Message("user", f"{said} yes")]
    prompt = prompter.prompt(history, ledger)
    assert prompt is not None
    plain = Tokenizer.from_str(tokenizer.backend_tokenizer.to_str())
    plain.encode_special_tokens = True  # as the engine: no control token is looked for in what people write
    profile = Profile(layout=Layout.MINI, controls=frozenset(CONTROL_TOKENS))
    controls = tuple(token for token in CONTROL_TOKENS if token in prompt)
    assert controls
    messages = [harmless(message) for message in history]
    ids: list[int] = []
    for part in render([*messages, Message("assistant", "", controls)], profile):
        control = part.kind is Kind.CONTROL
        ids += [tokenizer.convert_tokens_to_ids(part.text)] if control else plain.encode(part.text).ids
    assert tokenizer(text=[prompt])["input_ids"] == [ids]


def test_a_control_token_is_one_token_and_ends_a_reply(shipped: Path) -> None:
    tokenizer = transformers.AutoTokenizer.from_pretrained(shipped)
    ids = tokenizer("".join(CONTROL_TOKENS))["input_ids"]
    assert len(ids) == len(CONTROL_TOKENS)
    assert tokenizer.decode([tokenizer.eos_token_id]) == "<|im_end|>"


def test_a_file_that_is_no_model_is_refused(tmp_path: Path) -> None:
    with pytest.raises(NotFound, match="There is no model file"):
        read_gguf(tmp_path / "none.gguf", tmp_path / "out")
    (tmp_path / "text.gguf").write_text("once upon a time, and for long enough to be read")
    with pytest.raises(UsageError, match=r"text\.gguf is no GGUF file"):
        read_gguf(tmp_path / "text.gguf", tmp_path / "out")
