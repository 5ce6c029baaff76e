"""What fits into memory, and how long a context is made room for."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from companion.engine.client import LlamaEngine
from companion.modelhub.memory import LEAST, MOST, SHARE, STEP, WORKING, context_for, fit, needed, total
from tests.companion.tiny_gguf import Shape, write

QWEN3_1_7B = 112 * 1024  # bytes of cache for one token: 28 layers x 8 heads x (128 + 128) x 2
GB = 1_000_000_000
sizes = st.integers(0, 500 * GB)


@pytest.mark.parametrize(
    ("free", "context"),
    [(16 * GB, 4096), (int(2.2 * GB), 4096), (2 * GB, 3328), (int(1.6 * GB), 1536), (1 * GB, 1024), (0, 1024)],
)
def test_a_model_of_1_7_b_gets_the_context_that_there_is_room_for(free: int, context: int) -> None:
    assert context_for(1_105_000_000, QWEN3_1_7B, 32768, free) == context


@given(weights=sizes, per_token=st.integers(0, 10_000_000), trained=st.integers(0, 200_000), free=sizes)
def test_the_context_is_within_its_bounds_and_leaves_half_of_the_room(
    weights: int, per_token: int, trained: int, free: int
) -> None:
    context = context_for(weights, per_token, trained, free)
    assert 0 < context <= min(MOST, trained or MOST)
    if per_token and context > LEAST:
        assert per_token * context <= SHARE * (free - weights - WORKING)
        assert context % STEP == 0 or context == trained
    assert context_for(weights, per_token, trained, free + GB) >= context


def test_a_machine_that_does_not_tell_gets_all_of_it() -> None:
    assert context_for(GB, QWEN3_1_7B, 2048, None) == 2048
    assert context_for(GB, QWEN3_1_7B, 0, None) == MOST


def test_what_fits_is_told_from_what_would_once_there_is_room() -> None:
    need = needed(GB, QWEN3_1_7B, 1024)
    assert need == GB + QWEN3_1_7B * 1024 + WORKING
    assert fit(need, 4 * GB, 8 * GB) == "fits"
    assert fit(need, 1 * GB, 8 * GB) == "tight"
    assert fit(need, 1 * GB, GB) == "too large"
    assert fit(need, None, None) == "unknown"
    assert (total() or 0) > 0


@pytest.mark.llama
def test_the_engine_makes_room_for_what_fits_unless_it_is_told(tmp_path: Path) -> None:
    pytest.importorskip("llama_cpp", reason="llama-cpp-python is not installed")
    path = write(tmp_path / "wide.gguf", Shape(layers=4, cached_heads=4, head=256, context=8192))
    size, per_token = path.stat().st_size, 4 * 4 * 512 * 2
    free = size + WORKING + int(2000 * per_token / SHARE)
    for asked, made in ((None, 1792), (3000, 3000)):
        engine = LlamaEngine(path, context=asked, memory=lambda: free)
        try:
            assert engine.load().context == made
        finally:
            engine.close()
