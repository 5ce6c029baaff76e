"""The vLLM server that writes a run's replies: what starts it, and what goes wrong with it as a sentence."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from http.client import HTTPException
from pathlib import Path
from urllib.error import HTTPError
from urllib.parse import urlsplit
from urllib.request import urlopen

from requests import RequestException

from companion.errors import CompanionError
from training.mint_recipe import MintRecipe

PATIENCE = 10.0
"""Seconds in which a server says that it is well."""
TRL_SAYS = ("Request failed: ", "The vLLM server ")
"""How the errors begin that TRL's client makes itself; they have no class of their own."""


def must_answer(recipe: MintRecipe) -> None:
    """Raises CompanionError where nobody is there, or not well: TRL would wait for four minutes, or for ever.

    So it does for one whose probabilities are not those that it sampled by: replies would be weighed wrongly.
    """
    url = recipe.rollout.url.rstrip("/")
    try:
        with urlopen(f"{url}/health", timeout=PATIENCE):
            pass
        with urlopen(f"{url}/server_info?config_format=json", timeout=PATIENCE) as answer:
            mode = json.load(answer)["vllm_config"]["model_config"]["logprobs_mode"]
        if mode == "processed_logprobs":
            return
        reason = f"it runs with --logprobs-mode {mode}"
    except HTTPError as error:
        reason = f"it answered with status {error.code}"
    except (OSError, HTTPException, ValueError, KeyError, TypeError) as error:
        reason = str(getattr(error, "reason", None) or error)
    raise _unusable(recipe, reason, "Then try again.")


@contextmanager
def in_words(recipe: MintRecipe, folder: Path) -> Iterator[None]:
    """Raises CompanionError for what TRL's client raises inside; `folder` is the run's."""
    try:
        yield
    except Exception as error:
        served = recipe.rollout.engine == "vllm-server"
        if not (served and (isinstance(error, RequestException) or str(error).startswith(TRL_SAYS))):
            raise
        raise _unusable(recipe, str(error)[:300], f"Then go on with --resume {folder}") from error


def _unusable(recipe: MintRecipe, reason: str, then: str) -> CompanionError:
    return CompanionError(
        f"The vLLM server at {recipe.rollout.url} cannot be used: {reason.rstrip('.')}. Start it on a GPU of its own: "
        f"{command(recipe)} . {then}"
    )


def command(recipe: MintRecipe) -> str:
    """What starts the server as TRL needs it (`trl.scripts.vllm_serve`).

    It is sent the weights at every step, which vLLM allows in its development mode alone, and its probabilities have to
    be those that it sampled by.
    """
    port = urlsplit(recipe.rollout.url).netloc.rpartition(":")[2]
    return " ".join(
        (
            f"VLLM_SERVER_DEV_MODE=1 vllm serve {recipe.policy.model}",
            *([f"--port {port}"] if port.isdecimal() else []),
            f"--max-model-len {recipe.prompts.limit + recipe.longest}",
            """--weight-transfer-config '{"backend": "nccl"}'""",
            "--logprobs-mode processed_logprobs",
        )
    )
