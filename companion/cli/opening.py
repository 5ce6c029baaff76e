"""Putting a conversation together from settings: store, engine, tagger, session."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date
from typing import TYPE_CHECKING, TypeVar

import click

from companion import paths
from companion.cli.agreeing import agreed
from companion.cli.passphrase import unlocked
from companion.conversation import Conversation
from companion.encoder import Encoder
from companion.engine.address import Address
from companion.engine.client import LlamaEngine
from companion.engine.model_file import in_words
from companion.engine.protocol import Engine
from companion.errors import CompanionError, UsageError
from companion.modelhub import catalogue, registry
from companion.modelhub.entry import Entry
from companion.rating import Rater
from companion.safety import notice
from companion.safety.risk.assessor import RiskAssessor
from companion.safety.risk.network_layer import RiskReader
from companion.settings import Settings
from companion.store import Session, Store
from companion.tagging import EncoderTagger

if TYPE_CHECKING:
    from companion.experiment.sitting import BlindConversation, Sitting

Kind = TypeVar("Kind", bound=Conversation)

Note = Callable[[str], None]
"""Where a remark for the person goes."""


def on_standard_error(text: str) -> None:
    """Where remarks go unless a front end shows them itself."""
    click.echo(f"Note: {text}", err=True)


def open_store(*, off_record: bool = False, note: Note = on_standard_error) -> Store:
    """The person's database, or one in memory. Replies that a crash broke off are marked as interrupted.

    For one that is encrypted the passphrase is asked on the terminal, unless a front end shows notes itself: then
    `PassphraseNeeded` is for it to answer, with `encrypted.remember`, and to try again.
    """
    if off_record:
        return Store(None)
    paths.private_folder(paths.data_folder())
    store = unlocked(paths.database(), ask=note is on_standard_error)
    broken = store.recover()
    if broken:
        note(f"{broken} unfinished repl{'y' if broken == 1 else 'ies'} kept as interrupted.")
    return store


def new_engine(settings: Settings, *, off_record: bool = False, ask: bool = False) -> Engine:
    """The engine for the model in the settings; nothing is loaded yet. Raises NotFound when there is no such model.

    For one on another machine the person has to agree, whom `ask` asks on the terminal. Raises ConsentNeeded.
    """
    entry = registry.find(settings.model)
    think = thinks(settings, entry)
    card = entry.sampling_thinking if think else entry.sampling
    if entry.address:
        from companion.modelhub.on_server import engine_for

        agreed(entry.address, ask=ask, off_record=off_record)
        return engine_for(entry, context=settings.context, think=think, card=card)
    return LlamaEngine(
        entry.file,
        adapter=entry.laid,
        layout=entry.layout,
        sha256=entry.sha256,
        state_dir=None if off_record else paths.private_folder(paths.state_folder()),
        context=settings.context or entry.context,
        threads=settings.threads or None,
        gpu_layers=settings.gpu_layers,
        think=think,
        sampling=card.said if card else None,
    )


def judge_engine(judge: str, model_id: str | None, settings: Settings) -> Engine:
    """The engine of a model that rates replies: the name of a model, or the address of a server and its name there.

    Raises as `new_engine`, and UsageError for an address without a name, or that is none.
    """
    if "://" not in judge:
        return new_engine(settings.changed(model=judge), off_record=True, ask=True)
    if not model_id:
        raise UsageError("--judge with an address needs --judge-model, the server's name for the model.")
    from companion.engine.openai import OpenAIEngine

    try:
        address = Address.parse(judge)
    except ValueError as error:
        raise UsageError(f"--judge: {error}.") from None
    agreed(address, ask=True, off_record=False)
    return OpenAIEngine(address, model_id)


def thinks(settings: Settings, entry: Entry) -> bool:
    """Whether a model is to think: as the settings say, or as its entry does."""
    return (entry.think if settings.think == "auto" else settings.think) == "on"


def new_encoder() -> Encoder:
    """The reader of replies; nothing is loaded yet. Raises NotFound when it is not there, with what makes it."""
    encoder = Encoder()
    encoder.check()
    return encoder


def new_risk_reader() -> RiskReader:
    """The reader of the person's messages; nothing is loaded yet. Raises NotFound when it is not there."""
    reader = RiskReader()
    reader.check()
    return reader


def open_conversation(
    settings: Settings,
    *,
    session: str | None = None,
    off_record: bool = False,
    resting: bool = False,
    note: Note = on_standard_error,
) -> Conversation:
    """A new conversation, or the one with this id (or the beginning of one, or `last`).

    Off the record no file is written at all, the engine's log included. `resting` is for a front end that waits for
    the person between turns: the engine reads ahead then.
    """
    if off_record and session:
        raise UsageError("What is off the record is not kept, and so has no session to go on with. Leave one out.")
    engine = new_engine(settings, off_record=off_record, ask=note is on_standard_error)
    encoder = new_encoder()
    store = open_store(off_record=off_record, note=note)
    try:
        found = _session(store, session) or store.new_session(settings.model)
    except BaseException:
        store.close()
        raise
    return _put_together(Conversation, store, engine, encoder, found, settings, resting=resting)


def open_sitting(sitting: Sitting, store: Store) -> BlindConversation:
    """A conversation for somebody who has just consented to take part in an experiment, in the arm they get."""
    from companion.experiment.sitting import BlindConversation  # a chat has no experiments

    encoder = new_encoder()
    session, settings = sitting.enrol()
    engine = new_engine(settings)
    conversation = _put_together(BlindConversation, store, engine, encoder, session, settings, resting=True)
    conversation.everywhere = sitting.whereto
    return conversation


def _put_together(
    kind: type[Kind],
    store: Store,
    engine: Engine,
    encoder: Encoder,
    session: Session,
    settings: Settings,
    *,
    resting: bool,
) -> Kind:
    return kind(
        store,
        engine,
        EncoderTagger(encoder),
        session,
        settings,
        rater=Rater(encoder),
        assessor=RiskAssessor(new_risk_reader()),
        resting=resting,
    )


def _session(store: Store, wanted: str | None) -> Session | None:
    """`last` is the newest session in which something was said, and None where there is no such session."""
    if wanted == "last":
        return next((session for session in store.sessions() if session.turns), None)
    return store.session(wanted) if wanted else None


def suggestion(*, off_record: bool = False) -> str | None:
    """One line about a real model, for who has only the one that ships; None ever after, and off the record.

    Where it cannot be noted that the line was shown it is not shown: better never than each time.
    """
    shown = paths.state_folder() / "suggested"
    if off_record or shown.exists() or not all(entry.ships for entry in registry.known().values()):
        return None
    offer = catalogue.shipped_offers().get(catalogue.suggested())
    if offer is None:
        return None
    try:
        paths.private_folder(shown.parent)
        shown.write_text(f"{offer.name}\n", "utf-8")
    except (OSError, CompanionError):
        return None
    return (
        f"The model that ships is a small demonstration. For real conversations, `companion models get {offer.name}` "
        f"fetches a model trained for this ({in_words(offer.download)} to fetch, {in_words(offer.sizes[offer.kind])} "
        "of disk after that)."
    )


def show_notice(conversation: Conversation, *, off_record: bool = False) -> None:
    """The notice on standard error, on the first start of a day. Off the record, that it was shown is not noted."""
    today = date.today()
    if notice.due(paths.state_folder(), today):
        click.echo(f"{notice.text(conversation.whereto)}\n\n{notice.HELP_FROM_PEOPLE}\n", err=True)
        if not off_record:
            notice.shown(paths.state_folder(), today)
