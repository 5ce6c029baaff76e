"""What `companion doctor` says about one thing."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing that was looked at; `fix` says what to do where it is not right, or could be better."""

    name: str
    right: bool
    found: str
    fix: str = ""
