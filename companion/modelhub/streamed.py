"""Tensors that are made while they are written, some rows at a time, so that no model has to fit into memory."""

from __future__ import annotations

from collections.abc import Callable
from math import prod
from typing import Any, BinaryIO

import gguf
import numpy as np
from numpy.typing import NDArray

from companion.errors import UsageError
from companion.modelhub.weights import Floats, Weight

F32, F16 = gguf.GGMLQuantizationType.F32, gguf.GGMLQuantizationType.F16
PLAIN: dict[Any, np.dtype[Any]] = {F32: np.dtype(np.float32), F16: np.dtype(np.float16)}
Written = Callable[[int], None]
"""Told how many bytes have been written since it was last told."""


class Streamed:
    """What a GGUFWriter takes in the place of an array: it asks for `shape`, `dtype`, `nbytes`, then `tofile`."""

    def __init__(
        self,
        weight: Weight,
        kind: gguf.GGMLQuantizationType,
        written: Written,
        *,
        heads: int | None = None,
        scale: float = 1.0,
    ) -> None:
        """`heads` are those of a query or key projection whose rows are to be put into llama.cpp's older order."""
        self._weight = weight
        self.kind = stored_as(weight.shape, kind)
        self._written = written
        self._heads = heads
        self._scale = scale
        if self.kind in PLAIN:
            self.shape, self.dtype = weight.shape, PLAIN[self.kind]
        else:
            self.shape = gguf.quant_shape_to_byte_shape(weight.shape, self.kind)
            self.dtype = np.dtype(np.uint8)
        self.nbytes = prod(self.shape) * self.dtype.itemsize

    def tofile(self, file: BinaryIO) -> None:
        """Raises UsageError for a number that the type cannot hold, CompanionError for a source that is cut off."""
        pieces = iter([permuted(self._weight.read(), self._heads)]) if self._heads else self._weight.chunks()
        for piece in pieces:
            made = self._made(piece)
            file.write(np.ascontiguousarray(made).data.cast("B"))  # `ndarray.tofile` hides why a write failed
            self._written(made.nbytes)

    def _made(self, piece: Floats) -> NDArray[Any]:
        values = piece if self._scale == 1 else piece * np.float32(self._scale)
        try:
            with np.errstate(over="raise"):
                made: NDArray[Any] = gguf.quantize(values, self.kind)
        except FloatingPointError:
            raise UsageError(
                f"{self._weight.name!r} has numbers that f16 cannot hold (above 65504): choose bf16 or f32."
            ) from None
        return made


def stored_as(shape: tuple[int, ...], kind: gguf.GGMLQuantizationType) -> gguf.GGMLQuantizationType:
    """The type a tensor is stored in: vectors in F32, rows that are no whole blocks in F16, as llama.cpp does."""
    if len(shape) < 2:
        return F32
    return F16 if shape[-1] % gguf.GGML_QUANT_SIZES[kind][0] else kind


def permuted(values: Floats, heads: int) -> Floats:
    """The rows of each head, given in halves, taken in turn from the two: rotation by pairs instead of by halves.

    llama.cpp rotates the `llama` architecture in pairs (Su et al. 2021, arXiv 2104.09864), transformers in halves.
    """
    rows = values.shape[0]
    return values.reshape(heads, 2, rows // heads // 2, *values.shape[1:]).swapaxes(1, 2).reshape(values.shape)
