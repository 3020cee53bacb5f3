"""Frozen numbers of small runs: results move only on purpose.

`make baseline` (this file with --write) freezes them anew. It refuses to overwrite a number that moved unless
RESULTS_VERSION was raised since and CHANGELOG.md says why; runs and columns that are merely new are always taken in.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import re
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

from sim.engines import World, simulate
from sim.journal import Journal
from sim.scenario import Scenario
from sim.strategies import registry
from sim.version import RESULTS_VERSION

ROOT = Path(__file__).resolve().parent.parent
FOLDER = Path(__file__).resolve().parent / "baseline"
TABLES = ("daily", "cohorts", "shoppers", "orders", "products", "ledger", "events")
REFRESH = "make baseline"

STRATEGIES: dict[str, Any] = {
    "cut": {"kind": "price_cut", "discount": 0.15, "products": 0.4, "promoted": True, "start": 5, "stop": 20},
    "coupon": {"kind": "coupon", "face": 4.0, "budget_per_day": 60.0},
    "unlock": {"kind": "share_coupon", "face": 6.0},
    "team": {"kind": "group_buy", "discount": 0.35, "size": 2, "window_days": 2},
    "bargain": [
        {"kind": "bargain", "helpers": 1, "gift": 2.0, "budget": 900.0, "products": 0.5},
        {"kind": "bargain", "discount": 0.5, "deadline_days": 2, "random_cut": False, "min_price": 10.0},
    ],
    "leaders": {"kind": "kol_seeding", "seeds": 8, "posts_every": 4},
    "recommend": {"kind": "recommendation", "weight": 2.0},
    "samples": {"kind": "product_sampling", "start": 3, "every": 7},
    "bundle": [
        {"kind": "price_cut", "discount": 0.1, "products": 0.3, "budget": 400.0},
        {"kind": "coupon", "discount": 0.12, "target": {"personas": ["price_hunter", "herd_follower"]}},
        {"kind": "share_coupon", "face": 8.0, "target": {"lifecycle": ["active", "silent", "new"]}},
        {"kind": "group_buy", "discount": 0.4, "size": 3, "capacity": 5, "window_days": 3, "every": 2},
        {"kind": "kol_seeding", "seeds": 5, "choose": "trait", "budget": 900.0},
        {"kind": "recommendation", "by": "popularity"},
    ],
    "members": [
        {"kind": "push", "per_day": 1, "every": 3},
        {"kind": "win_back", "after": 10, "face": 4.0},
        {"kind": "activation", "face": 3.0},
        {"kind": "retention_offer", "threshold": 2.0, "face": 3.0},
        {"kind": "education", "lessons": 3},
        {"kind": "check_in", "reward": 0.1},
        {"kind": "mini_program"},
        {"kind": "emotional_campaign", "reach": 0.3},
        {"kind": "content_community", "reward": 1.0},
        {"kind": "live_stream", "viewers": 0.3},
    ],
    "orders": [
        {"kind": "referral", "gift": 5.0, "reward": 5.0},
        {"kind": "new_user_offer", "face": 3.0, "ads": 0.001},
        {"kind": "share_reward", "reward": 1.0},
        {"kind": "review_reward", "reward": 1.0},
        {"kind": "customer_service", "coverage": 0.5},
        {"kind": "quality_guarantee"},
        {"kind": "points", "goal": 50.0, "reward": 5.0},
        {"kind": "membership", "fee": 3.0, "term_days": 30},
        {"kind": "flash_sale", "discount": 0.3},
    ],
    "gifts": {"kind": "gift", "occasion": "any", "value": 1.0},
    "titles": [
        {"kind": "badges", "step": 2, "pull": 1.0},
        {"kind": "badges", "earn_by": "visits", "step": 7, "budget_per_day": 20.0},
    ],
}
# Written out here and not taken from scenarios/: a shipped file may change without a change of the model.
WORLDS: dict[str, dict[str, Any]] = {
    "closed": {  # everybody a customer, nobody comes or goes
        "days": 30, "burn_in_days": 10, "seed": 7, "population": {"size": 1200, "registered_share": 1.0},
        "graph": {"kind": "powerlaw_cluster", "mean_degree": 10, "triangle_share": 0.3},
        "params": {"churn": 0, "a_inv": 0},
    },
    "open": {  # the shop at defaults
        "days": 45, "burn_in_days": 15, "seed": 8, "population": {"size": 3000, "registered_share": 0.25},
        "graph": {"kind": "community"},
    },
    "launch": {  # friends bring friends
        "days": 45, "burn_in_days": 0, "seed": 9, "population": {"size": 2500, "registered_share": 0.01},
        "graph": {"kind": "small_world", "mean_degree": 12},
        "params": {"organic": 0.002, "a_inv": 0.3, "alpha": -1.0, "s_0": 2.0, "r_0": 10.0},
    },
}  # fmt: skip


# --- what is frozen --------------------------------------------------------------------------------


def column_bytes(column: pd.Series[Any]) -> bytes:
    """The same bytes for the same values, whatever pandas calls their type."""
    if isinstance(column.dtype, pd.CategoricalDtype) or column.dtype.kind not in "biuf":
        return "\x1f".join(column.astype(str)).encode()
    return column.to_numpy().astype("<f8" if column.dtype.kind == "f" else "<i8").tobytes()


def digest(table: pd.DataFrame, columns: list[str]) -> str:
    """One short hash of these columns and the number of rows."""
    found = hashlib.sha256(str(len(table)).encode())
    for name in columns:
        found.update(name.encode() + b"\x00" + column_bytes(table[name]))
    return found.hexdigest()[:16]


def frozen(journal: Journal, columns: dict[str, list[str]] | None = None) -> dict[str, Any]:
    """Sums of all daily columns (integers), and a digest of every table."""
    if columns is None:
        columns = {name: list(getattr(journal, name).columns) for name in TABLES}
    numbers = {name: int(journal.daily[name].sum()) for name in columns["daily"] if name in journal.daily}
    digests = {
        name: digest(getattr(journal, name), wanted)
        if set(wanted) <= set(getattr(journal, name).columns)
        else "columns are missing: " + ", ".join(sorted(set(wanted) - set(getattr(journal, name).columns)))
        for name, wanted in columns.items()
    }
    return {"columns": columns, "sums": numbers, "digests": digests}


def run_world(world: str, labels: list[str]) -> dict[str, Journal]:
    """The journals of these strategies in one of the small worlds."""
    scenario = Scenario.from_dict({"name": f"baseline {world}", **WORLDS[world], "strategies": STRATEGIES})
    built = World.build(scenario)
    return {label: simulate(scenario, label, world=built, events=True) for label in labels}


def moved(stored: dict[str, Any], found: dict[str, Any]) -> list[str]:
    """What differs, in words; `found` must be frozen with the columns of `stored`."""
    words = []
    for name, before in stored["sums"].items():
        now = found["sums"].get(name)
        if now != before:
            words.append(f"daily.{name}: sum was {before:,}, is {'missing' if now is None else format(now, ',')}")
    for name, before in stored["digests"].items():
        now = found["digests"].get(name)
        if now != before:
            words.append(f"table {name}: digest was {before}, is {now}")
    return words


def compare(stored: dict[str, Any], journals: dict[str, Journal]) -> list[str]:
    """All that moved in one world, and runs that are gone."""
    words = [f"{label}: is no longer run" for label in stored["runs"] if label not in journals]
    for label, numbers in stored["runs"].items():
        if label in journals:
            words += [f"{label}: {what}" for what in moved(numbers, frozen(journals[label], stored["columns"]))]
    return words


def advice(world: str, words: list[str]) -> str:
    """What a failing test says: what moved, and what to do."""
    shown = words if len(words) <= 25 else [*words[:25], f"and {len(words) - 25} more"]
    return (
        f"results moved in the small world '{world}' ({len(words)} numbers):\n  " + "\n  ".join(shown) + "\n"
        "If no result was meant to move, this is a bug: find the change that did it.\n"
        "If it was meant: raise RESULTS_VERSION in sim/version.py, add an entry marked "
        "'**results version N**' to CHANGELOG.md that says what moved and why, then run `" + REFRESH + "`."
    )


def read(folder: Path) -> dict[str, Any]:
    """The frozen numbers, by world."""
    return {path.stem: json.loads(path.read_text(encoding="utf-8")) for path in sorted(folder.glob("*.json"))}


# --- writing ---------------------------------------------------------------------------------------


def refusal(moves: bool, stored_version: int | None, version: int, changelog: str) -> str | None:
    """Why numbers may not be frozen anew, or None if they may."""
    if stored_version is not None and version < stored_version:
        return f"RESULTS_VERSION is {version}, but the frozen numbers are of version {stored_version}: never lower it"
    if moves and stored_version is not None and version <= stored_version:
        return (
            f"numbers moved but RESULTS_VERSION is still {version}: if that was meant, raise it in sim/version.py "
            f"to {stored_version + 1} and say why in CHANGELOG.md; if not, find what moved them"
        )
    if not re.search(rf"\*\*results version {version}\*\*", changelog):
        return (
            f"CHANGELOG.md has no entry for these numbers: add one marked '**results version {version}**' that says "
            "what moved and why"
        )
    return None


def write(
    folder: Path, found: dict[str, dict[str, Journal]], version: int, changelog: str
) -> tuple[list[str], str | None]:
    """Freeze these runs; returns what moved, and why nothing was written (None if it was)."""
    stored = read(folder)
    moves = [f"{world}: {what}" for world, was in stored.items() for what in compare(was, found.get(world, {}))]
    newest = max((was["results_version"] for was in stored.values()), default=None)
    why = refusal(bool(moves), newest, version, changelog)
    if why is not None:
        return moves, why
    for world in set(stored) - set(found):
        (folder / f"{world}.json").unlink()
    for world, journals in found.items():
        numbers = {label: frozen(journal) for label, journal in journals.items()}
        columns = next(iter(numbers.values()))["columns"]
        runs = {label: {name: what[name] for name in ("sums", "digests")} for label, what in numbers.items()}
        content = {"results_version": version, "columns": columns, "runs": runs}
        (folder / f"{world}.json").write_text(json.dumps(content, indent=1) + "\n", encoding="utf-8")
    return moves, None


def main() -> int:
    """The command: print what moves; with --write, freeze it."""
    options = argparse.ArgumentParser(description="Frozen numbers of small runs: what moved since they were frozen?")
    options.add_argument("--write", action="store_true", help="freeze the numbers of this source tree")
    asked = options.parse_args()
    found = {world: run_world(world, ["control", *STRATEGIES]) for world in WORLDS}
    if not asked.write:
        words = [
            f"{world}: {what}" for world, was in read(FOLDER).items() for what in compare(was, found.get(world, {}))
        ]
        print("\n".join(words) or "nothing moved")
        return int(bool(words))
    words, why = write(FOLDER, found, RESULTS_VERSION, (ROOT / "CHANGELOG.md").read_text(encoding="utf-8"))
    print("\n".join(words) or "no frozen number moved")
    if why is not None:
        print(f"not written: {why}", file=sys.stderr)
        return 2
    print(f"frozen: {', '.join(f'{FOLDER.name}/{world}.json' for world in found)} (results version {RESULTS_VERSION})")
    return 0


# --- tests -----------------------------------------------------------------------------------------


@pytest.mark.parametrize("world", WORLDS)
def test_results_stand_still(world: str) -> None:
    stored = read(FOLDER)[world]
    journals = run_world(world, list(stored["runs"]))
    words = compare(stored, journals)
    assert not words, advice(world, words)
    assert stored["results_version"] == RESULTS_VERSION, f"RESULTS_VERSION was raised: now run `{REFRESH}`"
    # the frozen runs are no empty ones: every strategy moved something, and so did the days
    sums = {label: numbers["digests"]["events"] for label, numbers in stored["runs"].items()}
    assert len(set(sums.values())) == len(sums)
    assert min(numbers["sums"]["orders"] for numbers in stored["runs"].values()) > 100


def test_every_tactic_is_frozen() -> None:
    """A new tactic needs a run here, then `make baseline` (which takes new runs in as they are)."""
    tactics = [tactic for spec in STRATEGIES.values() for tactic in (spec if isinstance(spec, list) else [spec])]
    assert {tactic["kind"] for tactic in tactics} == set(registry())
    stored = read(FOLDER)
    assert set(stored) == set(WORLDS), f"worlds are not frozen yet: run `{REFRESH}`"
    for was in stored.values():
        assert list(was["runs"]) == ["control", *STRATEGIES], f"new runs are not frozen yet: run `{REFRESH}`"


@pytest.fixture(scope="module")
def small() -> dict[str, dict[str, Journal]]:
    scenario = Scenario.from_dict(
        {"name": "tiny", "days": 5, "population": {"size": 60}, "strategies": {"team": {"kind": "group_buy"}}}
    )
    return {"tiny": {label: simulate(scenario, label, events=True) for label in scenario.labels}}


def test_numbers_are_refreshed_only_on_purpose(small: dict[str, dict[str, Journal]], tmp_path: Path) -> None:
    log = "- First (**results version 1**)."
    one = {"tiny": {"control": small["tiny"]["control"]}}
    assert "CHANGELOG" in str(write(tmp_path, one, 1, "nothing here, not even for results version 1")[1])
    assert not list(tmp_path.iterdir())
    assert write(tmp_path, one, 1, log) == ([], None)
    before = (tmp_path / "tiny.json").read_bytes()
    assert write(tmp_path, small, 1, log) == ([], None)  # a run more moves nothing
    grown = (tmp_path / "tiny.json").read_bytes()
    assert json.loads(before)["runs"]["control"] == json.loads(grown)["runs"]["control"]
    other = small["tiny"]["control"]
    other = Journal(**{**vars(other), "daily": other.daily.assign(orders=other.daily["orders"] + 1)})
    changed = {"tiny": {**small["tiny"], "control": other}}
    words, why = write(tmp_path, changed, 1, log)
    assert any("daily.orders: sum was" in what for what in words)
    assert "raise it" in str(why)
    assert "CHANGELOG" in str(write(tmp_path, changed, 2, log)[1])
    assert "never lower" in str(write(tmp_path, small, 0, log)[1])
    assert write(tmp_path, one, 1, log)[1] is not None  # dropping a run is no way out
    assert write(tmp_path, {"another": small["tiny"]}, 1, log)[1] is not None
    assert (tmp_path / "tiny.json").read_bytes() == grown
    assert write(tmp_path, changed, 2, log + "\n- **results version 2**: orders counted twice.")[1] is None
    assert json.loads((tmp_path / "tiny.json").read_text())["results_version"] == 2


def test_every_value_counts_in_a_digest(small: dict[str, dict[str, Journal]]) -> None:
    """One value changed anywhere, a column lost, a row lost: each is seen; a column more is not."""
    journal = small["tiny"]["control"]
    stored = frozen(journal)
    for table in TABLES:
        frame: pd.DataFrame = getattr(journal, table)
        if len(frame) == 0:
            continue
        for name in frame.columns:
            column = frame[name].astype(str).to_numpy(dtype=object).copy()
            if frame[name].dtype.kind in "biuf":
                column = frame[name].to_numpy().copy()
                column[-1] = not column[-1] if column.dtype == np.bool_ else column[-1] + 1
            else:
                column[-1] += "x"
            changed = Journal(**{**vars(journal), table: frame.assign(**{name: column})})
            assert any(f"table {table}" in what for what in moved(stored, frozen(changed, stored["columns"]))), name
        for less in (frame.iloc[:-1], frame.drop(columns=frame.columns[-1])):
            assert moved(stored, frozen(Journal(**{**vars(journal), table: less}), stored["columns"]))
        more = Journal(**{**vars(journal), table: frame.assign(news=1)})
        assert moved(stored, frozen(more, stored["columns"])) == []


if __name__ == "__main__":
    sys.exit(main())
