"""The models there are and those that could be fetched, with what each costs and whether it fits this machine."""

from __future__ import annotations

from dataclasses import dataclass

from companion.engine.model_file import available_memory, check_model_file, needed_memory
from companion.engine.profile import guess_layout
from companion.errors import CompanionError
from companion.modelhub import catalogue, memory, registry
from companion.modelhub.catalogue import Offer
from companion.modelhub.entry import Entry
from companion.modelhub.getting import left_of
from companion.modelhub.memory import Fit
from planner.layouts import Layout


@dataclass(frozen=True, slots=True)
class Row:
    """One line of the list. Sizes in bytes; None is not known, or costs nothing here."""

    name: str
    here: bool
    """Whether it can be talked to now; else `models get` fetches it."""
    ships: bool
    engine: str
    layout: Layout | None
    purpose: str
    licence: str
    source: str
    path: str | None
    sha256: str
    disk: int | None
    memory: int | None
    fit: Fit
    download: int | None
    begun: int = 0
    """Bytes that an interrupted `get` has left, for it to go on from or `remove` to delete."""
    problem: str = ""
    """Why it cannot be talked to, for one that is here."""


def rows(context: int | None) -> list[Row]:
    """What is here first, then the rest of the catalogue. `context` is the setting, None where memory decides."""
    offers, known = catalogue.offers(), registry.known()
    free, whole = available_memory(), memory.total()
    here = [_of_entry(entry, offers.get(name), context, free, whole) for name, entry in known.items()]
    rest = [_of_offer(offer, free, whole) for name, offer in offers.items() if offer.repository and name not in known]
    return here + rest


def _of_entry(entry: Entry, offer: Offer | None, context: int | None, free: int | None, whole: int | None) -> Row:
    disk: int | None = None
    need: int | None = None
    layout, problem = entry.layout, ""
    if entry.path is not None:
        try:
            header = check_model_file(entry.path)
            disk = entry.path.stat().st_size
            layout = layout or guess_layout(header)
            tokens = context or entry.context or memory.context_for(disk, header.cache_bytes, header.context, free)
            need = needed_memory(header, disk, min(tokens, header.context or tokens))
        except (CompanionError, OSError) as error:
            problem = str(error)
    return Row(
        name=entry.name,
        here=True,
        ships=entry.ships,
        engine=entry.engine,
        layout=layout or Layout.TAIL,
        purpose=offer.purpose if offer else "",
        licence=entry.licence or (offer.licence if offer and entry.ships else ""),
        source=entry.source or entry.base_url or "",
        path=str(entry.path) if entry.path else None,
        sha256=entry.sha256,
        disk=disk,
        memory=need,
        fit=memory.fit(need, free, whole) if need is not None else "unknown",
        download=None,
        problem=problem,
    )


def _of_offer(offer: Offer, free: int | None, whole: int | None) -> Row:
    disk = offer.sizes.get(offer.kind)
    need = offer.memory(disk, free) if disk else None
    return Row(
        name=offer.name,
        here=False,
        ships=False,
        engine="llama",
        layout=offer.layout,
        purpose=offer.purpose,
        licence=offer.licence,
        source=offer.repository,
        path=None,
        sha256="",
        disk=disk,
        memory=need,
        fit=memory.fit(need, free, whole) if need is not None else "unknown",
        download=offer.download or None,
        begun=left_of(offer.name),
    )
