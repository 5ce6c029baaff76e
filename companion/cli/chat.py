"""`companion chat`."""

from __future__ import annotations

import click

from companion import settings
from companion.cli.opening import open_conversation, show_notice


@click.command("chat")
@click.option("--model", metavar="NAME|PATH", help="The model to talk to.")
@click.option("--resume", metavar="ID", help="Go on with a session: its id, the beginning of it, or `last`.")
@click.option("--plain", is_flag=True, help="Plain lines, for screen readers (for now the only interface).")
@click.option("--off-record", is_flag=True, help="Keep nothing: the conversation is never written to the disk.")
@click.option("--candidates", metavar="N", help="Compare up to N ways each sentence could go (1 to 4); 1 streams.")
@click.option("--no-plan", is_flag=True, help="Reply without a plan.")
def command(
    model: str | None, resume: str | None, plain: bool, off_record: bool, candidates: str | None, no_plan: bool
) -> int:
    """Talk with the companion.

    Everything is saved as it is said. /help inside the chat lists what else can be done.
    """
    from companion.plain import PlainChat

    chosen = settings.load().changed(model=model, candidates=candidates, planner=False if no_plan else None)
    conversation = open_conversation(chosen, session=resume, off_record=off_record, resting=True)
    try:
        show_notice(off_record=off_record)
        session = conversation.session
        if off_record:
            click.echo(f"Off the record with {chosen.model}: nothing of this is kept. /help for help, /quit to leave.")
        elif session.turns:
            click.echo(f"Going on with {session.id}: {session.title}. /help for help, /quit to leave.")
        else:
            click.echo(f"New session {session.id} with {chosen.model}. /help for help, /quit to leave.")
        return PlainChat(conversation).run()
    finally:
        conversation.close()
