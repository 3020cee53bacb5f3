"""What a calibration leaves in its folder, and reading a posterior back; imports experiment's files, scenario."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import numpy as np
import pandas as pd

from sim.errors import InputError
from sim.experiment import write_json, write_table

if TYPE_CHECKING:
    from sim.studies.calibrate.outcome import Calibration

POSTERIOR: Final = "posterior.parquet"
MANIFEST: Final = "posterior.json"


def write(found: Calibration) -> None:
    """calibration.json, posterior.parquet with its manifest, scenario.yaml, targets and tables of the checks."""
    import pyarrow as pa

    folder = found.folder
    write_json(folder / "calibration.json", found.answer)
    draws = found.draws()
    write_table(folder / POSTERIOR, pa.Table.from_pandas(draws, preserve_index=False).replace_schema_metadata(None))
    write_json(folder / MANIFEST, manifest_of(found))
    text = found.setting.scenario.to_yaml(folder)
    (folder / "scenario.yaml").write_text(text, encoding="utf-8", newline="\n")
    found.evidence.targets.write(folder / "targets.csv")
    found.predictive.to_csv(folder / "predictive.csv", index=False, float_format="%.6g", lineterminator="\n")
    if found.outlook is not None:
        found.outlook.forecast.write(folder / "forecast.csv")
    recovery_of(found).to_csv(folder / "recovery.csv", index=False, float_format="%.5f", lineterminator="\n")


def manifest_of(found: Calibration) -> dict[str, Any]:
    """What stands beside the draws: where they come from, and whether they are to be used."""
    keys = ("study", "source", "results_version", "customers", "days", "fit_for_decisions", "sentence", "sentence_zh")
    status = {row["path"]: row["status"] for row in found.answer["coefficients"]}
    failed = {
        f"failed_checks{end}": [check[f"sentence{end}"] for check in found.answer["checks"] if not check["passed"]]
        for end in ("", "_zh")
    }
    return {**{key: found.answer[key] for key in keys}, **failed, "status": status}


def recovery_of(found: Calibration) -> pd.DataFrame:
    """A row a planted study and coefficient: what was planted, its rank, the interval (shares of the prior's range)."""
    recovery, paths = found.recovery, found.priors.paths
    parts = [
        pd.DataFrame(
            {"study": np.arange(len(recovery)), "path": path, "planted": recovery.truth[:, k],
             "rank": recovery.rank[:, k], "p05": recovery.low[:, k], "p50": recovery.middle[:, k],
             "p95": recovery.high[:, k]}
        )
        for k, path in enumerate(paths)
    ]  # fmt: skip
    return pd.concat(parts, ignore_index=True)


def read_posterior(source: str | Path) -> tuple[pd.DataFrame, dict[str, Any]]:
    """Draws (a column a path of the scenario) and their manifest (empty if there is none).

    `source`: a calibration's folder, a Parquet file or a CSV.
    """
    path = Path(source)
    file = path / POSTERIOR if path.is_dir() else path
    if not file.is_file():
        hint = "The folder of a calibration, or a Parquet or CSV file with a column a path, like params.alpha."
        raise InputError("no draws there", file=file, hint=hint)
    try:
        draws = pd.read_csv(file) if file.suffix in (".csv", ".gz") else pd.read_parquet(file)
    except (ValueError, OSError) as error:
        raise InputError("the draws cannot be read", file=file, found=str(error).splitlines()[0]) from None
    if draws.empty or not len(draws.columns):
        raise InputError("no draws in the file", file=file, allowed="one row a draw, a column a path of the scenario")
    for name in draws.columns:
        if draws[name].dtype.kind not in "iuf" or not np.isfinite(draws[name].to_numpy(dtype=np.float64)).all():
            raise InputError("a column of draws is not all numbers", file=file, path=str(name), allowed="numbers")
    return draws, posterior_manifest(file)


def posterior_manifest(file: Path) -> dict[str, Any]:
    """What stands beside a file of draws; empty if nothing does."""
    manifest = file.with_suffix(".json")
    about: dict[str, Any] = json.loads(manifest.read_text(encoding="utf-8")) if manifest.is_file() else {}
    return about
