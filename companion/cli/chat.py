"""`companion chat`."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable

import click

from companion import settings
from companion.conversation import Conversation
from companion.settings import Settings


@click.command("chat")
@click.option("--model", metavar="NAME|PATH", help="The model to talk to.")
@click.option("--resume", metavar="ID", help="Go on with a session: its id, the beginning of it, or `last`.")
@click.option("--plain", is_flag=True, help="Plain lines instead of a full screen: for screen readers and scripts.")
@click.option("--off-record", is_flag=True, help="Keep nothing: the conversation is never written to the disk.")
@click.option("--candidates", metavar="N", help="Compare up to N ways each sentence could go (1 to 4); 1 streams.")
@click.option("--no-plan", is_flag=True, help="Reply without a plan.")
def command(
    model: str | None, resume: str | None, plain: bool, off_record: bool, candidates: str | None, no_plan: bool
) -> int:
    """Talk with the companion.

    Everything is saved as it is said. F1 inside the chat lists the keys, and what else can be done.
    """
    chosen = settings.load().changed(model=model, candidates=candidates, planner=False if no_plan else None)
    whole_screen = "TEXTUAL_DRIVER" in os.environ or (sys.stdin.isatty() and sys.stdout.isatty())
    if plain or not whole_screen:
        return _plain(chosen, resume, off_record)
    return _whole_screen(chosen, resume, off_record)


def _plain(chosen: Settings, resume: str | None, off_record: bool) -> int:
    from companion.cli.opening import open_conversation, show_notice, suggestion
    from companion.plain import PlainChat

    conversation = open_conversation(chosen, session=resume, off_record=off_record, resting=True)
    try:
        show_notice(conversation, off_record=off_record)
        if conversation.whereto:
            click.echo(conversation.whereto)
        if line := suggestion(off_record=off_record):
            click.echo(line, err=True)
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


def _whole_screen(chosen: Settings, resume: str | None, off_record: bool) -> int:
    from companion.tui.app import CompanionApp

    def opener(*, off_record: bool, note: Callable[[str], None]) -> Conversation:
        from companion.cli.opening import open_conversation, suggestion  # after the first frame

        session = None if off_record else resume
        conversation = open_conversation(chosen, session=session, off_record=off_record, resting=True, note=note)
        if line := suggestion(off_record=off_record):
            note(line)
        return conversation

    app = CompanionApp(opener, chosen, off_record=off_record)
    code = app.run()
    if app.fault is not None:
        raise app.fault
    return code or 0
