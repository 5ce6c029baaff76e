"""The mini model's tokenizer, and conversations as token ids.

Byte-level BPE with the split expression that llama.cpp knows as `qwen2`, so that a GGUF of the model tokenises alike.
"""

from __future__ import annotations

import random
from collections.abc import Iterable, Iterator, Sequence

from tokenizers import AddedToken, Regex, Tokenizer, decoders, models, normalizers, pre_tokenizers, trainers

from planner.layouts import CONTROL_TOKENS
from planner.tactics import TACTICS, Tactic
from training.corpora import Dialogue, Document, Prose

SPLIT = (
    r"(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}| ?[^\s\p{L}\p{N}]+[\r\n]*"
    r"|\s*[\r\n]+|\s+(?!\S)|\s+"
)
END_OF_TEXT, START, END = "<|endoftext|>", "<|im_start|>", "<|im_end|>"
SPECIAL = (END_OF_TEXT, START, END, *CONTROL_TOKENS)


def byte_level(tokenizer: Tokenizer) -> Tokenizer:
    """Gives a BPE tokenizer the normal form, the splits and the bytes that llama.cpp calls `qwen2`; returns it."""
    tokenizer.normalizer = normalizers.NFC()
    tokenizer.pre_tokenizer = pre_tokenizers.Sequence(
        [
            pre_tokenizers.Split(Regex(SPLIT), behavior="isolated"),
            pre_tokenizers.ByteLevel(add_prefix_space=False, use_regex=False),
        ]
    )
    tokenizer.decoder = decoders.ByteLevel()
    return tokenizer


def train_tokenizer(texts: Iterable[str], size: int) -> Tokenizer:
    """A tokenizer of `size` entries, learned from `texts`; the last entries are the control tokens."""
    tokenizer = byte_level(Tokenizer(models.BPE()))
    trainer = trainers.BpeTrainer(
        vocab_size=size - len(SPECIAL),
        initial_alphabet=pre_tokenizers.ByteLevel.alphabet(),
        show_progress=False,
    )
    tokenizer.train_from_iterator(texts, trainer)
    tokenizer.add_special_tokens([AddedToken(token, special=True, normalized=False) for token in SPECIAL])
    return tokenizer


def plain_text(document: Document) -> str:
    """What the tokenizer learns from."""
    return document.text if isinstance(document, Prose) else "\n".join(document.turns)


class Encoding:
    """Turns documents into token ids, in the layout that the chat uses. Text that spells a control token stays text."""

    def __init__(self, tokenizer: Tokenizer) -> None:
        self._tokenizer = Tokenizer.from_str(tokenizer.to_str())
        self._tokenizer.encode_special_tokens = True  # the library's name for: do not look for them in text
        vocabulary = tokenizer.get_vocab()
        self._id = {token: vocabulary[token] for token in SPECIAL}
        self._header = {role: self._text(f"{role}\n") for role in ("user", "assistant")}
        self._newline = self._text("\n")

    def _text(self, text: str) -> list[int]:
        ids: list[int] = self._tokenizer.encode(text, add_special_tokens=False).ids
        return ids

    def prose(self, document: Prose) -> list[int]:
        """The text, then an end of text."""
        return [*self._text(document.text), self._id[END_OF_TEXT]]

    def dialogue(self, document: Dialogue, controls: Sequence[Iterable[str]]) -> list[int]:
        """ChatML; `controls[i]` names the control tokens in front of reply `i`. Ends with an end of text."""
        ids: list[int] = []
        for position, text in enumerate(document.turns):
            role = "assistant" if position % 2 else "user"
            ids += [self._id[START], *self._header[role]]
            if role == "assistant":
                ids += [self._id[name] for name in controls[position // 2]]
            ids += [*self._text(text), self._id[END], *self._newline]
        return [*ids, self._id[END_OF_TEXT]]


def draw_controls(used: frozenset[str], rng: random.Random) -> Iterator[str]:
    """Control tokens for a reply that used these tactics, in the fixed order.

    None a third of the time, so that the model also talks without a plan and reads a history without one; otherwise one
    to three of them, as a plan would name them. Self-disclosure is always among them where it was used: without its
    token, a model is not to speak of a life it does not have.
    """
    own_life = TACTICS.index(Tactic.SELF_DISCLOSURE)
    present = [position for position, tactic in enumerate(TACTICS) if tactic.value in used and position != own_life]
    chosen = []
    if present and rng.random() >= 1 / 3:
        chosen = rng.sample(present, min(len(present), rng.choice((1, 2, 2, 3))))
    if Tactic.SELF_DISCLOSURE.value in used:
        chosen.append(own_life)
    for position in sorted(chosen):
        yield CONTROL_TOKENS[position]
