from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import torch
from transformers import AutoModelForSequenceClassification, PreTrainedTokenizerFast, Qwen3Config

from companion.errors import NotFound, UsageError
from training.classifier import Classifier, own_device
from training.tokens import END, END_OF_TEXT, train_tokenizer

TEMPLATE = "{% for m in messages %}<|im_start|>{{ m['role'] }}\n{{ m['content'] }}<|im_end|>\n{% endfor %}"
TALK = [{"role": "user", "content": "My week was bad."}]
REPLIES = ["Oh no.", "What happened? Tell me about the whole of it, from Monday on.", "Sleep."]


def tokenizer(template: str | None = TEMPLATE) -> PreTrainedTokenizerFast:
    core = train_tokenizer(["my week was bad what happened tell me"], 600)
    made = PreTrainedTokenizerFast(tokenizer_object=core, eos_token=END, pad_token=END_OF_TEXT)
    made.chat_template = template
    return made


def network(outputs: int = 1) -> Any:
    torch.set_num_threads(1)
    torch.manual_seed(0)
    config = Qwen3Config(
        vocab_size=600, hidden_size=32, intermediate_size=64, num_hidden_layers=2, num_attention_heads=2,
        num_key_value_heads=1, head_dim=16, num_labels=outputs,
    )  # fmt: skip
    return AutoModelForSequenceClassification.from_config(config)


@pytest.fixture(scope="module")
def classifier() -> Classifier:
    return Classifier(network(), tokenizer())


def test_a_score_does_not_depend_on_what_it_is_batched_with(classifier: Classifier) -> None:
    together = classifier.quality([TALK] * 3, REPLIES)
    alone = [classifier.quality([TALK], [reply])[0] for reply in REPLIES]
    assert together == pytest.approx(alone, abs=1e-5)
    assert len(set(together)) == 3


@pytest.mark.parametrize("model_pads", [None, END])
@pytest.mark.parametrize("tokenizer_pads", [None, END_OF_TEXT, END])
def test_a_score_is_read_where_the_model_alone_reads_it(tokenizer_pads: str | None, model_pads: str | None) -> None:
    made = tokenizer(TEMPLATE.replace("\n{% endfor", "{% endfor"))
    made.pad_token = tokenizer_pads

    def model() -> Any:
        found = network().eval()
        found.config.pad_token_id = model_pads and made.convert_tokens_to_ids(model_pads)
        return found

    classifier = Classifier(model(), made)
    for reply, score in zip(REPLIES, classifier.quality([TALK] * 3, REPLIES), strict=True):
        ids = made(classifier._text(TALK, reply), add_special_tokens=False, return_tensors="pt")["input_ids"]
        assert ids[0, -1] == made.eos_token_id
        assert score == pytest.approx(model()(ids).logits.item(), abs=1e-5)


@pytest.mark.parametrize(("rank", "gpu"), [(None, 0), ("0", 0), ("1", 1), ("3", 1)])
def test_each_process_has_a_gpu_of_its_own(rank: str | None, gpu: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(torch.cuda, "is_available", lambda: True)
    monkeypatch.setattr(torch.cuda, "device_count", lambda: 2)
    monkeypatch.delenv("LOCAL_RANK", raising=False)
    if rank is not None:
        monkeypatch.setenv("LOCAL_RANK", rank)
    model, moved = network(), []
    monkeypatch.setattr(model, "to", lambda device: moved.append(device) or model)
    Classifier(model, tokenizer())
    assert moved == [own_device()] == [torch.device("cuda", gpu)]


def test_the_dialogue_is_one_turn_of_lines_in_the_model_s_own_template(classifier: Classifier) -> None:
    made = tokenizer("{% for m in messages %}[{{ m['role'] }}]{{ m['content'] }}{% endfor %}")
    text = Classifier(network(), made)._text([*TALK, {"role": "assistant", "content": "Oh?"}], "Go on.")
    assert text == "[user]user: My week was bad.\nassistant: Oh?[assistant]Go on."


def test_a_model_without_a_template_reads_lines() -> None:
    text = Classifier(network(), tokenizer(None))._text(TALK, "Go on.")
    assert text == "user: My week was bad.\nassistant: Go on."


def test_a_model_with_several_outputs_is_no_reward_model() -> None:
    with pytest.raises(UsageError, match="has 3 outputs"):
        Classifier(network(3), tokenizer())


def test_a_model_is_loaded_from_its_folder(tmp_path: Path, classifier: Classifier) -> None:
    network().save_pretrained(tmp_path)
    tokenizer().save_pretrained(tmp_path)
    loaded = Classifier.load(str(tmp_path))
    assert loaded.quality([TALK], REPLIES[:1]) == pytest.approx(classifier.quality([TALK], REPLIES[:1]), abs=1e-5)


def test_a_folder_without_a_model_is_named(tmp_path: Path) -> None:
    with pytest.raises(NotFound, match=r"cannot be loaded .*reward\.quality"):
        Classifier.load(str(tmp_path))
