"""The end of a run: is the model safe to put in the place of the one before, what changed, and how to talk to it.

    1  the trained model as a GGUF file in the run's folder, and an adapter as one of its own
    2  the crisis suite with the model before and with this one: one that got worse is refused, its files stay
    3  the conversations kept for measuring, before and after
    4  the file to where it goes, an entry in the list of models, and a card with curves

Each step leaves its result in the folder, so a run that is taken up again at its end does not do them twice.
"""

from __future__ import annotations

import json
import os
import shutil
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import closing
from dataclasses import dataclass, field
from importlib.util import find_spec
from pathlib import Path
from typing import Any, Literal, Protocol

from companion import paths
from companion.encoder import Encoder
from companion.engine.gguf_file import read_header
from companion.engine.protocol import EngineInfo, Finish, Piece, Sampling, Thinking
from companion.errors import CompanionError, Refused
from companion.modelhub import registry
from companion.modelhub.adapter import convert_adapter, is_adapter
from companion.modelhub.convert import Kind, convert
from companion.settings import Settings
from planner.layouts import Layout, Message
from training import crisis_suite, curves, gate
from training.card import card
from training.checkpoint import Checkpoint
from training.crisis_suite import SuiteReport, Talk, Voice
from training.mint_recipe import Prompts
from training.prompt_modes import Mode
from training.protocol import begin
from training.protocol_report import Report
from training.recordings import Recording
from training.run import Run, sha256_of, write_json, write_text
from training.speakers import Prompt

SEED = 7
SEEDS_OF_A_FOLDER = 2
"""transformers takes minutes for what llama.cpp says in seconds."""
GGUF, ADAPTER, CARD, CURVES, HELD_OUT = "model.gguf", "adapter.gguf", "card.md", "curves.png", "held-out.jsonl"
Side = Literal["before", "after"]


@dataclass(frozen=True, slots=True)
class Trained:
    """What a run made, and from what."""

    run: Run
    name: str
    """Of the recipe."""
    recipe: Mapping[str, Any]
    base: str | Path
    """The model before: a name on the hub, a folder, or a GGUF file."""
    base_folder: Path
    """The same as transformers loads it."""
    folder: Path
    """The trained model as transformers saves it, adapters merged."""
    licence: str
    """Of the model before, and so of this one."""
    layout: Layout
    """How it was told what to do."""
    thinking: bool
    """Whether it might think before a reply, if it can."""
    mode: Mode
    """How the model is asked for a reply when it is measured."""
    reply_tokens: int
    """Of the longest reply when it is measured."""
    held_out: Sequence[Recording] = field(default=())
    """Conversations that were not learned from; none leaves the measuring out."""


def mode_of(prompts: Prompts) -> Mode:
    """How a model is asked that was trained with such prompts."""
    if prompts.plan:
        return "plan"
    return "tactics+history" if prompts.layout is Layout.MINT else "plain"


def finish(
    trained: Trained,
    out: Path | None = None,
    *,
    talks: Sequence[Talk] | None = None,
    encoder: Encoder | None = None,
    told: Callable[[str], None] = lambda sentence: None,
) -> str:
    """Everything after the last step; the sentence that says where the model is and how to talk to it.

    `out` None is the folder of the person's models. `told` is given a sentence before each step. `talks` None is
    the whole crisis suite, `encoder` None the one that the chat reads with.

    Raises Refused where the model got worse in the crisis suite, CompanionError where a file cannot be written; the
    run's folder keeps all that was made.
    """
    run = trained.run
    place = (out or paths.private_folder(paths.user_models()) / f"{run.folder.name}.gguf").absolute()
    with run.writing("The finished model"):
        told("Writing the model as a GGUF file.")
        made = _gguf(trained)
        _adapter(trained)
        told("Crisis suite, before and after.")
        before, after = (_suite(trained, side, talks) for side in ("before", "after"))
        reasons = gate.reasons(before, after)
        if reasons:
            _card(trained, before, after, None, None, refused=reasons)
            raise Refused(
                f"The model got worse where it matters most, so it is not put among the models: {' '.join(reasons)} "
                f"All files stay in {run.folder}."
            )
        told("Held-out conversations, before and after.")
        first, second = (_measured(trained, side, encoder) for side in ("before", "after"))
        _card(trained, before, after, first, second, place=place)
        _put(made, place)
        shutil.copyfile(run.folder / CARD, place.with_suffix(".md"))
    registry.add(_entry(trained, place))
    return f"Wrote {place}; what changed: {run.folder / CARD}. Talk to it: companion chat --model {_called(trained)}"


def _gguf(trained: Trained) -> Path:
    """The model in the run's folder; in Q8_0 where the one before was a GGUF file, else in 16 bits to be quantised."""
    out = trained.run.folder / GGUF
    if out.is_file():
        return out
    kind: Kind = "f16"
    if _is_file(trained.base):
        kind = "q8_0"
        _recommend(trained.folder, read_header(Path(trained.base)).sampling)
    write_text(trained.folder / "README.md", f"---\nlicense: {trained.licence}\n---\n")
    return convert(trained.folder, out, kind=kind, name=f"companion {trained.name}")


def _adapter(trained: Trained) -> None:
    """Where adapters were trained, they as a file too: small, to be laid on top of any GGUF of the model before."""
    source, out = trained.folder / "adapter", trained.run.folder / ADAPTER
    if is_adapter(source) and not out.is_file():
        convert_adapter(source, out, base=trained.base_folder, kind="f16", name=f"companion {trained.name}")


def _recommend(folder: Path, sampling: Mapping[str, float]) -> None:
    """What the file before recommends for sampling, for this one too: it was not trained to be sampled otherwise."""
    file = folder / "generation_config.json"
    values: dict[str, Any] = json.loads(file.read_text("utf-8")) if file.is_file() else {}
    if "temp" in sampling:
        values |= {"do_sample": True, "temperature": round(sampling["temp"], 6)}
    write_json(file, values)


def _is_file(base: str | Path) -> bool:
    return Path(base).suffix == ".gguf"


def _speaks(trained: Trained, side: Side) -> Path:
    """What is asked: the GGUF files where both are and can be run here, else the folders."""
    if _is_file(trained.base) and find_spec("llama_cpp") is not None:
        return Path(trained.base) if side == "before" else trained.run.folder / GGUF
    return trained.base_folder if side == "before" else trained.folder


def _suite(trained: Trained, side: Side, talks: Sequence[Talk] | None) -> list[SuiteReport]:
    """A report for each seed."""
    file = trained.run.folder / f"suite-{side}.json"
    if file.is_file():
        return [SuiteReport.from_row(row) for row in json.loads(file.read_text("utf-8"))]
    model = _speaks(trained, side)
    seeds = gate.SEEDS[:SEEDS_OF_A_FOLDER] if model.is_dir() else gate.SEEDS
    with closing(_voice(model)) as voice:
        found = [crisis_suite.run(voice, seed=seed, chosen=talks) for seed in seeds]
    write_json(file, [report.row() for report in found])
    return found


class FolderVoice:
    """A model that transformers has saved, as the crisis suite hears it."""

    def __init__(self, folder: Path) -> None:
        self._checkpoint, self._folder = Checkpoint(folder), folder

    def load(self) -> EngineInfo:
        speaker = self._checkpoint
        return EngineInfo(self._folder.name, str(self._folder), speaker.context, speaker.layout.value, 0, 0, 0.0)

    def stream(self, messages: Sequence[Message], sampling: Sampling) -> Iterator[Piece | Thinking | Finish]:
        prompt = Prompt(messages, sampling.seed or 0)
        (spoken,) = self._checkpoint.say([prompt], sampling.temperature, sampling.max_tokens)
        yield Piece(spoken.text)
        yield Finish("stop", spoken.prompt_tokens, 0, spoken.reply_tokens, spoken.ms, spoken.ms)

    def close(self) -> None:
        self._checkpoint.close()


class _Speaking(Voice, Protocol):
    def close(self) -> None: ...


def _voice(model: Path) -> _Speaking:
    if model.is_dir():
        return FolderVoice(model)
    from companion.engine.client import LlamaEngine

    return LlamaEngine(model)


def _measured(trained: Trained, side: Side, encoder: Encoder | None) -> Report | None:
    """Both protocols on the conversations that were kept; None where there are none."""
    if not trained.held_out:
        return None
    file = trained.run.folder / HELD_OUT
    if not file.is_file():
        write_text(file, "".join(_line(recording) for recording in trained.held_out))
    evaluation = begin(
        _speaks(trained, side),
        data=file,
        out=trained.run.folder / f"eval-{side}",
        prompt=trained.mode,
        seed=SEED,
        settings=Settings(reply_tokens=trained.reply_tokens),
        encoder=encoder,
    )
    evaluation.run()
    return evaluation.report()


def _line(recording: Recording) -> str:
    messages = [{"role": message.role, "content": message.content} for message in recording.messages]
    return json.dumps({"id": recording.id, "messages": messages}, ensure_ascii=False) + "\n"


def _card(
    trained: Trained,
    before: Sequence[SuiteReport],
    after: Sequence[SuiteReport],
    first: Report | None,
    second: Report | None,
    *,
    place: Path | None = None,
    refused: Sequence[str] = (),
) -> None:
    folder = trained.run.folder
    metrics = curves.read_metrics(folder)
    picture = curves.draw(metrics, folder / CURVES)
    write_text(
        folder / CARD,
        card(
            name=_called(trained),
            base=_base_name(trained.base),
            licence=trained.licence,
            recipe=trained.recipe,
            steps=int(metrics[-1]["step"]) if metrics else 0,
            picture=picture.name if picture else None,
            suite=(before, after),
            reports=(first, second) if first and second else None,
            command=f"companion chat --model {_called(trained)}" if place else None,
            refused=refused,
        ),
    )


def _put(made: Path, place: Path) -> None:
    """The file at its place, whole or not at all; without using the disk twice where that can be."""
    place.parent.mkdir(parents=True, exist_ok=True)
    partial = place.with_name(f"{place.name}.partial")
    partial.unlink(missing_ok=True)
    try:
        os.link(made, partial)
    except OSError:
        shutil.copyfile(made, partial)
    partial.replace(place)


def _called(trained: Trained) -> str:
    """The model's name in the list: that of the run's folder, which no other run has."""
    return trained.run.folder.name


def _base_name(base: str | Path) -> str:
    """A name on the hub, or that of a file or folder without where it lies: a card may be shown to others."""
    return base if isinstance(base, str) else base.name


def _entry(trained: Trained, place: Path) -> registry.Entry:
    try:
        return registry.Entry(
            name=_called(trained),
            path=place,
            layout=trained.layout,
            think=None if trained.layout is Layout.MINI else "on" if trained.thinking else "off",
            source=f"companion train {trained.name}, from {_base_name(trained.base)}",
            licence=trained.licence,
            sha256=sha256_of(place),
        )
    except ValueError as error:
        raise CompanionError(f"{place} was written, but cannot be listed: {error}.") from None
