"""A model that transformers has saved, or an adapter to one, as a speaker: many prompts in one pass.

Prompts are rendered by our own template (`companion.engine.template`), as everywhere: no template inside a folder is
run, and nothing that somebody said can become a control token.
"""

from __future__ import annotations

import json
import re
import time
from collections.abc import Sequence
from functools import cached_property
from pathlib import Path
from typing import Any

import torch
from tokenizers import Tokenizer
from transformers import AutoModelForCausalLM, AutoTokenizer
from transformers.utils.logging import disable_progress_bar

from companion.engine.gguf_file import Header
from companion.engine.profile import CHATML, Profile, guess
from companion.engine.protocol import EngineError
from companion.engine.template import Kind, render
from planner.layouts import Layout, Message
from training.speakers import Prompt, Spoken, digest_of

TOGETHER = 16
CONTEXT = 4096
"""Tokens of prompt and reply, where the model reads more."""
_THOUGHT = re.compile(r"^.*?</think>", re.DOTALL)


class Checkpoint:
    """Raises EngineError for a folder that cannot be loaded, when it is first needed."""

    together = TOGETHER

    def __init__(self, folder: Path, *, together: int = TOGETHER) -> None:
        self._folder, self.together = folder, together

    @property
    def layout(self) -> Layout:
        return self._profile.layout

    @property
    def context(self) -> int:
        return self._profile.context

    @cached_property
    def identity(self) -> str:
        base = Path(self._base)
        return digest_of(self._folder) + (digest_of(base) if self._base and base.is_dir() else "")

    def count(self, messages: Sequence[Message]) -> int:
        return len(self._ids(messages))

    @property
    def thinks(self) -> bool:
        """Never: an empty block of thoughts stands before its replies, where it knows such."""
        return False

    def say(self, prompts: Sequence[Prompt], temperature: float, most: int, thought: int = 0) -> list[Spoken]:
        """One pass for all. Drawn by the seed of the first: the same prompts together are answered the same."""
        started = time.monotonic()
        rows = [self._ids(prompt.messages) for prompt in prompts]
        longest = max(map(len, rows))
        end = self._id(CHATML[1])
        ids = torch.tensor([[end] * (longest - len(row)) + row for row in rows], device=self._model.device)
        seen = torch.tensor([[0] * (longest - len(row)) + [1] * len(row) for row in rows], device=self._model.device)
        torch.manual_seed(prompts[0].seed)
        drawn = {"do_sample": True, "temperature": temperature, "top_p": 0.95, "top_k": 0} if temperature else {}
        try:
            with torch.no_grad():
                made = self._model.generate(
                    input_ids=ids, attention_mask=seen, max_new_tokens=most, pad_token_id=end, eos_token_id=end,
                    **drawn or {"do_sample": False},
                )  # (B, longest + new)  # fmt: skip
        except torch.OutOfMemoryError:
            raise EngineError(
                f"There is not enough memory for {len(prompts)} replies at a time; free some, or measure a GGUF of it."
            ) from None
        ms = (time.monotonic() - started) * 1000 / len(prompts)
        return [self._spoken(row, made[number, longest:].tolist(), end, ms) for number, row in enumerate(rows)]

    def _spoken(self, prompt: list[int], said: list[int], end: int, ms: float) -> Spoken:
        said = said[: said.index(end)] if end in said else said
        text = self._tokenizer.decode(said, skip_special_tokens=True)
        return Spoken(_THOUGHT.sub("", text).strip(), len(prompt), len(said), round(ms, 1))

    def close(self) -> None:
        self.__dict__.pop("_model", None)
        if torch.cuda.is_available():
            torch.cuda.empty_cache()

    @cached_property
    def _model(self) -> Any:
        cuda = torch.cuda.is_available()
        disable_progress_bar()  # there is one of ours
        try:
            model = AutoModelForCausalLM.from_pretrained(
                self._folder, dtype="auto" if cuda else torch.float32, trust_remote_code=False, use_safetensors=True,
                local_files_only=True,
            )  # fmt: skip
        except (OSError, ValueError, KeyError, ImportError) as error:
            raise EngineError(f"{self._folder} cannot be loaded: {_first_line(error)}") from None
        return model.to("cuda" if cuda else "cpu").eval()

    @cached_property
    def _tokenizer(self) -> Tokenizer:
        """Text that spells a control token stays text."""
        try:
            own = (self._folder / "tokenizer.json").is_file() or not self._base
            fast = AutoTokenizer.from_pretrained(
                self._folder if own else self._base, trust_remote_code=False, local_files_only=True
            )
            tokenizer = Tokenizer.from_str(fast.backend_tokenizer.to_str())
        except (OSError, ValueError, AttributeError) as error:
            raise EngineError(f"The vocabulary of {self._folder} cannot be loaded: {_first_line(error)}") from None
        tokenizer.encode_special_tokens = True  # the library's name for: do not look for them in text
        return tokenizer

    @cached_property
    def _profile(self) -> Profile:
        """As for a GGUF of the same model. An adapter names the model it belongs to."""
        config = self._model.config
        vocabulary = self._tokenizer.get_added_tokens_decoder()
        header = Header(
            name=f"{self._folder.resolve().parent.name}/{self._folder.resolve().name} {self._base}",
            architecture=str(config.model_type),
            context=int(getattr(config, "max_position_embeddings", CONTEXT)),
            parameters=0,
            size=0,
            cache_bytes=0,
            specials=frozenset(token.content for token in vocabulary.values()),
        )
        return guess(header, CONTEXT)

    @cached_property
    def _base(self) -> str:
        """The model that an adapter belongs to, "" for a whole one. What is not on this machine is not fetched."""
        file = self._folder / "adapter_config.json"
        return str(json.loads(file.read_text("utf-8")).get("base_model_name_or_path")) if file.is_file() else ""

    def _id(self, token: str) -> int:
        found: int | None = self._tokenizer.token_to_id(token)
        assert found is not None, token  # `guess` has made sure
        return found

    def _ids(self, messages: Sequence[Message]) -> list[int]:
        ids: list[int] = []
        for part in render(messages, self._profile):
            if part.kind is Kind.CONTROL:
                ids.append(self._id(part.text))
            else:
                ids += self._tokenizer.encode(part.text, add_special_tokens=False).ids
        return ids


def _first_line(error: Exception) -> str:
    return str(error).strip().splitlines()[0] if str(error).strip() else type(error).__name__
