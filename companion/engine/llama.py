"""The low-level llama.cpp API as one small class: a model, its cache, a way to stop it. Child process only.

The high-level `Llama` class was rejected: it redirects descriptors 1 and 2 while it loads, cannot be stopped
while it reads a prompt, repeats its seed in every process, loses long tokens, and lets text inject control
tokens.
"""

from __future__ import annotations

import ctypes
import math
import os
import re
import time
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from typing import Any

import llama_cpp as lib

from companion.engine.inbox import StopFlag
from companion.engine.protocol import MOST_CANDIDATES, Sampling

BATCH = 128  # tokens read at once: a cancel waits for one batch at most, and the compute buffer stays small
PENALISED = 256  # recent tokens that a repeat penalty looks at
ABORTED = 2  # what llama_decode returns when the stop flag was raised
ERROR_LEVEL = 4
ALL = -1  # layers

complaints: deque[str] = deque(maxlen=20)
"""The library's latest error lines: the only place where it says why a load failed."""


@lib.llama_log_callback  # type: ignore[untyped-decorator]  # the bindings are untyped
def _log(level: int, text: bytes, _: object) -> None:
    if level == ERROR_LEVEL:
        complaints.append(text.decode("utf-8", "replace").strip().split(": ", 1)[-1])  # without the function's name
        os.write(2, text)


# The library keeps a bare pointer to the callback: held by the module, it cannot be collected.
lib.llama_log_set(_log, None)


class LoadFailed(Exception):
    """The library refused the model; `complaints` say why."""


class Stopped(Exception):
    """The stop flag was raised while the library computed."""


class DecodeFailed(Exception):
    """llama_decode returned an error."""


class LlamaModel:
    """One model, one context, one sequence of tokens in the cache; after `fork` several with one beginning."""

    def __init__(
        self,
        path: str,
        *,
        context: int,
        extra_buffers: bool,
        stop: StopFlag,
        progress: Callable[[float], bool],
        gpu_layers: int = ALL,
    ) -> None:
        """`progress` gets a fraction and returns whether to go on. Raises LoadFailed.

        `gpu_layers` of the model go to the graphics card, where the library can use one.
        """
        lib.llama_backend_init()
        self._stop = stop
        self._model = self._load(path, extra_buffers, gpu_layers, progress)
        self.vocab = lib.llama_model_get_vocab(self._model)
        self._context = self._new_context(context)
        self._memory = lib.llama_get_memory(self._context)
        self._batch = lib.llama_batch_init(BATCH, 0, 1)
        self._cache: list[int] = []
        self._tails: list[list[int]] = []  # after a fork: what each sequence holds besides the cache
        self._kept_logits: dict[int, bytes] = {}  # of a forked sequence, after the last token of its tail
        self._logits_size = lib.llama_vocab_n_tokens(self.vocab) * ctypes.sizeof(ctypes.c_float)
        self._piece = ctypes.create_string_buffer(256)
        self._pieces: dict[int, bytes] = {}
        self._markup = self._user_defined_markup()
        self.never: tuple[int, ...] = ()
        """Tokens that are not sampled."""

    def _load(self, path: str, extra_buffers: bool, gpu_layers: int, progress: Callable[[float], bool]) -> Any:
        report = lib.llama_progress_callback(lambda fraction, _: progress(fraction))
        params = lib.llama_model_default_params()
        params.progress_callback = report
        params.use_extra_bufts = extra_buffers
        params.n_gpu_layers = gpu_layers
        model = lib.llama_model_load_from_file(os.fsencode(path), params)
        if not model:
            raise LoadFailed
        return model

    def _new_context(self, limit: int) -> Any:
        params = lib.llama_context_default_params()
        self.context = params.n_ctx = min(limit, lib.llama_model_n_ctx_train(self._model) or limit)
        params.n_batch = params.n_ubatch = BATCH
        params.n_seq_max = params.n_outputs_max = MOST_CANDIDATES
        params.kv_unified = True  # sequences share the cells of what they have in common, and the whole context
        params.flash_attn_type = lib.LLAMA_FLASH_ATTN_TYPE_DISABLED  # on a CPU it costs decoding a third
        params.abort_callback = ctypes.cast(self._stop.function, lib.ggml_abort_callback)
        params.abort_callback_data = self._stop.argument
        params.no_perf = True
        context = lib.llama_init_from_model(self._model, params)
        if not context:
            raise LoadFailed
        return context

    def lay(self, adapter: str, scale: float) -> None:
        """Add `scale` times a LoRA adapter to the weights from now on. Raises LoadFailed."""
        loaded = lib.llama_adapter_lora_init(self._model, os.fsencode(adapter))  # the model frees it
        if not loaded:
            raise LoadFailed
        adapters = (lib.llama_adapter_lora_p_ctypes * 1)(loaded)
        if lib.llama_set_adapters_lora(self._context, adapters, 1, (ctypes.c_float * 1)(scale)):
            raise LoadFailed

    def use_threads(self, threads: int) -> None:
        lib.llama_set_n_threads(self._context, threads, threads)

    @property
    def gpu(self) -> bool:
        """Whether this library can use a graphics card."""
        return bool(lib.llama_supports_gpu_offload())

    @property
    def parameters(self) -> int:
        return int(lib.llama_model_n_params(self._model))

    def special(self, text: str) -> int | None:
        """The id of the control or user-defined token of exactly this text."""
        ids = self._tokenize(text, parse_special=True)
        if len(ids) != 1 or lib.llama_vocab_get_text(self.vocab, ids[0]) != text.encode():
            return None
        marked = lib.LLAMA_TOKEN_ATTR_CONTROL | lib.LLAMA_TOKEN_ATTR_USER_DEFINED
        return ids[0] if lib.llama_vocab_get_attr(self.vocab, ids[0]) & marked else None

    def tokenize(self, text: str) -> list[int]:
        """The tokens of plain text. Nothing in it is taken for a control token.

        llama.cpp matches *user-defined* tokens (`<think>`) even when it is told not to parse special ones, so
        text that spells such markup is cut inside it.
        """
        cuts = [match.start() + 1 for match in self._markup.finditer(text)]
        ends = [*cuts, len(text)]
        pieces = (text[start:end] for start, end in zip([0, *cuts], ends, strict=True))
        return [token for piece in pieces for token in self._tokenize(piece, parse_special=False)]

    def _tokenize(self, text: str, *, parse_special: bool) -> list[int]:
        data = text.encode("utf-8", "replace")
        buffer = (lib.llama_token * (len(data) + 8))()
        count = lib.llama_tokenize(self.vocab, data, len(data), buffer, len(buffer), False, parse_special)
        assert count >= 0, "a token is at least a byte long"
        tokens: list[int] = buffer[:count]
        return tokens

    def _user_defined_markup(self) -> re.Pattern[str]:
        """Matches, without width, where a user-defined token begins that looks like markup."""
        attr, text = lib.llama_vocab_get_attr, lib.llama_vocab_get_text
        ids = range(lib.llama_vocab_n_tokens(self.vocab))
        names = [text(self.vocab, i).decode() for i in ids if attr(self.vocab, i) & lib.LLAMA_TOKEN_ATTR_USER_DEFINED]
        marked = [re.escape(name) for name in names if name[0] in "<[" and name[-1] in ">]" and len(name) > 2]
        return re.compile(f"(?={'|'.join(marked)})" if marked else "(?!)")

    def piece(self, token: int) -> bytes:
        """The bytes of a token; none for a control token."""
        known = self._pieces.get(token)
        if known is None:
            known = self._pieces[token] = self._read_piece(token)
        return known

    def _read_piece(self, token: int) -> bytes:
        length = lib.llama_token_to_piece(self.vocab, token, self._piece, len(self._piece), 0, False)
        if length < 0:  # the buffer is too small by so much: some tokens are long runs of spaces or dashes
            self._piece = ctypes.create_string_buffer(-length)
            length = lib.llama_token_to_piece(self.vocab, token, self._piece, len(self._piece), 0, False)
        return self._piece.raw[:length]

    def is_end(self, token: int) -> bool:
        return bool(lib.llama_vocab_is_eog(self.vocab, token))

    def reuse(self, tokens: Sequence[int], *, for_reply: bool) -> int:
        """Keep what the cache shares with these tokens and forget the rest; the number kept.

        After a fork it is the sequence that shares most of them which is kept. Before a reply the last token is read
        again, because sampling needs its logits, unless those were kept (`keep_logits`).
        """
        tokens = list(tokens)
        logits = self._settle(tokens)
        kept = _shared(self._cache, tokens)
        if for_reply and kept == len(tokens) and not (logits and kept == len(self._cache) and self._restore(logits)):
            kept -= 1
        if kept < len(self._cache) and not lib.llama_memory_seq_rm(self._memory, 0, kept, -1):
            lib.llama_memory_clear(self._memory, True)  # a memory that cannot be cut, as of recurrent models
            kept = 0
        del self._cache[kept:]
        return kept

    def _settle(self, tokens: list[int]) -> bytes | None:
        """One sequence of several becomes the only one; the logits that were kept of it."""
        if not self._tails:
            return None
        start = len(self._cache)
        rest = tokens[start:] if tokens[:start] == self._cache else []
        shared = [_shared(tail, rest) for tail in self._tails]
        best = shared.index(max(shared))
        lib.llama_memory_seq_keep(self._memory, best)
        if best:
            lib.llama_memory_seq_cp(self._memory, best, 0, -1, -1)
            lib.llama_memory_seq_rm(self._memory, best, -1, -1)
        self._cache += self._tails[best]
        logits = self._kept_logits.get(best)
        self._tails, self._kept_logits = [], {}
        return logits

    def read(self, tokens: Sequence[int], report: Callable[[int, int], None] | None = None) -> None:
        """Put the rest of these tokens, of which `reuse` kept the first, into the cache. Raises Stopped.

        `report` gets the number of tokens in the cache, and of all, after each batch.
        """
        while len(self._cache) < len(tokens):
            start = len(self._cache)
            self._decode(tokens[start : start + BATCH], logits=start + BATCH >= len(tokens))
            if report:
                report(len(self._cache), len(tokens))

    @property
    def cached(self) -> int:
        return len(self._cache)

    @property
    def room(self) -> int:
        """Tokens that the context can still take, over all sequences."""
        return self.context - len(self._cache) - sum(map(len, self._tails))

    def _decode(self, tokens: Sequence[int], *, logits: bool) -> None:
        start = len(self._cache)
        for i, token in enumerate(tokens):
            self._row(i, token, start + i, 0, logits=False)
        self._batch.logits[len(tokens) - 1] = logits
        self._compute(len(tokens))
        self._cache.extend(tokens)

    def _row(self, i: int, token: int, position: int, sequence: int, *, logits: bool) -> None:
        batch = self._batch
        batch.token[i], batch.pos[i], batch.n_seq_id[i] = token, position, 1
        batch.seq_id[i][0], batch.logits[i] = sequence, logits

    def _compute(self, rows: int) -> None:
        if self._stop.raised:
            raise Stopped
        self._batch.n_tokens = rows
        result = lib.llama_decode(self._context, self._batch)
        if result:
            self._kept_logits.clear()  # there may be no row to put them into
        if result == ABORTED:
            raise Stopped
        if result:
            raise DecodeFailed(f"llama_decode returned {result}")

    def fork(self, count: int) -> None:
        """From here on there are `count` sequences, which `advance` makes longer. Raises Stopped."""
        if self._stop.raised:
            raise Stopped
        for sequence in range(1, count):
            lib.llama_memory_seq_cp(self._memory, 0, sequence, -1, -1)
        self._tails = [[] for _ in range(count)]

    def advance(self, steps: Sequence[tuple[int, int]]) -> None:
        """Read one more token in some sequences, given as (sequence, token). Raises Stopped.

        `sample` then finds the logits of each at its place in `steps`.
        """
        start = len(self._cache)
        for row, (sequence, token) in enumerate(steps):
            self._row(row, token, start + len(self._tails[sequence]), sequence, logits=True)
        self._compute(len(steps))
        for sequence, token in steps:
            self._tails[sequence].append(token)

    def keep_logits(self, sequence: int, row: int) -> None:
        """A next reply that goes on right after this sequence need not read its last token again.

        The vocabulary's logits are copied: 4 bytes for each token of it.
        """
        self._kept_logits[sequence] = ctypes.string_at(lib.llama_get_logits_ith(self._context, row), self._logits_size)

    def _restore(self, logits: bytes) -> bool:
        """They take the place of the latest ones, which is where `sample` reads."""
        latest = lib.llama_get_logits_ith(self._context, -1)
        if latest:
            ctypes.memmove(latest, logits, len(logits))
        return bool(latest)

    def raw_logits(self) -> bytes:
        """The same as `logits`, float32."""
        return ctypes.string_at(lib.llama_get_logits_ith(self._context, -1), self._logits_size)

    def logits(self) -> list[float]:
        """For each token of the vocabulary, of the latest token that was read for a reply."""
        values: list[float] = lib.llama_get_logits_ith(self._context, -1)[: lib.llama_vocab_n_tokens(self.vocab)]
        return values

    def generate(self, sampling: Sampling, seed: int, recent: Sequence[int]) -> Iterator[int]:
        """Tokens after what `read` put into the cache, until the context is full. Raises Stopped.

        `recent` are tokens of earlier replies, which a repeat penalty is to count as well.
        """
        sampler = self.sampler(sampling, seed, recent)
        try:
            while True:
                token = self.sample(sampler)
                yield token
                if len(self._cache) >= self.context:
                    return
                self._decode((token,), logits=True)
        finally:
            self.free(sampler)

    def sample(self, sampler: Any, row: int = -1) -> int:
        """A token by the logits of one row of the latest step, the last unless it is said which."""
        return int(lib.llama_sampler_sample(sampler, self._context, row))

    def free(self, sampler: Any) -> None:
        lib.llama_sampler_free(sampler)

    def sampler(self, sampling: Sampling, seed: int, recent: Sequence[int]) -> Any:
        """A chain that remembers what it sampled; `free` it."""
        chain = lib.llama_sampler_chain_init(lib.llama_sampler_chain_default_params())
        if self.never:
            bans = (lib.llama_logit_bias * len(self.never))(*((token, -math.inf) for token in self.never))
            words = lib.llama_vocab_n_tokens(self.vocab)
            lib.llama_sampler_chain_add(chain, lib.llama_sampler_init_logit_bias(words, len(self.never), bans))
        if sampling.repeat_penalty != 1:
            words = lib.llama_vocab_n_tokens(self.vocab)
            penalties = lib.llama_sampler_init_penalties(words, PENALISED, sampling.repeat_penalty, 0.0, 0.0)
            for token in recent[-PENALISED:]:
                lib.llama_sampler_accept(penalties, token)
            lib.llama_sampler_chain_add(chain, penalties)
        for step in (
            lib.llama_sampler_init_top_k(sampling.top_k),
            lib.llama_sampler_init_top_p(sampling.top_p, 1),
            lib.llama_sampler_init_min_p(sampling.min_p, 1),
            lib.llama_sampler_init_temp(sampling.temperature),
            lib.llama_sampler_init_dist(seed),
        ):
            lib.llama_sampler_chain_add(chain, step)
        return chain

    def self_test(self) -> float:
        """Decode two tokens at once, then one by one: where a build is wrong for this CPU, the process ends here.

        Returns how many seconds the last step took.
        """
        self.read((0, 1))
        self.read((0, 1, 0))
        started = time.perf_counter()
        self.read((0, 1, 0, 1))
        seconds = time.perf_counter() - started
        lib.llama_memory_clear(self._memory, True)
        self._cache.clear()
        return seconds

    def close(self) -> None:
        lib.llama_batch_free(self._batch)
        lib.llama_free(self._context)
        lib.llama_model_free(self._model)


def _shared(ours: list[int], theirs: list[int]) -> int:
    """How many tokens two lists have in common at their beginning."""
    length = min(len(ours), len(theirs))
    if ours[:length] == theirs[:length]:
        return length
    return next(i for i in range(length) if ours[i] != theirs[i])
