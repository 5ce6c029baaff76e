# ruff: noqa: E402  (what is imported needs the packages that are looked for first)
from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

torch = pytest.importorskip("torch", reason="torch is not installed")
transformers = pytest.importorskip("transformers", reason="transformers is not installed")
pytest.importorskip("tqdm", reason="tqdm is not installed")

from companion.engine.protocol import EngineError
from planner.layouts import CONTROL_TOKENS, Layout, Message
from tests.companion.fakes import CueEncoder
from training import reply_tags
from training.checkpoint import Checkpoint
from training.kept import Kept
from training.protocol import begin
from training.protocol_rows import rows_of
from training.speakers import Prompt, is_checkpoint
from training.tokens import END, END_OF_TEXT, START, train_tokenizer

pytestmark = pytest.mark.torch
SAID = "It is day one, and it rains. Why is that so?"
ASKED = [Message("user", SAID), Message("assistant", "", (CONTROL_TOKENS[3],))]


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An untrained model, as transformers saves one."""
    torch.set_num_threads(1)
    torch.manual_seed(0)
    tokenizer = train_tokenizer([SAID] * 5, 400)
    config = transformers.Qwen3Config(
        vocab_size=400, hidden_size=32, intermediate_size=48, num_hidden_layers=1, num_attention_heads=2,
        num_key_value_heads=1, head_dim=16, max_position_embeddings=512, tie_word_embeddings=True,
        rope_parameters={"rope_type": "default", "rope_theta": 10_000.0}, bos_token_id=None,
        eos_token_id=tokenizer.token_to_id(END), pad_token_id=tokenizer.token_to_id(END_OF_TEXT),
    )  # fmt: skip
    made = tmp_path_factory.mktemp("checkpoint") / "model"
    transformers.Qwen3ForCausalLM(config).save_pretrained(made)
    fast = transformers.PreTrainedTokenizerFast(tokenizer_object=tokenizer, eos_token=END, pad_token=END_OF_TEXT)
    fast.save_pretrained(made)
    return made


def test_a_folder_of_weights_is_a_checkpoint_and_a_file_is_none(folder: Path, tmp_path: Path) -> None:
    assert is_checkpoint(folder)
    assert not is_checkpoint(folder / "config.json")
    assert not is_checkpoint("mini")
    (tmp_path / "adapter_config.json").touch()
    assert is_checkpoint(tmp_path)


def test_what_it_is_asked_is_known_from_its_vocabulary(folder: Path) -> None:
    speaker = Checkpoint(folder)
    assert (speaker.layout, speaker.context) == (Layout.MINI, 512)


def test_a_prompt_has_control_tokens_where_they_belong_and_nowhere_else(folder: Path) -> None:
    speaker = Checkpoint(folder)
    ids = speaker._ids([Message("user", f"{SAID}{END}{START}"), *ASKED[1:]])
    tokens = [speaker._tokenizer.id_to_token(each) for each in ids]
    assert [token for token in tokens if token in {START, END, *CONTROL_TOKENS}] == [
        START, END, START, CONTROL_TOKENS[3],
    ]  # fmt: skip
    assert speaker.count(ASKED) < len(ids)


def test_prompts_of_different_lengths_are_answered_together_as_each_by_itself(folder: Path) -> None:
    longer = [Message("user", SAID), Message("assistant", SAID), *ASKED]
    speaker = Checkpoint(folder)
    together = speaker.say([Prompt(ASKED, 1), Prompt(longer, 2)], 0.0, 8)
    alone = [speaker.say([Prompt(each, 3)], 0.0, 8)[0] for each in (ASKED, longer)]
    assert [each.text for each in together] == [each.text for each in alone]
    assert [each.prompt_tokens for each in together] == [speaker.count(ASKED), speaker.count(longer)]
    assert all(0 < each.reply_tokens <= 8 for each in together)


def test_the_same_seed_draws_the_same_replies(folder: Path) -> None:
    speaker = Checkpoint(folder)
    one, again, other = ([each.text for each in speaker.say([Prompt(ASKED, seed)] * 3, 1.0, 12)] for seed in (5, 5, 6))
    assert one == again != other


def test_it_is_measured_under_both_protocols_conversations_side_by_side(
    folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(reply_tags, "fingerprint", lambda folder: "cues")
    calls: list[int] = []
    say = Checkpoint.say

    def counted(self: Checkpoint, prompts: Any, temperature: float, most: int, thought: int) -> Any:
        calls.append(len(prompts))
        return say(self, prompts, temperature, 6)

    monkeypatch.setattr(Checkpoint, "say", counted)
    rows = [
        {"id": name, "messages": [{"role": "user", "content": SAID}, {"role": "assistant", "content": "Hm."}] * turns}
        for name, turns in (("a", 3), ("b", 1), ("c", 2))
    ]
    (tmp_path / "chat.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows))
    evaluation = begin(folder, data=tmp_path / "chat.jsonl", out=tmp_path / "run", encoder=CueEncoder())
    evaluation.run()
    found = evaluation.report()
    assert calls == [6, 3, 2, 1]  # all turns of people at once; then the first, second and third of three conversations
    assert found.systems["human-history"].turns == found.systems["own-history"].turns == 6
    places = [(row.conversation, row.place) for row in rows_of(Kept(tmp_path / "run"), "own-history")]
    assert places == [("a", 1), ("a", 3), ("a", 5), ("b", 1), ("c", 1), ("c", 3)]  # whole conversations in the end


def test_an_adapter_speaks_as_its_model_with_what_it_learnt(folder: Path, tmp_path: Path) -> None:
    peft = pytest.importorskip("peft", reason="peft is not installed")
    torch.manual_seed(1)
    model = transformers.AutoModelForCausalLM.from_pretrained(folder)
    config = peft.LoraConfig(r=4, target_modules=["q_proj", "v_proj", "o_proj"], init_lora_weights=False, lora_alpha=64)
    peft.get_peft_model(model, config).save_pretrained(tmp_path / "adapter")
    adapted, base = Checkpoint(tmp_path / "adapter"), Checkpoint(folder)
    said = [speaker.say([Prompt(ASKED, 1)], 0.0, 12)[0] for speaker in (adapted, base)]
    assert adapted.layout is Layout.MINI
    assert said[0].prompt_tokens == said[1].prompt_tokens
    assert said[0].text != said[1].text
    assert adapted.identity != base.identity


def test_a_folder_that_cannot_be_loaded_is_a_sentence(folder: Path, tmp_path: Path) -> None:
    for name in ("config.json", "tokenizer.json", "tokenizer_config.json"):
        (tmp_path / name).write_bytes((folder / name).read_bytes())
    with pytest.raises(EngineError, match="cannot be loaded: "):
        Checkpoint(tmp_path).say([Prompt(ASKED, 1)], 0.0, 4)
