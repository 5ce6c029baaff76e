"""`companion serve`."""

from __future__ import annotations

import sys
from collections.abc import Mapping
from typing import Any

import click

from companion import settings
from companion.cli import chat
from companion.errors import CompanionError
from companion.serving.door import listen

PASSED_ON = [option for option in chat.command.params if isinstance(option, click.Option) and option.name != "plain"]
"""What the chat is started with."""

NOT_INSTALLED = """\
The chat in a browser needs textual-serve, which is not installed. \
`pip install "companion-chat[serve]"` installs it; `companion chat` works without."""
OPEN_TO_OTHERS = """\
Warning: other machines can reach this chat. What is said goes over the network unencrypted, and who has the address can
read and write everything in it."""
SERVING = "The chat is at the address above for as long as this runs; who has the address has the chat. Ctrl-C ends it."


@click.command("serve")
@click.option("--host", metavar="HOST", default="127.0.0.1", show_default=True, help="Where to listen.")
@click.option("--port", type=click.IntRange(0, 65535), default=8000, show_default=True, help="0 takes any free one.")
@click.option("--open-to-others", is_flag=True, help="Allow a HOST that other machines can reach. Not encrypted.")
def command(host: str, port: int, open_to_others: bool, **chosen: Any) -> int:
    """The chat in a browser on this machine.

    The address that is printed has a token in it, without which nothing is shown. Every tab is a chat of its own, with
    a model of its own in memory; closing the tab ends it as closing a terminal would, and what was said is kept.
    """
    settings.load().changed(  # what is wrong is said here, and not in the browser
        model=chosen["model"],
        candidates=chosen["candidates"],
        planner=False if chosen["no_plan"] else None,
    )
    try:
        from companion.serving.server import ChatServer, serve
    except ModuleNotFoundError:
        raise CompanionError(NOT_INSTALLED) from None
    listening, door = listen(host, port, open_to_others=open_to_others)
    if not door.loopback:
        click.echo(OPEN_TO_OTHERS, err=True)
    click.echo(door.address)
    sys.stdout.flush()
    click.echo(SERVING, err=True)
    return serve(ChatServer([sys.executable, "-m", "companion", "chat", *passed_on(chosen)], door), listening)


command.params.extend(PASSED_ON)


def passed_on(chosen: Mapping[str, Any]) -> list[str]:
    """The options of the chat as they stand on its command line."""
    arguments = []
    for option in PASSED_ON:
        value = chosen[option.name or ""]
        if option.is_flag and value:
            arguments.append(option.opts[0])
        elif not option.is_flag and value is not None:
            arguments.append(f"{option.opts[0]}={value}")
    return arguments
