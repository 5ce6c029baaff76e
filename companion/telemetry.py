"""The switches that keep libraries from reporting home and from asking a server on the way (P12).

Set when `companion` is imported, before any library can look at them. The chat loads onnxruntime of these libraries;
what makes and measures models may load them all.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager

from companion.errors import Refused

NO_REPORTS = {
    "DO_NOT_TRACK": "1",
    "HF_HUB_DISABLE_TELEMETRY": "1",  # TRL and datasets report through it too
    "ORT_DISABLE_TELEMETRY": "1",  # onnxruntime 1.31 else keeps a device id in the cache folder, and reports it
    "RAY_USAGE_STATS_ENABLED": "0",
    "VLLM_NO_USAGE_STATS": "1",
    "WANDB_MODE": "disabled",
}
"""Always so, whatever was set before."""

NO_LOOK_UPS = {
    "HF_DATASETS_OFFLINE": "1",
    "HF_HUB_OFFLINE": "1",
    "TRANSFORMERS_OFFLINE": "1",
}
"""So unless the person has set them otherwise: HF_HUB_OFFLINE=0 lets a training run fetch its model."""

_set_here: set[str] = set()


def switch_off() -> None:
    """Sets the switches for this process and those it starts."""
    os.environ.update(NO_REPORTS)
    for name, value in NO_LOOK_UPS.items():
        if name not in os.environ:
            os.environ[name] = value
            _set_here.add(name)


@contextmanager
def look_ups_allowed() -> Iterator[None]:
    """Lifts our own NO_LOOK_UPS for a command that was asked to fetch something; reports stay off.

    Raises Refused where the person has set one of them.
    """
    theirs = [name for name in NO_LOOK_UPS if name not in _set_here and os.environ.get(name) not in {None, "", "0"}]
    if theirs:
        raise Refused(f"{theirs[0]} is set, so nothing is fetched. Set {theirs[0]}=0 for this command to fetch it.")
    before = {name: os.environ.get(name) for name in NO_LOOK_UPS}
    os.environ.update(dict.fromkeys(NO_LOOK_UPS, "0"))
    try:
        yield
    finally:
        for name, value in before.items():
            if value is None:
                del os.environ[name]
            else:
                os.environ[name] = value
