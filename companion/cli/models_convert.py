"""`companion models convert`, `quantize` and `check`."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import click

from companion import paths
from companion.cli.models_get import Shown, get
from companion.engine.gguf_file import read_header
from companion.engine.model_file import in_words
from companion.engine.profile import guess
from companion.engine.protocol import EngineError
from companion.errors import CompanionError, NotFound, Refused, UsageError
from companion.modelhub import registry

OUTPUT = click.Path(path_type=Path, dir_okay=False)


@click.command("convert")
@click.argument("source", metavar="DIR|OWNER/REPOSITORY")
@click.option("--kind", metavar="KIND", help="Of the weights: f16 unless said (f32 for an adapter), or such as q4_k_m.")
@click.option("-o", "--output", type=OUTPUT, help="Write there, not into the models folder.")
@click.option("--name", help="What the file calls the model; else as its card or its folder is called.")
@click.option(
    "--base", type=click.Path(path_type=Path), help="The model of an adapter: its folder, or a GGUF file of it."
)
@click.option("--yes", is_flag=True, help="Do not ask before a repository is fetched.")
@click.pass_context
def convert(
    context: click.Context,
    source: str,
    kind: str | None,
    output: Path | None,
    name: str | None,
    base: Path | None,
    yes: bool,
) -> None:
    """Make a GGUF file of the checkpoint or the LoRA adapter in DIR.

    Reads safetensors of Qwen3, Qwen2.5, Llama 3 and SmolLM2, a part at a time: memory does not grow with the model. A
    repository is fetched first, as by `companion models get`.
    """
    folder = Path(source)
    if not folder.is_dir():
        if source.count("/") != 1 or folder.exists() or source.startswith((".", "/", "~")):
            raise NotFound(f"There is no folder {source}; give the folder of a checkpoint, or OWNER/REPOSITORY.")
        if output or name or base:
            raise UsageError("A repository is fetched into the models folder; -o, --name and --base are for a folder.")
        context.invoke(get, name=source, kind=kind, revision=None, yes=yes)
        return
    with _gguf_needed(), _written():
        from companion.modelhub import adapter

        if adapter.is_adapter(folder):
            _convert_adapter(folder, kind or "f32", output, name, base)
        elif base:
            raise UsageError("--base is for an adapter; this is a model.")
        else:
            _convert_model(folder, kind or "f16", output, name)


def _convert_adapter(folder: Path, kind: str, output: Path | None, name: str | None, base: Path | None) -> None:
    from companion.modelhub.adapter import convert_adapter

    out = _free(output or paths.user_models() / "adapters" / f"{folder.resolve().name}.gguf")
    with _shown() as shown:
        convert_adapter(folder, out, base=base, kind=kind, name=name, progress=_step(shown, "converting"))
    click.echo(
        f"{out}  {in_words(out.stat().st_size)}\n"
        f"`companion models add BASE.gguf --name {folder.resolve().name} --adapter {out}` lays it on its model.",
        err=True,
    )


def _convert_model(folder: Path, kind: str, output: Path | None, name: str | None) -> None:
    from companion.modelhub.convert import KINDS, convert
    from companion.modelhub.quantize import KINDS as FEWER
    from companion.modelhub.quantize import quantize

    kind = kind.lower()
    out = _free(output or paths.user_models() / f"{folder.resolve().name}.gguf")
    with _shown() as shown:
        if kind in KINDS:
            convert(folder, out, kind=kind, name=name, progress=_step(shown, "converting"))
        elif kind in FEWER:
            whole = out.with_name(f"{out.name}.f16")
            try:
                convert(folder, whole, name=name, progress=_step(shown, "converting"))
                quantize(whole, out, kind=kind, progress=_step(shown, "quantising"))
            finally:
                whole.unlink(missing_ok=True)
        else:
            raise UsageError(f"There is no kind {kind!r}; choose one of {', '.join((*KINDS, *FEWER))}.")
    _say(out, f" --source {folder}")


@click.command("quantize")
@click.argument("model", metavar="NAME|PATH")
@click.option("--kind", default="q4_k_m", metavar="KIND", help="q2_k to q8_0; q4_k_m unless said.", show_default=True)
@click.option("-o", "--output", type=OUTPUT, help="Write there, not into the models folder.")
def quantize(model: str, kind: str, output: Path | None) -> None:
    """Make a smaller file of a model in 16 bits: fewer bits a weight, faster, a little less what it was.

    Kinds, from the smallest: q2_k, q3_k_m, q4_0, q4_k_s, q4_k_m, q5_k_s, q5_k_m, q6_k, q8_0.
    """
    from companion.modelhub.quantize import quantize

    source = registry.find(model).file
    out = _free(output or paths.user_models() / f"{source.stem}-{kind.lower()}.gguf")
    with _shown() as shown:
        quantize(source, out, kind=kind, progress=_step(shown, "quantising"))
    _say(out)


@click.command("check")
@click.argument("model", metavar="NAME|PATH")
@click.option(
    "--source", type=click.Path(path_type=Path), help="The checkpoint folder it was made of, to compare with."
)
@click.option("--json", "as_json", is_flag=True, help="What was found as one JSON object.")
def check(model: str, source: Path | None, as_json: bool) -> int:
    """Load a model and look at it: its layout, its memory, its speed, and whether it computes what its source does.

    Ends with 1 where something is off.
    """
    from companion.modelhub.check import as_row, check, in_lines

    entry, state = registry.find(model), paths.private_folder(paths.state_folder())
    with _gguf_needed():
        report = check(entry.file, source=source, adapter=entry.laid, state_dir=state)
    if as_json:
        click.echo(json.dumps(as_row(report), ensure_ascii=False))
    else:
        for what, how in in_lines(report):
            click.echo(f"{what:<12}{how}")
    for fault in report.faults:
        click.echo(f"Off: {fault}", err=True)
    return 1 if report.faults else 0


def _free(out: Path) -> Path:
    """Raises Refused where a file is there already."""
    if out.exists():
        raise Refused(f"{out} is there already: name another file with -o, or delete it first.")
    return out


def _say(out: Path, source: str = "") -> None:
    """What was made, and what to do with it."""
    name = out.stem if out.parent == paths.user_models() else str(out)
    try:
        talk = f"layout {guess(read_header(out)).layout} (guessed). `companion chat --model {name}` talks to it"
    except EngineError as error:
        talk = str(error).rstrip(".")
    click.echo(
        f"{out}  {in_words(out.stat().st_size)}\n{talk}; `companion models check {name}{source}` looks at it.", err=True
    )


@contextmanager
def _shown() -> Iterator[Shown]:
    shown = Shown()
    try:
        yield shown
    finally:
        shown.end()


def _step(shown: Shown, what: str) -> Callable[[int, int], None]:
    return lambda done, whole: shown(what, done, whole)


@contextmanager
def _written() -> Iterator[None]:
    try:
        yield
    except OSError as error:
        where = f" {error.filename}" if error.filename else ""
        raise CompanionError(f"The file{where} cannot be written: {error.strerror or error}.") from None


@contextmanager
def _gguf_needed() -> Iterator[None]:
    try:
        yield
    except ModuleNotFoundError as error:
        if error.name != "gguf":
            raise
        raise CompanionError("This needs gguf, which is not installed: pip install 'companion-chat[models]'.") from None
