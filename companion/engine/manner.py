"""What one server can do: asked of it once, with requests of a word, because its name does not tell.

vLLM, llama-server and Ollama differ in this, and so do their releases. The numbers of tokens that they report tell
whether a reply can be left open: one that goes on after a word is one token longer than the prompt without it; one
that closes the message and begins another is several.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import combinations
from typing import Any, Literal

from companion.engine.chunks import chunks, numbers, parsed, usage_of
from companion.engine.exchange import Head, NoAnswer
from companion.engine.profile import THINK
from planner.layouts import Message

OLLAMA = "library"
"""What Ollama says who owns its models."""
WORD = "a"  # one token in every vocabulary
REFUSALS = frozenset({400, 404, 405, 415, 422, 500, 501})
"""How servers answer what they do not know."""

Ask = Callable[[str, str, Mapping[str, Any] | None], tuple[Head, str]]
"""Sends a request, as method, URL and body, and waits for the answer."""
Feature = Literal["many", "notes", "extras"]
Way = Literal["flag", "plain"]


@dataclass(frozen=True, slots=True)
class Manner:
    """How a server is talked to."""

    many: bool = False
    """Several replies to one request (`n`)."""
    notes: bool = False
    """System messages after the first message; else they are added to the first."""
    extras: bool = False
    """Fields that OpenAI's own interface does not have: `top_k`, `min_p`, whether a template is to think."""
    opens: Way | None = None
    """How a reply goes on after words of its own: vLLM wants it said, others do it by themselves, some cannot."""
    counts: Literal["messages", "template"] | None = None
    """How tokens are counted: of messages (vLLM), or of the text that `apply-template` makes of them (llama-server)."""
    ollama: bool = False
    always_thinks: bool = False
    """Its model thinks also where it is told not to."""

    def body(self, model: str, messages: Sequence[Message], **fields: Any) -> dict[str, Any]:
        """A request for a reply. The last message may be an open one; then the server has to be one that `opens`."""
        said = messages if self.notes else folded(messages)
        if said and said[-1].role == "assistant" and not said[-1].content:
            said = said[:-1]
        body: dict[str, Any] = {"model": model, "messages": [as_sent(message) for message in said], **fields}
        if self.opens == "flag" and said[-1].role == "assistant":
            body |= {"add_generation_prompt": False, "continue_final_message": True}
        return body

    def extra(self, fields: Mapping[str, Any]) -> dict[str, Any]:
        """These fields, where the server takes more than OpenAI's own does."""
        return dict(fields) if self.extras else {}

    def thinking(self, wanted: bool) -> dict[str, Any]:
        """What tells the server whether the model is to think first."""
        ollama = {} if wanted or not self.ollama else {"reasoning_effort": "none"}
        return ollama | self.extra({"chat_template_kwargs": {"enable_thinking": wanted}})


def as_sent(message: Message) -> dict[str, str]:
    """A message on the wire. What spells a control token is broken: a server would take it for one."""
    return {"role": message.role, "content": message.content.replace("<|", "< |")}


def folded(messages: Sequence[Message]) -> list[Message]:
    """The same with every system message added to the first one, for templates that take only that."""
    system = "\n\n".join(message.content for message in messages if message.role == "system")
    spoken = [message for message in messages if message.role != "system"]
    return [Message("system", system), *spoken] if system else spoken


@dataclass(frozen=True, slots=True)
class Card:
    """What a server says about its models, and about the one that is asked for."""

    there: tuple[str, ...] = ()
    """The models it has; none where it does not say."""
    context: int | None = None
    parameters: int = 0
    ollama: bool = False


def read_card(body: str, model: str) -> Card:
    """The answer to `/models`. Raises NoAnswer."""
    listed = parsed(body).get("data")
    rows = [row for row in listed if isinstance(row, dict)] if isinstance(listed, list) else []
    ours: dict[str, Any] = next((row for row in rows if row.get("id") == model), {})
    meta = ours["meta"] if isinstance(ours.get("meta"), dict) else {}
    return Card(
        there=tuple(name for row in rows if isinstance(name := row.get("id"), str) and name.isprintable()),
        context=numbers(ours, "max_model_len", "context_length") or numbers(meta, "n_ctx"),
        parameters=numbers(meta, "n_params") or 0,
        ollama=ours.get("owned_by") == OLLAMA,
    )


def learn(ask: Ask, base: str, root: str, model: str, card: Card) -> tuple[Manner | None, Head, str]:
    """How to talk to a server; None where it refuses the plainest request, with its latest answer.

    Raises what `ask` raises, and NoAnswer.
    """
    head, body = Head(0), ""
    for features in _from_all_to_none():
        manner = Manner(
            many="many" in features, notes="notes" in features, extras="extras" in features, ollama=card.ollama
        )
        messages = _OPENING if manner.notes else _OPENING[:1]
        head, body = ask("POST", f"{base}/chat/completions", _short(manner, model, messages))
        if head.good:
            found = parsed(body)
            several = manner.many and len({chunk.index for chunk in chunks(body) if not chunk.usage}) > 1
            usage = usage_of(found)
            thinks = any(chunk.thought or chunk.text.lstrip().startswith(THINK[0]) for chunk in chunks(body))
            manner = replace(manner, many=several, counts=_counts(ask, root, model), always_thinks=thinks)
            return _with_opening(manner, ask, base, model, messages, usage.prompt if usage else 0), head, body
        if head.status not in REFUSALS:
            break
    return None, head, body


_OPENING = (
    Message("user", WORD),
    Message("assistant", WORD),
    Message("system", WORD),
    Message("user", WORD),
)


def _from_all_to_none() -> Iterator[frozenset[Feature]]:
    features: tuple[Feature, ...] = ("notes", "extras", "many")
    for count in range(len(features), -1, -1):
        yield from map(frozenset, combinations(features, count))


def _short(manner: Manner, model: str, messages: Sequence[Message]) -> dict[str, Any]:
    several = {"n": 2} if manner.many else {}
    extras = manner.thinking(False) | manner.extra({"top_k": 40, "min_p": 0.05})
    return manner.body(model, messages, max_tokens=1, temperature=1.0, **several, **extras)


def _with_opening(manner: Manner, ask: Ask, base: str, model: str, messages: Sequence[Message], length: int) -> Manner:
    """With what the server does about a reply that has begun, judged from how long it makes the prompt."""
    if not length:
        return manner
    begun = [*messages, Message("assistant", WORD)]
    ways: tuple[Way, ...] = ("flag", "plain") if manner.extras else ("plain",)
    for way in ways:
        tried = replace(manner, opens=way)
        head, body = ask("POST", f"{base}/chat/completions", _short(replace(tried, many=False), model, begun))
        usage = usage_of(parsed(body)) if head.good else None
        if usage and usage.prompt - length <= 1:
            return tried
    return manner


def _counts(ask: Ask, root: str, model: str) -> Literal["messages", "template"] | None:
    messages = [as_sent(Message("user", WORD))]
    if _answers(ask, f"{root}/tokenize", {"model": model, "messages": messages}, "count"):
        return "messages"
    if _answers(ask, f"{root}/apply-template", {"messages": messages}, "prompt"):
        return "template"
    return None


def _answers(ask: Ask, url: str, body: Mapping[str, Any], key: str) -> bool:
    head, answer = ask("POST", url, body)
    try:
        return head.good and key in parsed(answer)
    except NoAnswer:
        return False
