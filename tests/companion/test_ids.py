"""Every rule of safety (S1-S22) and every threat to privacy (P1-P17) of the project has a test that names it."""

from __future__ import annotations

import re
from collections import defaultdict
from pathlib import Path

import pytest

TESTS = Path(__file__).parents[1]
IDS = [*(f"s{number}" for number in range(1, 23)), *(f"p{number}" for number in range(1, 18))]


def named() -> dict[str, set[str]]:
    """The names of tests by the ids that they name; "s5_to_s9" names five."""
    found: dict[str, set[str]] = defaultdict(set)
    for file in TESTS.rglob("test_*.py"):
        for name in re.findall(r"^(?:async )?def (test_\w+)", file.read_text("utf-8"), re.MULTILINE):
            for each in re.findall(r"(?<=_)([sp]\d{1,2})(?=_|$)", name):
                found[each].add(f"{file.stem}::{name}")
    return found


@pytest.mark.parametrize("each", IDS)
def test_every_rule_and_every_threat_has_a_test_that_names_it(each: str) -> None:
    assert named()[each], f"no test names {each.upper()}"


def test_no_test_names_a_rule_that_there_is_not() -> None:
    assert set(named()) <= set(IDS)
