"""The switches that keep libraries from reporting home and from asking a server on the way (P12).

Set when `companion` is imported, before any library can look at them. The chat loads onnxruntime of these libraries;
what makes and measures models may load them all.
"""

from __future__ import annotations

import os

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


def switch_off() -> None:
    """Sets the switches for this process and those it starts."""
    os.environ.update(NO_REPORTS)
    for name, value in NO_LOOK_UPS.items():
        os.environ.setdefault(name, value)
