"""What went wrong with a server, as the sentence a person reads. What the server wrote itself is not repeated.

It may quote the conversation or the key; its word for the kind of error is enough.
"""

from __future__ import annotations

import re
from collections.abc import Mapping

from companion.engine.address import Address
from companion.engine.chunks import ServerFailed, kind_of_error, numbers, parsed
from companion.engine.exchange import BrokenOff, Head, NoAnswer, Silent, Unreachable
from companion.engine.protocol import ContextFull, EngineError

LIMIT = re.compile(r"maximum context length is (\d+) tokens")
LENGTH = re.compile(r"\((\d+) in (?:the messages|your prompt)|resulted in (\d+) tokens|(\d+) input tokens")
REQUESTED = re.compile(r"requested (\d+) tokens")
KEY = "Name the variable that holds the key, or a file with it, as `api_key_env` or `api_key_file` of this model"

FAULTS = (Unreachable, BrokenOff, Silent, NoAnswer, ServerFailed)
"""What `of_fault` has a sentence for."""


def of_fault(fault: Exception, address: Address, *, begun: bool = False) -> EngineError:
    """For one of FAULTS; `begun` where some of the reply had arrived."""
    kept = " What had arrived is kept; let the reply go on, or ask for another." if begun else " Try again."
    match fault:
        case Unreachable():
            where = "this machine" if address.local else "that machine"
            return EngineError(
                f"There is no connection to {address.name}: {fault}. See that the server runs on {where} and that "
                "the address is right (`companion models list`); then try again."
            )
        case BrokenOff():
            return EngineError(f"The connection to {address.name} broke off.{kept}")
        case Silent():
            return EngineError(f"{address.name} has said nothing for {fault} seconds.{kept}")
        case ServerFailed():
            word = f" ({fault})" if str(fault) else ""
            return EngineError(f"{address.name} reported an error in the middle of its answer{word}.{kept}")
        case _:
            return EngineError(
                f"{address.name} gave an answer that makes no sense ({fault}): see that its address ends as the "
                f"server's own documentation says, often with /v1.{kept if begun else ''}"
            )


def of_answer(head: Head, body: str, address: Address, model: str, there: tuple[str, ...], tokens: int) -> EngineError:
    """For an answer that is not good. `there` are the models that the server has; `tokens` is about what was sent."""
    full = _context(body)
    if full is not None:
        return ContextFull(full[0] or tokens, full[1])
    kind = kind_of_error(body)
    said = f"{head.status}, {kind}" if kind else str(head.status)
    match head.status:
        case 401 | 403:
            return EngineError(f"{address.name} does not let this program in ({said}). {KEY}, or get another key.")
        case 404 if there and model not in there:
            return wrong_model(address, model, there)
        case 404:
            return EngineError(
                f"{address.name} has nothing at {address.path}, or no model {model!r} ({said}): see that the address "
                "ends as the server's own documentation says, often with /v1."
            )
        case 429:
            wait = seconds_to_wait(head.headers)
            when = f"It asks to wait {wait:,.0f} seconds" if wait is not None else "It does not say how long to wait"
            return EngineError(f"{address.name} answers no more requests for now ({said}). {when}; then try again.")
        case status if 300 <= status < 400:
            return EngineError(
                f"{address.name} sends on to another address ({said}), which is not followed: what you write goes "
                "where you said and nowhere else. Give the server's own address."
            )
        case status if status >= 500:
            return EngineError(f"{address.name} has trouble of its own ({said}). Try again, or see the server's log.")
        case _:
            return EngineError(
                f"{address.name} does not take this request ({said}): see that it is an OpenAI-compatible server and "
                "that it runs this model."
            )


def wrong_model(address: Address, model: str, there: tuple[str, ...]) -> EngineError:
    names = ", ".join(there[:8]) + (f" and {len(there) - 8} more" if len(there) > 8 else "")
    return EngineError(f"{address.name} has no model {model!r}. It has: {names}. Set `model_id` to one of these.")


def seconds_to_wait(headers: Mapping[str, str]) -> float | None:
    """What Retry-After says, where it says it in seconds."""
    said = headers.get("retry-after", "").strip()
    return float(said) if said.isascii() and said.isdigit() and len(said) < 8 else None


def _context(body: str) -> tuple[int, int] | None:
    """How long the prompt is, 0 where that is not said, and how much the model reads; None for another error."""
    try:
        error = parsed(body).get("error")
    except NoAnswer:
        error = None
    if isinstance(error, dict) and (context := numbers(error, "n_ctx")):
        return numbers(error, "n_prompt_tokens") or 0, context
    limit = LIMIT.search(body)
    if limit is None:
        return None
    length = LENGTH.search(body) or REQUESTED.search(body)
    return (int(next(filter(None, length.groups()))) if length else 0), int(limit[1])
