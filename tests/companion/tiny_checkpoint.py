"""Random-weights checkpoints in Hugging Face form, one of each family that can be converted, with their tokenizers.

Logits are wide, and no norm is one and no bias zero, so that whatever is left out or swapped shows.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any, Literal

import torch
import transformers
from tokenizers import AddedToken, Regex, Tokenizer, decoders, models, normalizers, pre_tokenizers, processors, trainers

from training.tokens import SPECIAL, SPLIT

Family = Literal["qwen3", "qwen2", "llama3", "smollm2"]
SIZE = 528
"""Of the vocabularies: a little more than the tokenizers have."""
LEARNED = 480
CHAT = "{% for message in messages %}<|im_start|>{{ message.role }}\n{{ message.content }}<|im_end|>\n{% endfor %}"
LLAMA3_SCALING = {
    "rope_type": "llama3", "rope_theta": 5e5, "factor": 8.0, "low_freq_factor": 1.0, "high_freq_factor": 4.0,
    "original_max_position_embeddings": 64,
}  # fmt: skip


def tokenizer(family: Family) -> Tokenizer:
    """Byte-level BPE, split and marked as the family's is."""
    made = Tokenizer(models.BPE(ignore_merges=family == "llama3"))
    letters: Any = pre_tokenizers.ByteLevel(add_prefix_space=False, use_regex=False)
    if family == "smollm2":
        digits = pre_tokenizers.Digits(individual_digits=True)
        made.pre_tokenizer = pre_tokenizers.Sequence([digits, pre_tokenizers.ByteLevel(add_prefix_space=False)])
    else:
        split = SPLIT.replace(r"\p{N}|", r"\p{N}{1,3}|") if family == "llama3" else SPLIT
        made.pre_tokenizer = pre_tokenizers.Sequence([pre_tokenizers.Split(Regex(split), behavior="isolated"), letters])
    if family.startswith("qwen"):
        made.normalizer = normalizers.NFC()
        made.post_processor = processors.ByteLevel(trim_offsets=False)
    made.decoder = decoders.ByteLevel()
    letters = pre_tokenizers.ByteLevel.alphabet()
    trainer = trainers.BpeTrainer(vocab_size=LEARNED, initial_alphabet=letters, show_progress=False)
    made.train_from_iterator(Path(__file__).read_text("utf-8").splitlines(), trainer)
    made.add_special_tokens([AddedToken(token, special=True, normalized=False) for token in SPECIAL])
    made.add_tokens([AddedToken(token, normalized=False) for token in ("<think>", "</think>", "<|fim_prefix|>")])
    if family == "llama3":
        start = SPECIAL[0]
        made.post_processor = processors.Sequence(
            [
                processors.ByteLevel(trim_offsets=True),
                processors.TemplateProcessing(
                    single=f"{start} $A",
                    pair=f"{start} $A {start}:1 $B:1",
                    special_tokens=[(start, made.token_to_id(start))],
                ),
            ]
        )
    return made


def model(family: Family, *, tied: bool = True, **changes: Any) -> Any:
    """A transformers model of two layers."""
    torch.set_num_threads(1)
    torch.manual_seed(0)
    rope = LLAMA3_SCALING if family == "llama3" else {"rope_type": "default", "rope_theta": 50_000.0}
    sizes = {
        "vocab_size": SIZE, "hidden_size": 64, "intermediate_size": 96, "num_hidden_layers": 2,
        "num_attention_heads": 4, "num_key_value_heads": 2, "max_position_embeddings": 512,
        "tie_word_embeddings": tied, "rope_parameters": rope, "bos_token_id": None, "eos_token_id": LEARNED + 2,
    } | ({"head_dim": 32} if family == "qwen3" else {}) | changes  # fmt: skip
    config, kind = {
        "qwen3": (transformers.Qwen3Config, transformers.Qwen3ForCausalLM),
        "qwen2": (transformers.Qwen2Config, transformers.Qwen2ForCausalLM),
    }.get(family, (transformers.LlamaConfig, transformers.LlamaForCausalLM))
    made = kind(config(**sizes))
    with torch.no_grad():
        for name, weights in made.named_parameters():
            if name.endswith("norm.weight"):
                weights.copy_(1 + 0.3 * torch.randn_like(weights))
            elif "embed" in name or "lm_head" in name or name.endswith("bias"):
                weights.copy_(0.3 * torch.randn_like(weights))
            else:
                weights.copy_(torch.randn_like(weights) * weights.shape[1] ** -0.5)
    return made


def save(
    folder: Path, family: Family = "qwen3", *, dtype: Any = None, shard: str = "1GB", tied: bool = True, **changes: Any
) -> Path:
    """A checkpoint folder as transformers saves it."""
    made = model(family, tied=tied, **changes)
    made.to(dtype or torch.float32).save_pretrained(folder, max_shard_size=shard)
    save_tokenizer(folder, family)
    return folder


def save_tokenizer(folder: Path, family: Family) -> None:
    fast = transformers.PreTrainedTokenizerFast(
        tokenizer_object=tokenizer(family), eos_token=SPECIAL[2], pad_token=SPECIAL[0], bos_token=SPECIAL[0]
    )
    fast.chat_template = CHAT
    fast.save_pretrained(folder)


def edit(checkpoint: Path, folder: Path, *, without: tuple[str, ...] = (), **changes: Any) -> Path:
    """A copy of the checkpoint with another config."""
    folder.mkdir()
    for file in checkpoint.iterdir():
        (folder / file.name).write_bytes(file.read_bytes())
    config = json.loads((folder / "config.json").read_text())
    config = {key: value for key, value in (config | changes).items() if key not in without}
    (folder / "config.json").write_text(json.dumps(config))
    return folder
