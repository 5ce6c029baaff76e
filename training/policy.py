"""The policy that GRPO trains: loaded by hub name, from a folder, or out of the GGUF file of a model that ships."""

from __future__ import annotations

import re
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import torch
from peft import LoraConfig, PeftModel
from transformers import AutoModelForCausalLM, AutoTokenizer, PreTrainedModel, PreTrainedTokenizerBase
from transformers.utils import cached_file

from companion import paths
from companion.engine.gguf_file import DamagedHeader, read_header
from companion.errors import CompanionError, NotFound, UsageError
from companion.modelhub.architectures import read_architecture
from training.gguf_reader import read_gguf
from training.mint_recipe import Policy


def locate(model: str) -> str | Path:
    """A hub name as it is; else the folder or GGUF file. `mini` and the like are files that ship or were trained here.

    Raises NotFound for a path that is not there.
    """
    path = Path(model).expanduser()
    if path.exists():
        return path
    for folder in (paths.user_models(), paths.shipped_models()):
        if (file := folder / f"{path.name.removesuffix('.gguf')}.gguf").is_file() and path.name == model:
            return file
    if path.suffix == ".gguf" or path.is_absolute() or model.count("/") != 1:
        raise NotFound(
            f"There is no model {model!r}: policy.model is a name on the hub (Qwen/Qwen3-1.7B), the folder of a saved "
            "model, or a GGUF file."
        )
    return model


def unpacked(found: str | Path, folder: Path) -> str:
    """What transformers loads: a GGUF file is unpacked into `folder`, once; all else is as it was found."""
    if not isinstance(found, Path) or found.is_dir():
        return str(found)
    return str(folder if (folder / "config.json").is_file() else read_gguf(found, folder))


def folder_of(name: str) -> Path:
    """The folder of a model that was loaded by this name: itself, or where the hub's files lie on this machine."""
    folder = Path(name)
    return folder if folder.is_dir() else Path(str(cached_file(name, "config.json"))).parent


def load(name: str, dtype: torch.dtype) -> PreTrainedModel:
    """A causal language model. Raises NotFound where it is neither here nor on a hub that can be reached.

    Raises UsageError for a kind that the end of a run could not write as a GGUF file, such as a mixture of experts.
    """
    try:
        read_architecture(folder_of(name))
        model: PreTrainedModel = AutoModelForCausalLM.from_pretrained(name, dtype=dtype, attn_implementation="sdpa")
    except OSError as error:
        raise _missing(name, error) from error
    return model


def load_tokenizer(name: str) -> PreTrainedTokenizerBase:
    """Its tokenizer. Raises as `load`."""
    try:
        tokenizer: PreTrainedTokenizerBase = AutoTokenizer.from_pretrained(name, padding_side="left")
    except OSError as error:
        raise _missing(name, error) from error
    return tokenizer


def vocabulary(found: str | Path) -> Iterable[str]:
    """The tokens of a model before it is unpacked; of a GGUF file the special ones alone. Raises as `load`."""
    if not isinstance(found, Path) or found.is_dir():
        tokens: dict[str, int] = load_tokenizer(str(found)).get_vocab()
        return tokens
    try:
        return read_header(found).specials
    except (DamagedHeader, OSError, ValueError) as error:
        raise UsageError(f"{found} is no GGUF file that can be read: {error}.") from None


def _missing(name: str, error: OSError) -> CompanionError:
    if Path(name).is_dir():
        return UsageError(f"{name} holds no model that can be loaded: {str(error).splitlines()[0]}")
    return NotFound(
        f"{name} is not on this machine. HF_HUB_OFFLINE=0 companion train ... lets the run fetch it, "
        "or give a folder with --set policy.model=FOLDER."
    )


def adapters(policy: Policy) -> LoraConfig | None:
    """Adapters on all linear layers; None where every weight is trained.

    Dropout stays 0: with any, the log-probabilities would not be those of the replies that were sampled.
    """
    if policy.lora == 0:
        return None
    return LoraConfig(
        r=policy.lora,
        lora_alpha=policy.alpha,
        lora_dropout=0.0,
        target_modules="all-linear",
        task_type="CAUSAL_LM",
    )


def licence(found: str | Path, folder: str) -> str:
    """The licence of a model that a run begins with, as its card has it; `other` where that does not say."""
    card = Path(folder) / "README.md"
    if not card.is_file():
        return "apache-2.0" if str(found).startswith("Qwen/Qwen3") else "other"
    named = re.search(r"^license:\s*(\S+)", card.read_text("utf-8"), re.MULTILINE)
    return named[1] if named else "other"


def must_train(model: torch.nn.Module) -> int:
    """The number of weights that are trained. Raises CompanionError for none: peft trains nothing, silently."""
    count = sum(weight.numel() for weight in model.parameters() if weight.requires_grad)
    if not count:
        raise CompanionError("Not one weight of the policy would be trained; give another policy.lora.")
    return count


def save(model: Any, tokenizer: PreTrainedTokenizerBase, folder: Path) -> Path:
    """Write the trained model as transformers loads it, adapters merged into the weights; returns `folder`."""
    if isinstance(model, PeftModel):
        model.save_pretrained(folder / "adapter")
        model.merge_adapter()
        try:
            weights = {
                name.replace(".base_layer.", "."): weight
                for name, weight in model.get_base_model().state_dict().items()
                if ".lora_" not in name
            }
            model.get_base_model().save_pretrained(folder, state_dict=weights)
        finally:
            model.unmerge_adapter()
    else:
        model.save_pretrained(folder)
    tokenizer.save_pretrained(folder)
    return folder
