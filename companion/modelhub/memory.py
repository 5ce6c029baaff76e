"""What a model needs of this machine's memory, and how long a context to make room for.

    needed  = weights + context * per token + working
    context = half of what is left after weights and working / per token

in whole steps of 256 tokens, at least 1,024 and at most 4,096, and never more than the model was trained to read.
`per token` is what the key-value cache takes for one token: layers x key-value heads x (key + value length) x 2 bytes,
from the header of the GGUF file (`engine.gguf_file`). Half, because other programs want to live too. At most 4,096,
because of time and not of memory: a prompt that long takes two cores most of a minute to read from its beginning with
a model of 1.7 B. The `context` setting goes beyond both bounds.
"""

from __future__ import annotations

import os
from typing import Literal

LEAST, MOST, STEP = 1024, 4096, 256
SHARE = 0.5
WORKING = 120_000_000  # bytes: the child's interpreter, the library and its compute buffers (n_ubatch 128)

Fit = Literal["fits", "tight", "too large", "unknown"]


def needed(weights: int, per_token: int, context: int) -> int:
    """Bytes: the weights, the key-value cache for the whole context, and what the model process works with."""
    return weights + per_token * context + WORKING


def context_for(weights: int, per_token: int, trained: int, available: int | None) -> int:
    """Tokens to make room for. `weights`, `per_token` and `available` in bytes; None is a machine that does not tell.

    `trained` is what the model was trained to read, 0 where that is not known.
    """
    limit = min(MOST, trained) if trained else MOST
    if available is None or not per_token:
        return limit
    room = int(max(0, available - weights - WORKING) * SHARE) // per_token
    return min(limit, max(LEAST, room // STEP * STEP))


def total() -> int | None:
    """Bytes of memory this machine has; None where it does not tell."""
    try:
        return os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")
    except (AttributeError, OSError, ValueError):
        return None


def fit(need: int, available: int | None, whole: int | None) -> Fit:
    """Whether `need` bytes fit: now ("fits"), once other programs are closed ("tight"), or not on this machine."""
    if available is not None and need <= available:
        return "fits"
    if whole is None:
        return "unknown"
    return "tight" if need <= 0.9 * whole else "too large"
