"""Quality from a sequence classifier of transformers with one output: a reward or preference model.

The dialogue is given as MINT gave it to its own: one user turn of `role: content` lines without a system message, the
reply as the assistant's, in the model's own chat template; a model without one reads both as lines.
"""

from __future__ import annotations

import os
from collections.abc import Sequence
from itertools import count
from pathlib import Path
from typing import Any

import torch
from torch.nn.utils.rnn import pad_sequence
from transformers import AutoModelForSequenceClassification, AutoTokenizer

from companion.errors import NotFound, UsageError
from training.readings import Dialogue

TOGETHER = 8
"""Replies in one forward pass."""
LIMIT = 4096
"""Tokens of one dialogue and its reply; the beginning of a longer one is left out."""


class Classifier:
    """Scores replies in this process, on its own GPU where there is one.

    A reply scores as the model alone scores it, whatever it is batched with: transformers reads a score at the last
    token that is not the padding of the model's configuration, and at the very last where that names none.
    """

    def __init__(self, model: Any, tokenizer: Any) -> None:
        """Raises UsageError for a model with more than one output."""
        outputs = int(model.config.num_labels)
        if outputs != 1:
            raise UsageError(f"The quality model has {outputs} outputs; a reward model has one (num_labels=1).")
        self._device = own_device()
        self._model, self._tokenizer = model.eval().to(self._device), tokenizer
        self._padding: int | None = model.config.get_text_config().pad_token_id

    @classmethod
    def load(cls, name: str) -> Classifier:
        """From a folder or a name on the hub. Raises NotFound where there is none."""
        folder = Path(name).expanduser()
        source = str(folder) if folder.is_dir() else name
        try:
            tokenizer = AutoTokenizer.from_pretrained(source)
            model = AutoModelForSequenceClassification.from_pretrained(source)
        except (OSError, ValueError) as error:
            reason = str(error).strip().splitlines()[0]
            raise NotFound(
                f"The quality model {name!r} cannot be loaded ({reason}). Give the folder of a sequence classifier, "
                "its name on the hub, the address of a server, or encoder, as reward.quality."
            ) from None
        return cls(model, tokenizer)

    def quality(self, dialogues: Sequence[Dialogue], replies: Sequence[str]) -> list[float]:
        texts = [self._text(dialogue, reply) for dialogue, reply in zip(dialogues, replies, strict=True)]
        order = sorted(range(len(texts)), key=lambda place: len(texts[place]))  # alike in length, so little padding
        found = [0.0] * len(texts)
        for start in range(0, len(order), TOGETHER):
            places = order[start : start + TOGETHER]
            for place, score in zip(places, self._scores([texts[place] for place in places]), strict=True):
                found[place] = score
        return found

    def _scores(self, texts: list[str]) -> list[float]:
        rows = [
            torch.tensor(self._tokenizer(text, add_special_tokens=False)["input_ids"][-LIMIT:], device=self._device)
            for text in texts
        ]
        padding = self._padding
        if padding is None:  # a token that ends no row, and so not the one that ends them all
            last = {int(row[-1]) for row in rows}
            padding = next(token for token in count() if token not in last)
            self._model.config.get_text_config().pad_token_id = padding
        ids = pad_sequence(rows, batch_first=True, padding_value=padding)  # (B, T)
        mask = pad_sequence([torch.ones_like(row) for row in rows], batch_first=True)
        with torch.inference_mode():
            logits = self._model(input_ids=ids, attention_mask=mask).logits  # (B, 1)
        scores: list[float] = logits[:, 0].float().tolist()
        return scores

    def _text(self, dialogue: Dialogue, reply: str) -> str:
        lines = "\n".join(f"{message['role']}: {message['content']}" for message in dialogue)
        if not self._tokenizer.chat_template:
            return f"{lines}\nassistant: {reply}"
        messages = [{"role": "user", "content": lines}, {"role": "assistant", "content": reply}]
        text: str = self._tokenizer.apply_chat_template(messages, tokenize=False)
        return text


def own_device() -> torch.device:
    """This process's GPU, where there is one: the one that accelerate takes too, which may be asked only later."""
    if not torch.cuda.is_available():
        return torch.device("cpu")
    return torch.device("cuda", int(os.environ.get("LOCAL_RANK", "0")) % torch.cuda.device_count())
