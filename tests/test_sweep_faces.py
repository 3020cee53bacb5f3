"""Sweeps as people meet them: the commands, their JSON and exit codes, SQL and spreadsheets against pandas."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pandas as pd
import pytest
from sweeps import SCENARIO, run
from typer.testing import CliRunner

import sim
from sim.cli.commands import app
from sim.design import value_at
from sim.errors import InputError
from sim.experiment import Results
from sim.experiment.handing_out import export, query
from sim.studies.compare import verdict

DESIGN = """
scenario: shop.yaml
set: {replications: 2}
factors: {params.b_h: [0.1, 0.5], strategies.team_up.discount: [0.1, 0.3]}
"""


class Answer:
    """What a command printed and how it left."""

    def __init__(self, *words: object) -> None:
        done = CliRunner().invoke(app, [str(word) for word in words])
        self.code, self.out, self.err = done.exit_code, done.stdout, done.stderr
        if done.exception is not None and not isinstance(done.exception, SystemExit):
            raise done.exception

    @property
    def json(self) -> Any:
        return json.loads(self.out)


@pytest.fixture
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "shop.yaml").write_text(SCENARIO)
    (tmp_path / "d.yaml").write_text(DESIGN)
    return tmp_path


@pytest.fixture(scope="module")
def swept(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with a failure in it, by fake engines."""
    folder = tmp_path_factory.mktemp("swept") / "r"
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("GRAPEVINE_FAKE", "fail=coupons:1")
        run(folder)
    return folder


def test_sweep_from_dry_run_to_query(here: Path) -> None:
    dry = Answer("sweep", "d.yaml", "--dry-run", "--json", "--quiet")
    assert (dry.code, dry.json["runs"], dry.json["points"]) == (0, 24, 4)
    assert dry.json["seconds_per_run"] > 0
    assert not (here / "results").exists()
    words = Answer("sweep", "d.yaml", "--dry-run", "--quiet").out
    assert "4 points x 3 strategies x 2 replications: 24 runs" in words
    done = Answer("sweep", "d.yaml", "--jobs", "1", "--json", "--quiet")
    assert done.code == 0
    state = done.json
    assert (state["runs"], state["done"], state["missing"], state["failed"]) == (24, 24, 0, 0)
    assert "With 1 world a point hardly anything can be clear" in Answer("resume", state["folder"], "--quiet").out
    assert state["folder"] == f"results/d-{dry.json['digest']}"
    assert Answer("status", state["folder"], "--json").json == state
    assert "24 of 24 runs done" in Answer("status", state["folder"]).out
    assert "no run failed" in Answer("failures", state["folder"]).out
    sql = "SELECT point, avg(gmv_cents) AS gmv FROM runs WHERE strategy = 'team_up' GROUP BY point ORDER BY point"
    rows = Answer("query", state["folder"], sql, "--json").json
    runs = Results.open(state["folder"]).runs
    expected = runs[runs["strategy"] == "team_up"].groupby("point")["gmv_cents"].mean()
    assert [row["gmv"] for row in rows] == expected.tolist()
    table = Results.open(state["folder"]).verdicts
    for point in range(4):  # a verdict a point is the verdict on that point's runs alone
        alone = verdict(runs[runs["point"] == point], "profit_cents", {}, labels=["control", "team_up", "coupons"])
        mine = table[table["point"] == point].set_index("strategy")
        assert mine.index[mine["is_chosen"]].tolist() == [alone["choice"]["label"]]
        for label, entry in alone["measures"]["profit_cents"].items():
            for name in ("mean", "diff", "ci_low", "ci_high", "p_best"):
                assert mine.loc[label, name] == entry[name] or (entry[name] is None and pd.isna(mine.loc[label, name]))
    # from Python the same, in the same folder
    results = sim.sweep("d.yaml", jobs=1, to=state["folder"])
    pd.testing.assert_frame_equal(results.runs, runs)


def test_shards_are_merged_and_resumed(here: Path) -> None:
    one = Answer("sweep", "d.yaml", "--jobs", "1", "--shard", "1/2", "--json", "--quiet").json
    assert one["folder"].endswith("-shard-1-of-2")
    assert (one["runs"], one["done"]) == (12, 12)
    merged = Answer("merge", one["folder"], "--into", "all", "--json").json
    assert (merged["runs"], merged["done"], merged["missing"]) == (24, 12, 12)
    resumed = Answer("resume", "all", "--jobs", "1", "--json", "--quiet")
    assert (resumed.code, resumed.json["missing"]) == (0, 0)
    direct = Answer("sweep", "d.yaml", "--jobs", "1", "--out", "other", "--json", "--quiet").json
    pd.testing.assert_frame_equal(Results.open("all").runs, Results.open(direct["folder"]).runs)


def test_resume_of_a_comparison_gives_its_verdict_again(here: Path) -> None:
    done = Answer("compare", "shop.yaml", "--jobs", "1", "--json", "--quiet")
    folder = Path(done.json["folder"])
    verdict = (folder / "verdict.json").read_text()
    (folder / "verdict.json").unlink()
    assert Answer("resume", folder, "--quiet").code == 0
    assert (folder / "verdict.json").read_text() == verdict
    assert Answer("status", folder, "--json").json["points"] == 1


def test_failures_name_the_runs_and_the_commands(swept: Path) -> None:
    answer = Answer("failures", swept)
    assert answer.out.count("RuntimeError: the shop burned down") == 6
    assert "--strategy coupons --replication 1 --set population.size=50 --set params.b_h=0.1" in answer.out
    rows = Answer("failures", swept, "--json").json
    assert len(rows) == 6
    assert "simulate" in rows[0]["traceback"]
    state = Answer("status", swept, "--json").json
    assert (state["done"], state["failed"], state["missing"]) == (66, 6, 0)
    assert "6 failed" in Answer("status", swept).out


@pytest.mark.parametrize("sql", ["SELEC 1", "SELECT * FROM nothing", "SELECT fame FROM runs"])
def test_a_wrong_query_is_a_message(swept: Path, sql: str) -> None:
    answer = Answer("query", swept, sql)
    assert answer.code == 2
    assert "the query failed" in answer.err
    assert answer.out == ""


BAD = {
    "no such design": (["sweep", "how_generos"], "how_generous"),
    "no such keep": (["sweep", "d.yaml", "--keep", "some"], "runs, orders, records, daily, all"),
    "no such executor": (["sweep", "d.yaml", "--executor", "ray"], "loky, dask or dask://HOST:PORT"),
    "no such shard": (["sweep", "d.yaml", "--shard", "5/4"], "i/n"),
    "no such folder": (["status", "nowhere"], "no such results folder"),
    "nothing to resume": (["resume", "."], "no manifest.json"),
    "no such format": (["export", "{swept}", "--format", "pdf"], "csv or xlsx"),
    "merged into itself": (["merge", "{swept}", "--into", "{swept}"], "into itself"),
}


@pytest.mark.parametrize("case", BAD)
def test_bad_input_gives_one_message_and_code_2(here: Path, swept: Path, case: str) -> None:
    words, message = BAD[case]
    answer = Answer(*(word.format(swept=swept) for word in words))
    assert answer.code == 2
    assert message in " ".join(answer.err.split())
    assert answer.out == ""


# --- tables for other tools ----------------------------------------------------------------------------


def test_query_sees_every_table_also_of_a_sweep_under_way(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("GRAPEVINE_FAKE", "fail=coupons:1")

    def stop(progress: Any) -> None:
        if progress.done >= 50:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        run(tmp_path / "r", progress=stop)
    results = Results.open(tmp_path / "r")
    assert (tmp_path / "r" / "parts").exists()
    assert 0 < len(results.runs) < 72
    for name in ("runs", "daily", "ledger", "failures", "timing", "common_retention"):
        _, ((n,),) = query(results, f"SELECT count(*) FROM {name}")
        assert n == len(results.table(name))
    _, rows = query(results, 'SELECT DISTINCT "params.b_h" FROM runs JOIN points USING (point) ORDER BY 1')
    assert [value for (value,) in rows] == sorted(
        results.points.loc[results.runs["point"].unique(), "params.b_h"].unique()
    )


def test_csv_holds_every_table(swept: Path, tmp_path: Path) -> None:
    files = export(Results.open(swept), "csv", tmp_path / "out")
    assert {file.stem for file in files} == {
        "runs", "daily", "ledger", "funnel", "sales", "common_retention", "failures", "timing", "points",
    }  # fmt: skip
    for name in ("runs", "daily", "points"):
        table = Results.open(swept).points if name == "points" else pd.read_parquet(swept / f"{name}.parquet")
        read = pd.read_csv(tmp_path / "out" / f"{name}.csv")
        pd.testing.assert_frame_equal(read, table, check_dtype=False)


def test_workbook_has_a_sheet_a_table(swept: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    pytest.importorskip("openpyxl")
    monkeypatch.setattr("sim.experiment.handing_out._SHEET_ROWS", 300)  # a small sheet: the rest goes on the next
    (file,) = export(Results.open(swept), "xlsx", tmp_path)
    sheets = pd.read_excel(file, sheet_name=None)
    runs = pd.read_parquet(swept / "runs.parquet")
    pd.testing.assert_frame_equal(sheets["runs"], runs, check_dtype=False)
    daily = pd.read_parquet(swept / "daily.parquet")
    assert len(sheets["daily"]) == 300
    together = pd.concat([sheets["daily"], sheets["daily_2"]], ignore_index=True)
    pd.testing.assert_frame_equal(together, daily, check_dtype=False)


def test_a_comparison_is_exported_too(tmp_path: Path) -> None:
    from test_experiment import run as compare

    results = compare(tmp_path / "r", 2)
    export(results, "csv")
    assert len(pd.read_csv(tmp_path / "r" / "export" / "shoppers.csv")) == len(results.shoppers)
    with pytest.raises(InputError, match="csv or xlsx"):
        export(results, "ods")


def test_a_sweep_is_not_explained_as_one_comparison_but_each_of_its_points_is(here: Path, swept: Path) -> None:
    answer = Answer("explain", str(swept))
    assert answer.code == 2
    assert "sweep of many points" in answer.err
    assert f"grapevine explain {swept} --point 0" in " ".join(answer.err.split())
    sweep = Answer("sweep", "d.yaml", "--jobs", "1", "--json", "--quiet").json["folder"]
    found = Answer("explain", sweep, "--point", "2", "--jobs", "1", "--luck", "0", "--json", "--quiet").json
    explained = Results.open(found["folder"])
    assert Path(found["folder"]).parent == Path("results")
    assert value_at(explained.scenario, "params.b_h") == 0.5
    assert value_at(explained.scenario, "strategies.team_up.discount") == 0.1
    runs = Results.open(sweep).runs  # the same runs, played anew
    mine = runs[runs["point"] == 2].assign(point=0).reset_index(drop=True)
    pd.testing.assert_frame_equal(explained.runs, mine)
    assert Answer("explain", sweep, "--point", "4").code == 2
    assert "0 to 3" in Answer("explain", sweep, "--point", "4").err
