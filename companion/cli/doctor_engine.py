"""What `companion doctor` says about the model once it is loaded: how it runs, and how each of that can be changed."""

from __future__ import annotations

from companion import paths, settings
from companion.cli.finding import Finding
from companion.engine.cores import Cores
from companion.engine.protocol import EngineInfo, Sampling
from companion.modelhub import registry
from companion.modelhub.entry import Entry
from companion.settings import Settings
from companion.speaking.pace import Pace
from companion.speaking.sampling import sampling_for

SET = "companion config set"


def findings() -> list[Finding]:
    """Loads the model: in a child process, which decodes two tokens, or asks its server for a word."""
    from companion.cli.opening import new_engine

    chosen = settings.load()
    engine = new_engine(chosen)
    try:
        info = engine.load()
    finally:
        engine.close()
    entry = registry.find(chosen.model)
    sampling = Finding("sampling", True, _sampling(info, entry, chosen))
    thinking = Finding("thinking", True, _thinking(info, chosen))
    if entry.address:
        return [_server(info, entry), sampling, thinking]
    return [_engine(info, chosen), _computing(info, chosen), sampling, thinking]


def _engine(info: EngineInfo, chosen: Settings) -> Finding:
    pace = Pace(chosen.candidates, chosen.sentence_seconds)
    pace.note(1, 1, info.step_seconds)
    by_memory = "" if chosen.context else f"; tokens by free memory, `{SET} context N` for others"
    compared = (
        f"compares {pace.candidates} of at most {chosen.candidates} ways for each sentence (about "
        f"{pace.sentence(pace.candidates):.1f} s, at most {chosen.sentence_seconds:g} s are allowed)"
    )
    slow = pace.candidates == 1 and chosen.candidates > 1
    return Finding(
        "engine",
        True,
        f"loaded in {info.seconds:.1f} s, {info.parameters / 1e6:,.0f} million parameters, "
        f"reads {info.context:,} tokens, layout {info.layout}{by_memory}; {compared}",
        "A smaller model, or `sentence_seconds` set higher, leaves time to compare; until then replies are streamed."
        if slow
        else "",
    )


def _server(info: EngineInfo, entry: Entry) -> Finding:
    assert entry.address is not None
    leaves = "on this machine" if entry.address.local else "what you write leaves this machine for it"
    return Finding(
        "engine",
        True,
        f"{entry.address.name} ({leaves}) answered in {info.seconds:.1f} s: reads {info.context:,} tokens "
        f"(`{SET} context N` for fewer), layout {info.layout}, tokens are {'counted' if info.counts else 'estimated'}; "
        f"replies are {'made sentence by sentence' if info.steers else 'streamed whole'}",
        ""
        if info.steers or info.thinks
        else "It cannot go on in the middle of a reply; vLLM and llama-server can, so that ways on can be compared.",
    )


def _computing(info: EngineInfo, chosen: Settings) -> Finding:
    cores = Cores().physical
    parts = [
        f"{info.threads} of {cores} physical core{'' if cores == 1 else 's'} now (`{SET} threads N` for a fixed number)"
    ]
    if info.gpu:
        layers = "all layers" if chosen.gpu_layers is None else f"{chosen.gpu_layers} layers"
        parts.append(f"{layers} on the graphics card (`{SET} gpu_layers N`)")
    else:
        parts.append(
            "no graphics card: this llama.cpp was built without one (its own documentation says how to build it)"
        )
    if info.plain_weights:
        parts.append(
            "repacked weights crash this llama.cpp here, which is remembered, so it does without them (slower reading; "
            f"delete {paths.state_folder() / 'engine.json'} to try again, or install llama-cpp-python anew)"
        )
    return Finding("computing", True, "; ".join(parts))


def _sampling(info: EngineInfo, entry: Entry, chosen: Settings) -> str:
    """Each value with where it comes from: the settings, the list of models, the file, or our default."""
    card = entry.sampling_thinking if info.thinks else entry.sampling
    listed = card.said if card else {}
    usual, drawn = Sampling(), sampling_for(info, chosen)
    values = []
    for name in ("temperature", "top_p", "top_k", "min_p"):
        value, source = getattr(drawn, name), "its file"
        if getattr(chosen, name, None) is not None:
            source = "settings"
        elif name in listed:
            source = "its entry"
        elif value == getattr(usual, name):
            source = "default"
        values.append(f"{name} {value:g} ({source})")
    change = f"`{SET} temperature N` and `top_p`, or `sampling` of its entry in {registry.models_file()}"
    return f"{', '.join(values)}; {change}"


def _thinking(info: EngineInfo, chosen: Settings) -> str:
    if info.thinks:
        return f"on, at most {chosen.think_tokens} tokens (`{SET} think_tokens N`, `{SET} think off`)"
    if not info.can_think:
        return "off: this model does not think before it replies"
    return f"off (`{SET} think on` lets it think before it replies, where it can)"
