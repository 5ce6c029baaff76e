"""Fewer bits a weight, by llama.cpp. Child process only: the library can neither be stopped here nor trusted to end."""

from __future__ import annotations

import ctypes
import os
import re
from collections.abc import Callable, Mapping

import llama_cpp as lib

from companion.engine.llama import ERROR_LEVEL, complaints

TYPES: Mapping[str, int] = {
    "q2_k": lib.LLAMA_FTYPE_MOSTLY_Q2_K,
    "q3_k_m": lib.LLAMA_FTYPE_MOSTLY_Q3_K_M,
    "q4_0": lib.LLAMA_FTYPE_MOSTLY_Q4_0,
    "q4_k_s": lib.LLAMA_FTYPE_MOSTLY_Q4_K_S,
    "q4_k_m": lib.LLAMA_FTYPE_MOSTLY_Q4_K_M,
    "q5_k_s": lib.LLAMA_FTYPE_MOSTLY_Q5_K_S,
    "q5_k_m": lib.LLAMA_FTYPE_MOSTLY_Q5_K_M,
    "q6_k": lib.LLAMA_FTYPE_MOSTLY_Q6_K,
    "q8_0": lib.LLAMA_FTYPE_MOSTLY_Q8_0,
}
BUFFER = 1 << 30  # bytes of rows that are in memory at once; the library's own bound is eight times that
TENSOR = re.compile(r"^\[\s*(\d+)/\s*(\d+)\]")
"""How the library says which tensor it is at: there is no other word of its progress."""


class QuantizeFailed(Exception):
    """The library refused; `complaints` say why."""


def quantize(source: str, target: str, kind: str, threads: int, report: Callable[[int, int], None]) -> None:
    """Write `target`. `report` gets the number of the tensor that is begun, and of all. Raises QuantizeFailed."""

    @lib.llama_log_callback  # type: ignore[untyped-decorator]  # the bindings are untyped
    def listen(level: int, text: bytes, _: object) -> None:
        line = text.decode("utf-8", "replace").strip()
        if level == ERROR_LEVEL:
            complaints.append(line.split(": ", 1)[-1])
        elif begun := TENSOR.match(line):
            report(int(begun[1]), int(begun[2]))

    lib.llama_log_set(listen, None)
    lib.llama_backend_init()
    params = lib.llama_model_quantize_default_params()
    params.ftype = TYPES[kind]
    params.nthread = threads
    params.max_buf_size = BUFFER
    if lib.llama_model_quantize(os.fsencode(source), os.fsencode(target), ctypes.byref(params)):
        raise QuantizeFailed
