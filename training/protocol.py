"""The published evaluation, and ours beside it: sample a reply at every turn, tag it, rate it, compare.

human-history  at each supporter's turn of recorded conversations the model replies to what the *people* said before,
               each time anew (arXiv 2604.11742, evaluation)
own-history    the model holds the conversation itself: it reads the person's messages and its own earlier replies

Everything is kept reply by reply (`training.protocol_rows`): a run that was cut short goes on where it was.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import asdict, fields, replace
from pathlib import Path

from companion.cli import opening
from companion.encoder import Encoder
from companion.engine.protocol import Engine
from companion.errors import NotFound, UsageError
from companion.rating import Rater
from companion.settings import Settings
from companion.tagging import EncoderTagger
from training import reply_tags
from training.kept import RECIPE, Kept
from training.prompt_modes import Mode, check_mode
from training.protocol_report import Report, report
from training.protocol_rows import PROTOCOLS, Protocol, recorded, rows_of
from training.protocol_run import Evaluation, Rate, Recipe
from training.run import sha256_of
from training.speakers import EngineSpeaker, Speaker, speaker_of

TEMPERATURE = 0.7
"""Of every reply, as published."""


def by_encoder(encoder: Encoder) -> Rate:
    """Ratings by the encoder, of each reply to the message before it."""
    rater = Rater(encoder)
    return lambda replies: rater.rate([(history[-1].content, reply) for history, reply in replies])


def opened(folder: Path) -> tuple[Kept, Recipe]:
    """A run's folder. Raises NotFound where there is none, CompanionError where its recipe cannot be read."""
    kept = Kept(folder)
    values = kept.recipe("companion eval")
    try:
        return kept, Recipe(**values | {"protocols": tuple(values["protocols"])})
    except (KeyError, TypeError) as error:
        raise kept.unreadable(error) from None


def read_report(folder: Path) -> Report:
    """The figures of a run that is there, as far as it has come. Raises as `opened`, NotFound for an empty one."""
    kept, recipe = opened(folder)
    rows = {condition: rows_of(kept, condition) for condition in recipe.conditions}
    if not any(map(len, rows.values())):
        raise NotFound(f"{folder} has no replies yet. Go on with it: companion eval --resume {folder}")
    return report(folder, asdict(recipe), rows)


def begin(
    model: Path | str,
    *,
    data: Path,
    out: Path,
    protocols: Sequence[Protocol] = PROTOCOLS,
    prompt: Mode = "plain",
    limit: int | None = None,
    seed: int = 0,
    encoder: Encoder | None = None,
    engine: Engine | None = None,
    judge: tuple[str, Rate] | None = None,
    settings: Settings | None = None,
    temperature: float = TEMPERATURE,
) -> Evaluation:
    """The measuring of a model, ready to run, with everything kept in `out`: a run of the same recipe there goes on.

    `model` is a checkpoint's folder, or what `companion chat --model` takes; with an `engine`, only its name. One that
    is new to `out` is loaded, for what it is. `data` is a file of conversations. `judge` is a name, and what rates
    instead of the encoder.

    Raises UsageError where `out` holds another run, EngineError where the model cannot be loaded.
    """
    chosen, reader = (settings or Settings()).changed(model=str(model)), encoder or Encoder()
    reader.check()
    conversations = recorded(data, limit)
    if "own-history" not in protocols and not any(each.turns for each in conversations):
        raise UsageError(
            f"{data} has no turn of somebody who gives support, so there is no human history to reply to. "
            "Choose --protocol own-history."
        )
    new = Recipe(
        model=str(model),
        identity="",
        encoder=reply_tags.fingerprint(reader.folder),
        judge=judge[0] if judge else None,
        prompt=prompt,
        protocols=tuple(each for each in PROTOCOLS if each in protocols),
        data=str(data),
        data_sha256=sha256_of(data),
        limit=limit,
        seed=seed,
        temperature=temperature,
        reply_tokens=chosen.reply_tokens,
        variety=chosen.variety,
    )

    def speaker() -> Speaker:
        if engine:
            return EngineSpeaker([engine])
        return speaker_of(model, lambda: opening.new_engine(chosen, off_record=True, ask=True))

    if (out / RECIPE).exists():
        kept, recipe = opened(out)
        _same(kept, recipe, replace(new, identity=recipe.identity, data=recipe.data, think_tokens=recipe.think_tokens))
    else:
        made = speaker()
        try:
            check_mode(prompt, made.layout, str(model))
            think = chosen.think_tokens if made.thinks else 0
            recipe = replace(new, identity=made.identity, think_tokens=think)
            kept = Kept.create(out, asdict(recipe))
        except BaseException:
            made.close()
            raise
        speaker = _first(made, speaker)
    rate = judge[1] if judge else by_encoder(reader)
    return Evaluation(kept, recipe, conversations, speaker, EncoderTagger(reader), rate)


def _first(made: Speaker, speaker: Callable[[], Speaker]) -> Callable[[], Speaker]:
    """The one that is there already, then new ones."""
    waiting = [made]
    return lambda: waiting.pop() if waiting else speaker()


def _same(kept: Kept, recipe: Recipe, wanted: Recipe) -> None:
    """Raises UsageError naming what a run began with and what is wanted now, where they differ."""
    for field in fields(Recipe):
        before, now = getattr(recipe, field.name), getattr(wanted, field.name)
        if before != now:
            raise UsageError(
                f"{kept.path} holds a run with {field.name} {_shown(before)}, not {_shown(now)}. "
                "Name another folder, or go on with it as it began."
            )


def _shown(value: object) -> str:
    return ", ".join(map(str, value)) if isinstance(value, tuple) else str(value)
