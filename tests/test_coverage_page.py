"""docs/coverage.md is true: every row once, every tactic, measure and event it names exists, none is missing."""

from __future__ import annotations

import re

from sim.metrics import MEASURES
from sim.strategies import registry
from tests.busy_worlds import ROOT

PAGE = (ROOT / "docs" / "coverage.md").read_text(encoding="utf-8")
ROWS = {"A": 26, "B": 21, "D": 13, "E": 16, "F": 47, "G": 29, "H": 27}


def rows() -> dict[str, str]:
    """Row -> where it is."""
    found = re.findall(r"^\| ([A-H]\d+) \| [^|]+ \| ([^|]+) \|$", PAGE, re.MULTILINE)
    assert len(found) == len(dict(found)), "a row stands twice"
    return dict(found)


def test_every_row_is_there_once() -> None:
    assert set(rows()) == {f"{letter}{k}" for letter, most in ROWS.items() for k in range(1, most + 1)}


def test_every_tactic_is_named_and_no_other() -> None:
    """The rows on strategies name tactics and fields of a scenario; every tactic stands somewhere on the page."""
    words = set(re.findall(r"`([a-z_0-9]+)`", PAGE))
    missing = set(registry()) - words
    assert not missing, f"no row of docs/coverage.md says where these belong: {sorted(missing)}"


def test_measures_it_names_exist() -> None:
    for row, where in rows().items():
        if row.startswith("H"):
            for name in re.findall(r"`([a-z_0-9]+_(?:cents|share|rate|mean|days|factor|d\d+|\d+d))`", where):
                assert name in MEASURES, f"{row}: {name}"
