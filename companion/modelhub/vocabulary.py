"""A checkpoint's tokenizer.json as llama.cpp's vocabulary: tokens, their types, merges, the way text is split.

Byte-level BPE in three splits. llama.cpp has each of them built in under a name, which its own converter finds by the
token ids of a test text; here it is found by the split's expression, so that a vocabulary of our own is known as well.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import gguf

from companion.errors import CompanionError, UsageError
from companion.modelhub.architectures import READABLE, Architecture
from companion.modelhub.weights import read_object

NORMAL, UNUSED = gguf.TokenType.NORMAL, gguf.TokenType.UNUSED
CONTROL, USER_DEFINED = gguf.TokenType.CONTROL, gguf.TokenType.USER_DEFINED

WORDS = r"(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?\p{L}+|"
REST = r"| ?[^\s\p{L}\p{N}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+"
SPLITS: dict[tuple[str, ...], str] = {
    ("Split " + WORDS + r"\p{N}" + REST, "ByteLevel"): "qwen2",
    ("Split " + WORDS + r"\p{N}{1,3}" + REST, "ByteLevel"): "llama-bpe",
    ("Digits one by one", "ByteLevel by words"): "smollm",
}
BOS_NEVER_ADDED = 49152
"""The vocabulary size of SmolLM's family, whose config does not say that no token is put before a text."""


@dataclass(frozen=True, slots=True)
class Vocabulary:
    """`tokens[id]` and `types[id]`; `split` is llama.cpp's name (`tokenizer.ggml.pre`)."""

    split: str
    tokens: tuple[str, ...]
    types: tuple[gguf.TokenType, ...]


def read_vocabulary(folder: Path, size: int) -> Vocabulary:
    """Ids that the tokenizer does not use, up to `size`, are padding.

    Raises NotFound where there is no tokenizer.json, UsageError for a tokenizer of another kind.
    """
    file = folder / "tokenizer.json"
    tokenizer = read_object(file)
    model = tokenizer.get("model")
    if not isinstance(model, dict) or model.get("type") != "BPE" or model.get("byte_fallback"):
        kind = model.get("type") if isinstance(model, dict) else None
        raise UsageError(
            f"{file} holds a tokenizer of another kind than byte-level BPE ({kind!r}); those of {READABLE} are."
        )
    split = _split(file, tokenizer)
    tokens = [f"[PAD{i}]" for i in range(size)]
    types = [UNUSED] * size
    try:
        for token, i in model["vocab"].items():
            tokens[i], types[i] = token, NORMAL
        for i, added in _added(folder, tokenizer):
            token = added["content"]
            control = bool(added.get("special")) or _looks_special(token)
            tokens[i] = token if control else token.replace("\u2581", " ")
            types[i] = CONTROL if control else USER_DEFINED
    except IndexError:
        raise UsageError(
            f"{file} has more tokens than the {size} of config.json: the two are of different models."
        ) from None
    except (KeyError, TypeError, AttributeError):
        raise CompanionError(f"{file} is no tokenizer.json: get the model again.") from None
    return Vocabulary(split, tuple(tokens), tuple(types))


def _added(folder: Path, tokenizer: Mapping[str, Any]) -> Iterator[tuple[int, Mapping[str, Any]]]:
    """(id, token) of tokens beside the BPE's own; tokenizer_config.json has the last word."""
    for added in tokenizer.get("added_tokens") or ():
        yield added["id"], added
    config = folder / "tokenizer_config.json"
    if config.is_file():
        for i, added in (read_object(config).get("added_tokens_decoder") or {}).items():
            yield int(i), added


def _looks_special(token: str) -> bool:
    """Some models leave tokens unmarked that are not text, as Qwen does with `<|fim_prefix|>`."""
    return (token.startswith("<|") and token.endswith("|>")) or token == "<pad>"


def _split(file: Path, tokenizer: Mapping[str, Any]) -> str:
    steps = tuple(_steps(tokenizer.get("pre_tokenizer") or {}))
    name = SPLITS.get(steps)
    if name is None:
        raise UsageError(
            f"{file} splits text in a way that is not known here ({' + '.join(steps) or 'not at all'}); "
            f"those of {READABLE} are."
        )
    return name


def _steps(step: Mapping[str, Any]) -> Iterator[str]:
    """A pre-tokenizer in words, without what makes no difference to the tokens."""
    match step.get("type"):
        case "Sequence":
            for inner in step.get("pretokenizers") or ():
                yield from _steps(inner)
        case "Split" if step.get("behavior") == "Isolated" and not step.get("invert"):
            yield f"Split {(step.get('pattern') or {}).get('Regex')}"
        case "Digits" if step.get("individual_digits"):
            yield "Digits one by one"
        case "ByteLevel" if not step.get("add_prefix_space"):
            yield "ByteLevel by words" if step.get("use_regex", True) else "ByteLevel"
        case kind:
            yield str(kind)


def write_vocabulary(writer: gguf.GGUFWriter, folder: Path, architecture: Architecture, vocabulary: Vocabulary) -> None:
    """The keys that llama.cpp's own converter writes."""
    config = read_object(folder / "tokenizer_config.json") if (folder / "tokenizer_config.json").is_file() else {}
    llama = architecture.family.arch == gguf.MODEL_ARCH.LLAMA
    if llama and config.get("add_prefix_space") is not None:
        writer.add_add_space_prefix(bool(config["add_prefix_space"]))
    writer.add_tokenizer_model("gpt2")
    writer.add_tokenizer_pre(vocabulary.split)
    writer.add_token_list(vocabulary.tokens)
    writer.add_token_types(vocabulary.types)
    special = gguf.SpecialVocab(folder, load_merges=True)
    special.add_special_token |= _put_around(read_object(folder / "tokenizer.json"), special, config)
    if llama and architecture.vocabulary == BOS_NEVER_ADDED:
        special.add_special_token["bos"] = False
    special.add_to_gguf(writer, quiet=True)


def _put_around(tokenizer: Mapping[str, Any], special: Any, config: Mapping[str, Any]) -> dict[str, bool]:
    """Whether a token is put before and after every text: the tokenizer's word counts before its config's.

    Newer releases of gguf than the one on the package index know this by themselves.
    """
    processor = tokenizer.get("post_processor") or {}
    put: dict[str, bool] = {}
    for step in processor.get("processors") or [processor]:
        if step.get("type") == "ByteLevel":
            put = {"bos": False, "eos": False} | put
        elif step.get("type") == "TemplateProcessing" and len(single := step.get("single") or []) > 1:
            ids = {added["content"]: added["id"] for added in tokenizer.get("added_tokens") or ()}
            for name, end in (("bos", single[0]), ("eos", single[-1])):
                token = (end.get("SpecialToken") or {}).get("id")
                if token is not None:
                    put[name] = ids.get(token) == special.special_token_ids.get(name, ids.get(token))
    return put
