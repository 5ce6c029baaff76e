"""Putting a conversation together from settings: store, engine, tagger, session."""

from __future__ import annotations

import sys
from datetime import date

import click

from companion import models, paths
from companion.conversation import Conversation
from companion.engine.client import LlamaEngine
from companion.safety import notice
from companion.settings import Settings
from companion.store import Store
from companion.tagging import RuleTagger


def open_store(*, off_record: bool = False) -> Store:
    """The person's database, or one in memory. Replies that a crash broke off are marked as interrupted."""
    if off_record:
        return Store(None)
    paths.private_folder(paths.data_folder())
    store = Store(paths.database())
    broken = store.recover()
    if broken:
        click.echo(f"Note: {broken} unfinished repl{'y' if broken == 1 else 'ies'} kept as interrupted.", err=True)
    return store


def open_conversation(settings: Settings, *, session: str | None = None, off_record: bool = False) -> Conversation:
    """A new conversation, or the one with this id (or the beginning of one, or `last`)."""
    model = models.find(settings.model)
    store = open_store(off_record=off_record)
    if session == "last":
        newest = store.sessions(limit=1)
        found = newest[0] if newest else store.new_session(settings.model)
    else:
        found = store.session(session) if session else store.new_session(settings.model)
    engine = LlamaEngine(model, state_dir=paths.private_folder(paths.state_folder()), threads=settings.threads or None)
    return Conversation(store, engine, RuleTagger(), found, settings)


def show_notice(*, always: bool = False) -> None:
    """The notice on standard error, on the first start of a day."""
    today = date.today()
    if always or notice.due(paths.state_folder(), today):
        click.echo(f"{notice.NOTICE}\n\n{notice.HELP_FROM_PEOPLE}\n", err=True)
        sys.stderr.flush()
        notice.shown(paths.state_folder(), today)
