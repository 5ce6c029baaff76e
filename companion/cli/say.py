"""`companion say`."""

from __future__ import annotations

import json
import sys
from dataclasses import asdict

import click

from companion import settings
from companion.cli.agreeing import give
from companion.cli.opening import open_conversation, show_notice
from companion.conversation import hear
from companion.engine.protocol import EngineError
from companion.events import Failed, Finished, Reply, Stopped, Token, Trimmed
from companion.modelhub import registry


@click.command("say")
@click.argument("text")
@click.option("--session", "session_id", metavar="ID", help="Continue this session instead of starting one.")
@click.option("--model", metavar="NAME|PATH", help="The model to talk to.")
@click.option("--candidates", metavar="N", help="Compare up to N ways each sentence could go (1 to 4); 1 streams.")
@click.option("--no-plan", is_flag=True, help="Reply without a plan.")
@click.option("--off-record", is_flag=True, help="Keep nothing of it.")
@click.option("--yes", is_flag=True, help="Agree, this time, that TEXT goes to the server that the model is on.")
@click.option("--json", "as_json", is_flag=True, help="The reply, its sentences with tactics, the plan and timings.")
def command(
    text: str,
    session_id: str | None,
    model: str | None,
    candidates: str | None,
    no_plan: bool,
    off_record: bool,
    yes: bool,
    as_json: bool,
) -> int:
    """Say TEXT and print the reply; - reads standard input.

    The session's id goes to standard error (or into the JSON); give it to --session to continue.
    """
    chosen = settings.load().changed(model=model, candidates=candidates, planner=False if no_plan else None)
    words = hear(sys.stdin.buffer.read().decode("utf-8", "replace") if text == "-" else text)
    if yes and (address := registry.find(chosen.model).address):
        give(address, off_record=True)
    conversation = open_conversation(chosen, session=session_id, off_record=off_record)
    failure: EngineError | None = None
    try:
        show_notice(conversation, off_record=off_record)
        if conversation.whereto:
            click.echo(conversation.whereto, err=True)
        for event in conversation.say(words):
            match event:
                case Trimmed(messages):
                    click.echo(f"Note: the first {messages} messages are out of the model's view.", err=True)
                case Token(piece) if not as_json:
                    click.echo(piece, nl=False)
                case Finished(reply) | Stopped(reply) | Failed(reply):
                    if as_json:
                        click.echo(json.dumps(as_record(conversation.session.id, reply), ensure_ascii=False))
                    elif reply.text:
                        click.echo()
                    if isinstance(event, Failed):
                        failure = event.error
                case _:
                    pass
        if not as_json and not off_record:
            click.echo(f"session {conversation.session.id}", err=True)
        if failure:
            raise failure
        return 0
    finally:
        conversation.close()


def as_record(session: str, reply: Reply) -> dict[str, object]:
    """The reply as others read it. Keys are added, never renamed."""
    plan = reply.plan
    return {
        "session": session,
        "turn": reply.turn_id,
        "reply": reply.text,
        "status": reply.status,
        "sentences": [
            {"text": s.text, "tactics": list(s.tactics), "scores": {t: round(v, 4) for t, v in s.scores.items()}}
            for s in reply.sentences
        ],
        "plan": plan
        and {
            "weights": {tactic: round(weight, 6) for tactic, weight in plan.weights.items()},
            "targets": list(plan.targets),
            "resting": list(plan.resting),
            "avoid_openers": list(plan.avoid_openers),
            "reason": plan.reason,
        },
        "choices": [
            {
                "kept": choice.kept,
                "reason": choice.reason,
                "considered": [
                    {
                        "text": each.text,
                        "tactics": list(each.tactics),
                        "score": each.parts,
                        "veto": each.veto,
                    }
                    for each in choice.considered
                ],
            }
            for choice in reply.choices
        ],
        "empathy": reply.empathy and {k: round(v, 2) for k, v in asdict(reply.empathy).items()},
        "timings": {
            "prompt_tokens": reply.timings.prompt_tokens,
            "cached_tokens": reply.timings.cached_tokens,
            "reply_tokens": reply.timings.reply_tokens,
            "first_ms": round(reply.timings.first_ms, 1),
            "total_ms": round(reply.timings.total_ms, 1),
        },
    }
