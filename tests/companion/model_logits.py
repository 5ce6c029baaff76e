"""A model file and the checkpoint it was made of, by the two libraries themselves: token ids and logits."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import llama_cpp as lib
import numpy as np
import torch
from numpy.typing import NDArray
from transformers import AutoModelForCausalLM, AutoTokenizer

from training.tokens import SPECIAL

Logits = NDArray[np.float32]

PROMPTS = (
    "Hello, it's been a long day and I can't sleep.",
    "<|im_start|>user\nI DON'T know what we'll do… 12345 \U0001f636\u200d\U0001f32b\ufe0f naïve café\n<|im_end|>\n"
    "<|im_start|>assistant\n",
    "\n \n\n \t \t\t ------======= нещо на Български 我想在apple工作1314天～ 3.14 'RE we'Ve  \n",
    " ".join(["the small boat came back to the harbour before the rain"] * 8),
)

MIXED = [
    *PROMPTS,
    "don't DON'T we'll I'd 's 'S ' '' it''s ’s",
    "1 12 123 1234567890 ٣٤ ½ x2y3",
    "   leading, trailing   ",
    "tabs\t\tand\nlines\r\n\r\n \n  end\n\n\n",
    "\U0001f600\U0001f44d\U0001f3fd —…\u00a0 “quoted”",
    "Как дела? Добре! 今天很累。こんにちは 한국어 สวัสดี",
    "".join(SPECIAL),
]


@lib.llama_log_callback
def _quiet(level: int, text: bytes, _: object) -> None:
    """The library keeps a bare pointer to this, so it lives in the module."""


@contextmanager
def loaded(path: Path, *, vocabulary_only: bool = False) -> Iterator[Any]:
    """A llama.cpp model. Without repacked weights, whose kernels crash on some virtual machines."""
    lib.llama_log_set(_quiet, None)
    lib.llama_backend_init()
    params = lib.llama_model_default_params()
    params.use_extra_bufts = False
    params.vocab_only = vocabulary_only
    model = lib.llama_model_load_from_file(str(path).encode(), params)
    if not model:
        raise SystemExit(f"llama.cpp cannot load {path}.")
    try:
        yield model
    finally:
        lib.llama_model_free(model)


def file_ids(path: Path, texts: Sequence[str]) -> list[list[int]]:
    """Token ids by llama.cpp; control tokens in the text are parsed."""
    found = []
    with loaded(path, vocabulary_only=True) as model:
        vocabulary = lib.llama_model_get_vocab(model)
        for text in texts:
            data = text.encode()
            buffer = (lib.llama_token * (len(data) + 8))()
            count = lib.llama_tokenize(vocabulary, data, len(data), buffer, len(buffer), False, True)
            found.append(list(buffer[:count]))
    return found


def file_logits(path: Path, prompts: Sequence[Sequence[int]]) -> list[Logits]:
    """Logits (T, V) of each prompt by llama.cpp, on one thread, with a key-value cache in F32."""
    found = []
    with loaded(path) as model:
        size = lib.llama_vocab_n_tokens(lib.llama_model_get_vocab(model))
        params = lib.llama_context_default_params()
        params.n_ctx = params.n_batch = params.n_ubatch = max(map(len, prompts))
        params.n_threads = params.n_threads_batch = 1
        params.flash_attn_type = lib.LLAMA_FLASH_ATTN_TYPE_DISABLED
        params.type_k = params.type_v = lib.GGML_TYPE_F32
        context = lib.llama_init_from_model(model, params)
        for ids in prompts:
            lib.llama_memory_clear(lib.llama_get_memory(context), True)
            batch = lib.llama_batch_init(len(ids), 0, 1)
            batch.n_tokens = len(ids)
            for position, token in enumerate(ids):
                batch.token[position], batch.pos[position], batch.n_seq_id[position] = token, position, 1
                batch.seq_id[position][0], batch.logits[position] = 0, 1
            if lib.llama_decode(context, batch):
                raise SystemExit(f"llama.cpp cannot read a prompt of {len(ids)} tokens.")
            flat = np.ctypeslib.as_array(lib.llama_get_logits(context), shape=(len(ids) * size,))
            found.append(flat.reshape(len(ids), size).copy())
            lib.llama_batch_free(batch)
        lib.llama_free(context)
    return found


def checkpoint_ids(checkpoint: Path, texts: Sequence[str]) -> list[list[int]]:
    """Token ids by transformers."""
    tokenizer = AutoTokenizer.from_pretrained(checkpoint)
    return [tokenizer(text, add_special_tokens=False)["input_ids"] for text in texts]


def checkpoint_logits(checkpoint: Path, prompts: Sequence[Sequence[int]]) -> list[Logits]:
    """Logits (T, V) of each prompt by transformers."""
    model = AutoModelForCausalLM.from_pretrained(checkpoint, dtype=torch.float32, attn_implementation="eager").eval()
    with torch.no_grad():
        return [model(torch.tensor([list(ids)])).logits[0].numpy() for ids in prompts]


def difference(ours: Sequence[Logits], theirs: Sequence[Logits]) -> tuple[float, float]:
    """(largest absolute difference, share of positions whose likeliest token agrees)."""
    pairs = list(zip(ours, theirs, strict=True))
    largest = max(float(np.abs(a - b).max()) for a, b in pairs)
    agree = np.concatenate([a.argmax(-1) == b.argmax(-1) for a, b in pairs])
    return largest, float(agree.mean())
