"""`companion train mini`: a small Qwen3-architecture language model from scratch, on a CPU, in hours.

Two stages (plain English, then conversations with control tokens), hidden matrices by Muon and the rest by AdamW, bf16
autocast, torch.compile. A run can be stopped anywhere and continues exactly: the same rows in the same order, the same
losses.
"""

from __future__ import annotations

import hashlib
import json
import math
import random
import re
import time
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from tokenizers import Tokenizer
from torch.nn.functional import cross_entropy
from transformers import PreTrainedTokenizerFast, Qwen3Config, Qwen3ForCausalLM

from companion.encoder import Encoder
from companion.errors import CompanionError, NotFound, UsageError
from companion.modelhub.convert import convert
from planner.tactics import Tactic
from training.corpora import OWN, SOURCES, Dialogue, Document, Source, held_out
from training.loop import Loop
from training.recipe import MiniRecipe, check
from training.reply_tags import ReplyTags
from training.run import Begun, Run, digest, untold, write_json, write_text
from training.tokens import END, END_OF_TEXT, Encoding, draw_controls, plain_text, train_tokenizer

Tokens = NDArray[np.uint16]

OWN_TEXT = Path(__file__).parent / "corpus" / "support"
"""The project's own replies, in the repository."""

TEMPERATURE = 0.3
"""What the finished file recommends: hotter, so small a model loses the thread of its own sentence."""

EVALUATE_EVERY = 100
HELD_OUT_BLOCKS = 24
"""Blocks of 512 tokens per source on which held-out perplexity is measured."""


def find_source(name: str, data: Path, own: Path) -> tuple[Source, Path]:
    """A source by name, and its folder. Raises NotFound for an unknown name, or when the folder is not there."""
    source = OWN if name == OWN.name else SOURCES.get(name)
    if source is None:
        raise NotFound(f"The recipe names the source {name!r}; known: {', '.join([*SOURCES, OWN.name])}.")
    folder = own if source is OWN else data / source.path
    if not folder.is_dir():
        raise NotFound(f"The text for {name!r} is not at {folder}. Give the data folder with --data.")
    return source, folder


class Corpus:
    """The documents of the sources a recipe names, each read when a stage first needs it.

    `record` is a JSON file with a hash of every source and stage read so far: continuing on other text is refused.
    """

    def __init__(self, data: Path, own: Path, record: Path) -> None:
        self._data, self._own, self._record = data, own, record
        self._read: dict[str, list[Document]] = {}

    def _documents(self, name: str) -> list[Document]:
        if name not in self._read:
            source, folder = find_source(name, self._data, self._own)
            self._read[name] = list(source.read(folder))
            self._check(
                name,
                digest(map(plain_text, self._read[name])),
                f"The text of {name!r} changed since this run began; start a new run, or put the old text back.",
            )
        return self._read[name]

    def check_rows(self, stage: str, rows: Tokens) -> None:
        """Raises UsageError when an earlier part of the run saw other rows: the text may be the same, its tags not."""
        self._check(
            f"rows of stage {stage}",
            hashlib.sha256(rows.tobytes()).hexdigest(),
            f"The rows of stage {stage!r} are not those this run began with: tactics, encoder or tokenizer "
            "changed. Start a new run, or put the old ones back.",
        )

    def _check(self, name: str, found: str, refusal: str) -> None:
        known: dict[str, str] = json.loads(self._record.read_text("utf-8")) if self._record.exists() else {}
        if known.get(name, found) != found:
            raise UsageError(refusal)
        write_json(self._record, known | {name: found})

    def train(self, name: str) -> list[Document]:
        """Documents to learn from."""
        return [document for document in self._documents(name) if not held_out(document)]

    def held_out(self, name: str) -> list[Document]:
        """Documents for measuring only."""
        return [document for document in self._documents(name) if held_out(document)]


OWN_LIFE = re.compile(
    r"\bI(?:['’]ve (?:been|seen|had|got|heard|never|always)|['’]m (?:a|an|from|in|at|going)| have| had| was| went| go"
    r"| like| love| live| work| play| enjoy| saw| watch\w*| grew| used to| got| eat| drink| read| listen\w*| wear| own"
    r"| never| always| just| prefer| hate| remember)\b"
    r"|\bmy (?:favou?rite|wife|husband|kids?|dog|cat|mom|dad|friends?|family|job)\b",
    re.IGNORECASE,
)
"""Casual talk about oneself. The corpora of small talk are full of it, and the encoder, which knows support, lets most
of it pass: of 1,500 replies of Synthetic-Persona-Chat 579 match, and it calls 99 of those self-disclosure.
"""


def written(document: Dialogue) -> list[frozenset[str]]:
    """The tactics written by hand for each reply; none where there are none."""
    return list(document.tactics or (frozenset(),) * len(document.turns[1::2]))


def tagged(document: Dialogue, tags: ReplyTags) -> list[frozenset[str]]:
    """The tactics of each reply: written by hand where they are, read by the encoder elsewhere."""
    return [
        hand or read_tactics(reply, tags) for hand, reply in zip(written(document), document.turns[1::2], strict=True)
    ]


def read_tactics(reply: str, tags: ReplyTags) -> frozenset[str]:
    """What the encoder reads, and self-disclosure where a reply talks about its speaker's life."""
    return tags[reply] | ({Tactic.SELF_DISCLOSURE.value} if OWN_LIFE.search(reply) else set())


def encode(
    documents: list[Document], encoding: Encoding, rng: random.Random, passes: float, tags: ReplyTags
) -> list[list[int]]:
    """Token ids of the documents, each `passes` times on average; control tokens are drawn anew in every pass."""
    repeats = [int(passes) + (rng.random() < passes % 1) for _ in documents]
    chosen = [(document, count) for document, count in zip(documents, repeats, strict=True) if count]
    tags.read(  # in large batches, and of no document that is left out
        reply
        for document, _ in chosen
        if isinstance(document, Dialogue)
        for hand, reply in zip(written(document), document.turns[1::2], strict=True)
        if not hand
    )
    ids: list[list[int]] = []
    for document, count in chosen:
        if isinstance(document, Dialogue):
            tactics = tagged(document, tags)
            for _ in range(count):
                ids.append(encoding.dialogue(document, [list(draw_controls(used, rng)) for used in tactics]))
        else:
            ids += [encoding.prose(document)] * count
    return ids


def stage_rows(corpus: Corpus, encoding: Encoding, recipe: MiniRecipe, index: int, tags: ReplyTags) -> Tokens:
    """The training rows of a stage, shuffled: (rows, block + 1). Depends on the recipe, the data and the tags.

    Raises UsageError when the text does not fill one row.
    """
    stage = recipe.stages[index]
    rng = random.Random(f"{recipe.seed}/{stage.name}")
    documents = [
        ids for name, passes in stage.passes.items() for ids in encode(corpus.train(name), encoding, rng, passes, tags)
    ]
    rng.shuffle(documents)
    flat = np.fromiter((token for ids in documents for token in ids), dtype=np.uint16)
    rows = (len(flat) - 1) // stage.block
    if rows < 1:
        raise UsageError(
            f"The text of stage {stage.name!r} has {len(flat)} tokens, fewer than one row of {stage.block + 1}; "
            "name more sources in its passes, or lower its block."
        )
    starts = np.random.default_rng(recipe.seed + index).permutation(rows) * stage.block
    return np.stack([flat[start : start + stage.block + 1] for start in starts])


def held_out_rows(
    corpus: Corpus, encoding: Encoding, recipe: MiniRecipe, index: int, tags: ReplyTags
) -> dict[str, Tokens]:
    """For each source of a stage up to HELD_OUT_BLOCKS rows of 513 tokens that are never trained on."""
    found = {}
    for name in recipe.stages[index].passes:
        documents = encode(corpus.held_out(name), encoding, random.Random(recipe.seed), 1.0, tags)
        flat = [token for ids in documents for token in ids]
        count = min(HELD_OUT_BLOCKS, (len(flat) - 1) // 512)
        if count:
            found[name] = np.stack([np.array(flat[i * 512 : i * 512 + 513], np.uint16) for i in range(count)])
    return found


def new_model(recipe: MiniRecipe, tokenizer: Tokenizer) -> Qwen3ForCausalLM:
    """An untrained network of the recipe's shape."""
    shape = recipe.model
    config = Qwen3Config(
        vocab_size=recipe.vocabulary,
        hidden_size=shape.hidden,
        intermediate_size=shape.feed_forward,
        num_hidden_layers=shape.layers,
        num_attention_heads=shape.heads,
        num_key_value_heads=shape.kv_heads,
        head_dim=shape.head_size,
        max_position_embeddings=recipe.context,
        rope_parameters={"rope_type": "default", "rope_theta": 10_000.0},
        rms_norm_eps=1e-6,
        tie_word_embeddings=True,
        attention_bias=False,
        bos_token_id=None,
        eos_token_id=tokenizer.token_to_id(END),
        pad_token_id=tokenizer.token_to_id(END_OF_TEXT),
        use_cache=False,
    )
    torch.manual_seed(recipe.seed)
    return Qwen3ForCausalLM(config)


class Optimiser:
    """Muon (Jordan et al. 2024) for the hidden matrices, AdamW for embeddings and norms, one learning rate for both."""

    def __init__(self, model: Qwen3ForCausalLM) -> None:
        matrices = [p for name, p in model.named_parameters() if p.ndim == 2 and "embed" not in name]
        others = [p for name, p in model.named_parameters() if p.ndim != 2 or "embed" in name]
        self._parts: dict[str, torch.optim.Optimizer] = {
            "muon": torch.optim.Muon(matrices, weight_decay=0.05, adjust_lr_fn="match_rms_adamw"),
            "adamw": torch.optim.AdamW(others, betas=(0.9, 0.95), weight_decay=0.0),
        }

    def step(self, rate: float) -> None:
        for part in self._parts.values():
            for group in part.param_groups:
                group["lr"] = rate
            part.step()
            part.zero_grad(set_to_none=True)

    def state(self) -> dict[str, Any]:
        return {name: part.state_dict() for name, part in self._parts.items()}

    def load(self, state: dict[str, Any]) -> None:
        for name, part in self._parts.items():
            part.load_state_dict(state[name])


class Trainer(Loop):
    """Trains the model of a recipe on a corpus whose unlabelled replies are tagged by `tags`."""

    checkpoint_every = 50

    def __init__(
        self,
        run: Run,
        recipe: MiniRecipe,
        corpus: Corpus,
        tags: ReplyTags,
        *,
        micro_rows: int = 8,
        compiled: bool = True,
    ) -> None:
        super().__init__(run)
        self.recipe = recipe
        self._corpus, self._tags, self._micro_rows = corpus, tags, micro_rows
        self.tokenizer = self._tokenizer()
        self._encoding = Encoding(self.tokenizer)
        self.model = new_model(recipe, self.tokenizer)
        self._optimiser = Optimiser(self.model)
        self.resume()
        self._forward = torch.compile(self._loss) if compiled else self._loss
        self._stage = -1
        self._train_rows = np.empty((0, 0), np.uint16)
        self._held_out: dict[str, Tokens] = {}

    @property
    def steps(self) -> int:
        return self.recipe.steps

    def _tokenizer(self) -> Tokenizer:
        path = self.run.folder / "tokenizer.json"
        if not path.exists():
            documents = (item for name in self.recipe.stages[0].passes for item in self._corpus.train(name))
            write_text(path, train_tokenizer(map(plain_text, documents), self.recipe.vocabulary).to_str(pretty=True))
        return Tokenizer.from_file(str(path))

    def state(self) -> dict[str, Any]:
        return {"model": self.model.state_dict(), "optimiser": self._optimiser.state()}

    def restore(self, state: dict[str, Any]) -> None:
        self.model.load_state_dict(state["model"])
        self._optimiser.load(state["optimiser"])

    def _loss(self, rows: torch.Tensor) -> torch.Tensor:
        """Mean cross-entropy in nats of rows (B, T + 1)."""
        with torch.autocast("cpu", torch.bfloat16):
            logits = self.model(input_ids=rows[:, :-1], use_cache=False).logits  # (B, T, V)
        return cross_entropy(logits.flatten(0, 1).float(), rows[:, 1:].flatten())

    def _rows(self, index: int, step: int) -> torch.Tensor:
        """The rows of one optimiser step: (rows, block + 1)."""
        if self._stage != index:
            self._stage = index
            self._train_rows = stage_rows(self._corpus, self._encoding, self.recipe, index, self._tags)
            self._corpus.check_rows(self.recipe.stages[index].name, self._train_rows)
            self._held_out = held_out_rows(self._corpus, self._encoding, self.recipe, index, self._tags)
        count = self.recipe.stages[index].rows
        chosen = [(step * count + i) % len(self._train_rows) for i in range(count)]
        return torch.from_numpy(self._train_rows[chosen].astype(np.int64))

    def train_step(self) -> dict[str, Any]:
        """One optimiser step; returns its metrics. Raises CompanionError when loss or gradient are no numbers."""
        index, within = self.recipe.at(self.step)
        stage = self.recipe.stages[index]
        rows = self._rows(index, within)
        micro = max(1, self._micro_rows * 512 // stage.block)
        started = time.perf_counter()
        total = 0.0
        for part in torch.split(rows, micro):
            loss = self._forward(part) * (len(part) / len(rows))
            loss.backward()  # type: ignore[no-untyped-call]  # torch leaves it untyped
            total += loss.item()
        norm = float(torch.nn.utils.clip_grad_norm_(self.model.parameters(), 1.0))
        rate = stage.rate(within)
        self.must_be_numbers(total, norm, f"stage {stage.name}, lr {rate:g}", f"stages.{index}.lr={stage.lr / 2:g}")
        self._optimiser.step(rate)
        self.step += 1
        seconds = time.perf_counter() - started
        return {
            "step": self.step,
            "stage": stage.name,
            "loss": total,
            "lr": rate,
            "grad_norm": norm,
            "tokens_per_second": round(rows[:, 1:].numel() / seconds),
        }

    @torch.no_grad()
    def perplexity(self) -> dict[str, float]:
        """Held-out perplexity per source."""
        self.model.eval()
        found = {
            name: math.exp(
                sum(self._loss(torch.from_numpy(row[None].astype(np.int64))).item() for row in rows) / len(rows)
            )
            for name, rows in self._held_out.items()
        }
        self.model.train()
        return found

    def measure(self) -> dict[str, Any]:
        """Held-out perplexity, now and then and at the end."""
        due = self.step % EVALUATE_EVERY == 0 or self.step == self.steps
        return {"perplexity": self.perplexity()} if due else {}

    def finish(self, out: Path) -> Path:
        """Write the model in Hugging Face form into the run folder and as a Q8_0 GGUF to `out`; returns `out`.

        Raises CompanionError when that is impossible; the run folder still has everything.
        """
        try:
            name = f"companion {self.recipe.name}"
            return convert(self.export(), out, kind="q8_0", name=name)
        except OSError as error:
            raise CompanionError(
                f"{out} could not be written: {error.strerror or error}. Nothing is lost: "
                f"companion train --resume {self.run.folder} -o FILE writes it elsewhere."
            ) from error

    def export(self) -> Path:
        """Write the model and its tokenizer in Hugging Face form; returns the folder."""
        folder = self.run.folder / "model"
        self.model.config.use_cache = True
        self.model.generation_config.update(do_sample=True, temperature=TEMPERATURE)
        self.model.save_pretrained(folder)
        (folder / "README.md").write_text("---\nlicense: mit\n---\n", encoding="utf-8")
        fast = PreTrainedTokenizerFast(tokenizer_object=self.tokenizer, eos_token=END, pad_token=END_OF_TEXT)
        fast.save_pretrained(folder)
        return folder


def start(
    values: dict[str, Any], *, data: Path, own: Path, runs: Path, resume: Path | None = None, begun: Begun = untold
) -> Trainer:
    """A trainer for a new run under `runs`, or for the run in `resume` (whose recipe counts).

    Every source of a new run is looked for first, and so is the encoder that reads tactics: what a later stage needs
    is found missing now, not after hours.
    """
    encoder = Encoder()
    if resume:
        run = Run.open(resume)
        recipe = check(MiniRecipe, run.recipe())
    else:
        recipe = check(MiniRecipe, values)
        for stage in recipe.stages:
            for name in stage.passes:
                find_source(name, data, own)
        encoder.check()
        run = Run.create(runs, "mini", recipe.model_dump())
        begun(run)
    corpus = Corpus(data, own, run.folder / "data.json")
    return Trainer(run, recipe, corpus, ReplyTags.of_encoder(encoder, run.folder))
