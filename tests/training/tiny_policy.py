"""A random Qwen3 of two layers with a byte tokenizer, saved as transformers loads it."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import torch
from tokenizers import AddedToken, Tokenizer, models, pre_tokenizers
from transformers import PreTrainedTokenizerFast, Qwen3Config, Qwen3ForCausalLM

from training.tokens import END, END_OF_TEXT, SPECIAL, byte_level


def tiny_tokenizer(*more: str) -> PreTrainedTokenizerFast:
    """One token for each byte, then the special ones, then `more` that tokenizers find in any text."""
    alphabet = sorted(pre_tokenizers.ByteLevel.alphabet())
    core = byte_level(Tokenizer(models.BPE(vocab={piece: i for i, piece in enumerate(alphabet)}, merges=[])))
    core.add_special_tokens([AddedToken(token, special=True, normalized=False) for token in SPECIAL])
    core.add_tokens([AddedToken(token, special=False, normalized=False) for token in more])
    return PreTrainedTokenizerFast(tokenizer_object=core, eos_token=END, pad_token=END_OF_TEXT, padding_side="left")


def tiny_policy(folder: Path, **changes: Any) -> Path:
    """Save one into `folder`; norms that are not one, and logits wide enough for differences to show."""
    torch.manual_seed(0)
    tokenizer = tiny_tokenizer()
    values: dict[str, Any] = {
        "vocab_size": len(tokenizer),
        "hidden_size": 32,
        "intermediate_size": 64,
        "num_hidden_layers": 2,
        "num_attention_heads": 4,
        "num_key_value_heads": 2,
        "head_dim": 16,
        "max_position_embeddings": 512,
        "tie_word_embeddings": True,
        "bos_token_id": None,
        "eos_token_id": tokenizer.eos_token_id,
        "pad_token_id": tokenizer.pad_token_id,
    }
    model = Qwen3ForCausalLM(Qwen3Config(**values | changes))
    with torch.no_grad():
        for name, weight in model.named_parameters():
            weight.copy_(1 + 0.2 * torch.randn_like(weight) if weight.ndim == 1 else 4 * weight)
            assert "bias" not in name
    model.save_pretrained(folder)
    tokenizer.save_pretrained(folder)
    return folder
