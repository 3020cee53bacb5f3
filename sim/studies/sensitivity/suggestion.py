"""Designs that fit a method, around the factors of a stored sweep; imports experiment, swept."""

from __future__ import annotations

from pathlib import Path
from typing import Any, Final

import yaml

from sim.experiment import Results
from sim.studies.swept import Factor

#: kind of design -> what it is for
KINDS: Final = {"morris": "trajectories", "saltelli": "base"}
_SIZE: Final = {"morris": 20, "saltelli": 64}


def write_designs(results: Results, factors: tuple[Factor, ...]) -> dict[str, tuple[Path, int]]:
    """Design files in the folder's `sensitivity/`, for Morris and for Sobol: kind -> (file, points it would run)."""
    folder = results.folder / "sensitivity"
    folder.mkdir(exist_ok=True)
    found = {}
    for kind, size in KINDS.items():
        file = folder / f"{kind}.yaml"
        content: dict[str, Any] = {
            "name": f"{results.manifest['name'][:48]}-{kind}", "scenario": "../scenario.yaml", "kind": kind,
            size: _SIZE[kind], "factors": {factor.path: _values(factor) for factor in factors},
        }  # fmt: skip
        head = f"# The factors of {results.manifest['name']}, for `grapevine sweep {file}`.\n"
        file.write_text(head + yaml.safe_dump(content, sort_keys=False, allow_unicode=True), encoding="utf-8")
        n_points = _SIZE[kind] * (len(factors) + (1 if kind == "morris" else 2))
        found[kind] = (file, n_points)
    return found


def _values(factor: Factor) -> Any:
    if factor.texts:
        return [{"on": True, "off": False}.get(text, text) for text in factor.texts]
    low, high = (float(f"{end:.6g}") for end in (factor.values.min(), factor.values.max()))
    whole = bool((factor.values == factor.values.round()).all())
    return {"low": int(low), "high": int(high)} if whole else {"low": low, "high": high}
