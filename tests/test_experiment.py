"""The running room: resume, extension, failures, equal bytes; engines are fake where time or trouble is needed."""

from __future__ import annotations

import functools
import hashlib
import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pandas as pd
import pytest

from sim.errors import InputError
from sim.experiment import Experiment, Progress, Results, folder_name, write_journal
from sim.metrics import MEASURES
from sim.scenario import Scenario

HERE = Path(__file__).resolve().parent
SCENARIO = """
name: tiny
days: 9
burn_in_days: 1
replications: {replications}
noise_per_world: 2
population: {{size: 50}}
graph: {{kind: random, mean_degree: 4}}
strategies:
  team_up: {{kind: group_buy}}
  coupons: {{kind: share_coupon}}
"""
Whole = Callable[[int], dict[str, str]]
LABELS = ["control", "team_up", "coupons"]


def scenario(replications: int = 4) -> Scenario:
    return Scenario.from_yaml(SCENARIO.format(replications=replications))


def run(folder: Path, replications: int = 4, jobs: int = 1, **more: Any) -> Results:
    return Experiment(scenario(replications), engines="fake_engines").run(jobs, folder, **more)


def tables(folder: Path) -> dict[str, str]:
    """Hash of every table that promises equal bytes."""
    files = sorted(folder.glob("*.parquet"))
    return {f.name: hashlib.sha256(f.read_bytes()).hexdigest() for f in files if f.name != "timing.parquet"}


def seen(note: Path) -> list[str]:
    return note.read_text().splitlines()


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory) -> Whole:
    """Tables of an experiment that nothing disturbed: one process, one go."""

    @functools.cache
    def undisturbed(replications: int) -> dict[str, str]:
        folder = tmp_path_factory.mktemp("whole") / "r"
        with pytest.MonkeyPatch.context() as patch:
            patch.setenv("GRAPEVINE_FAKE", "")
            run(folder, replications)
        return tables(folder)

    return undisturbed


@pytest.fixture
def fake(monkeypatch: pytest.MonkeyPatch) -> Any:
    return lambda orders: monkeypatch.setenv("GRAPEVINE_FAKE", orders)


def test_tables_hold_every_run_in_order(tmp_path: Path) -> None:
    results = run(tmp_path / "r")
    runs = results.runs
    assert list(runs.columns) == ["point", "strategy", "replication", "world", "status", *MEASURES]
    assert runs["replication"].tolist() == [r for r in range(4) for _ in LABELS]
    assert runs["strategy"].tolist() == LABELS * 4
    assert runs["world"].tolist() == [r // 2 for r in range(4) for _ in LABELS]
    assert set(runs["status"]) == {"ok"}
    assert len(results.daily) == 4 * 3 * 9
    assert len(results.cohorts) == 4 * 3 * 45
    assert len(results.shoppers) == 4 * 3 * 40
    assert set(results.ledger["strategy"]) == {"team_up", "coupons"}
    assert len(results.timing) == 12
    assert results.failures.empty
    assert list(results.failures.columns) == ["point", "strategy", "replication", "error", "traceback", "rerun"]
    assert len(results.common_retention) == 4 * 3 * 3
    # what is in the daily table is what was measured
    gmv = results.daily.groupby(["replication", "strategy"])["gmv_cents"].sum()
    for row in runs.itertuples():
        assert gmv[row.replication, row.strategy] == row.gmv_cents


def test_folder_says_what_was_asked_and_by_what(tmp_path: Path) -> None:
    asked = scenario()
    results = Experiment(asked, engines="fake_engines", command="grapevine compare tiny.yaml").run(1, tmp_path / "r")
    manifest = results.manifest
    assert manifest["digest"] == asked.digest
    assert manifest["command"] == "grapevine compare tiny.yaml"
    assert manifest["strategies"] == LABELS
    assert manifest["seeds"] == {"seed": 1, "replications": 4, "noise_per_world": 2}
    assert manifest["finished"] >= manifest["started"]
    text = (results.folder / "manifest.json").read_text()
    assert str(tmp_path) not in text
    assert os.uname().nodename not in text
    assert results.scenario == asked
    assert not (results.folder / "parts").exists()
    assert not list(results.folder.rglob("*.tmp"))


def test_two_workers_write_the_same_bytes_as_one(tmp_path: Path, whole: Whole) -> None:
    run(tmp_path / "two", jobs=2)
    assert tables(tmp_path / "two") == whole(4)


def test_any_executor_will_do(tmp_path: Path, whole: Whole) -> None:
    with ThreadPoolExecutor(2) as pool:
        run(tmp_path / "pool", executor=pool)
    assert tables(tmp_path / "pool") == whole(4)


def test_same_question_runs_nothing_and_more_replications_extend(tmp_path: Path, whole: Whole, fake: Any) -> None:
    note = tmp_path / "note"
    fake(f"note={note}")
    run(tmp_path / "r", 2)
    assert len(seen(note)) == 6
    before = {path: path.stat().st_mtime_ns for path in (tmp_path / "r").iterdir()}
    run(tmp_path / "r", 2)
    assert {path: path.stat().st_mtime_ns for path in (tmp_path / "r").iterdir()} == before
    run(tmp_path / "r", 4)
    assert len(seen(note)) == 12
    assert tables(tmp_path / "r") == whole(4)
    # asking for fewer keeps what is there
    assert len(run(tmp_path / "r", 3).runs) == 12
    assert Results.open(tmp_path / "r").scenario.replications == 4


def test_row_groups_do_not_depend_on_history(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for room in ("files", "parts"):
        monkeypatch.setattr(f"sim.experiment.{room}.ROWS_A_GROUP", 100)
    run(tmp_path / "r", 2)
    run(tmp_path / "r", 5)
    run(tmp_path / "whole", 5)
    assert tables(tmp_path / "r") == tables(tmp_path / "whole")
    assert len(Results.open(tmp_path / "r").shoppers) == 5 * 3 * 40


def test_failure_is_a_row_and_the_others_go_on(tmp_path: Path, whole: Whole, fake: Any) -> None:
    fake("fail=team_up:1")
    results = run(tmp_path / "r")
    failed = results.runs[results.runs["status"] == "failed"]
    assert failed[["strategy", "replication"]].to_numpy().tolist() == [["team_up", 1]]
    assert failed["gmv_cents"].isna().all()
    assert len(results.daily) == 11 * 9
    (row,) = results.failures.to_dict("records")
    assert row["error"] == "RuntimeError: the shop burned down"
    assert "simulate" in row["traceback"]
    assert str(HERE) not in row["traceback"]
    assert row["rerun"].endswith("--strategy team_up --replication 1")
    # people can only be the same where every run is there
    assert set(results.common_retention["replication"]) == {0, 2, 3}
    # asking again tries again, and then nothing tells the folder from one without trouble
    fake("")
    assert run(tmp_path / "r").failures.empty
    assert tables(tmp_path / "r") == whole(4)


def test_world_that_cannot_be_built_fails_all_runs_of_its_replication(tmp_path: Path, fake: Any) -> None:
    fake("world=2")
    results = run(tmp_path / "r")
    assert results.failures["replication"].tolist() == [2, 2, 2]
    assert results.failures["error"].unique().tolist() == ["ValueError: no such world"]
    assert sorted(set(results.daily["replication"])) == [0, 1, 3]


def test_worker_that_dies_is_a_failure_and_the_others_go_on(tmp_path: Path, whole: Whole, fake: Any) -> None:
    fake("die=2")
    results = run(tmp_path / "r", jobs=2)
    assert results.failures["replication"].tolist() == [2, 2, 2]
    assert "memory" in results.failures["error"][0]
    fake("")
    run(tmp_path / "r")
    assert tables(tmp_path / "r") == whole(4)


_CHILD = """
import signal, sys
signal.signal(signal.SIGINT, signal.default_int_handler)  # which a shell's background job ignores
sys.path[:0] = {paths!r}
from test_experiment import run
from pathlib import Path
run(Path({folder!r}), 6, jobs={jobs})
"""


def _start(folder: Path, jobs: int) -> subprocess.Popen[bytes]:
    code = _CHILD.format(paths=[str(HERE), str(HERE.parent)], folder=str(folder), jobs=jobs)
    return subprocess.Popen([sys.executable, "-c", code], stderr=subprocess.PIPE)


def _wait_for_parts(folder: Path, n: int) -> None:
    until = time.monotonic() + 30
    while len(list((folder / "parts" / "runs").glob("*.parquet"))) < n:
        assert time.monotonic() < until, "no parts were written"
        time.sleep(0.01)


@pytest.mark.parametrize("jobs", [1, 2])
def test_killed_and_resumed_gives_the_same_bytes(tmp_path: Path, whole: Whole, fake: Any, jobs: int) -> None:
    fake("slow=0.1")
    child = _start(tmp_path / "r", jobs)
    _wait_for_parts(tmp_path / "r", 1)
    child.kill()
    child.wait()
    assert child.stderr is not None
    child.stderr.close()
    assert not (tmp_path / "r" / "runs.parquet").exists()
    half = Results.open(tmp_path / "r")
    assert 0 < len(half.runs) < 18
    assert half.manifest["finished"] is None
    fake(f"note={tmp_path / 'note'}")
    run(tmp_path / "r", 6)
    assert len(seen(tmp_path / "note")) < 18  # what was complete is not run again
    assert tables(tmp_path / "r") == whole(6)
    assert not (tmp_path / "r" / "verdict.json").exists()


def test_interrupted_pool_stops_at_once_and_can_be_resumed(tmp_path: Path, whole: Whole, fake: Any) -> None:
    fake("slow=0.3")
    child = _start(tmp_path / "r", 2)
    _wait_for_parts(tmp_path / "r", 1)
    child.send_signal(signal.SIGINT)
    _, errors = child.communicate(timeout=20)
    assert errors.count(b"Traceback") == 1  # the coordinator's own; workers say nothing
    assert b"KeyboardInterrupt" in errors
    fake("")
    run(tmp_path / "r", 6)
    assert tables(tmp_path / "r") == whole(6)


def test_torn_parts_and_torn_tables_are_never_read(tmp_path: Path, whole: Whole, fake: Any) -> None:
    folder = tmp_path / "r"
    run(folder, 2)
    (folder / "parts" / "runs").mkdir(parents=True)
    (folder / "parts" / "daily").mkdir()
    (folder / "parts" / "runs" / "r000003.parquet").write_bytes(b"PAR1 half a file")
    (folder / "parts" / "daily" / "r000002.parquet").write_bytes(b"")
    (folder / "parts" / "daily" / ".r000002.parquet.77.tmp").write_bytes(b"never finished")
    assert set(Results.open(folder).runs["replication"]) == {0, 1}
    run(folder, 4)
    assert tables(folder) == whole(4)
    assert not list(folder.rglob("*.tmp"))
    table = folder / "daily.parquet"
    table.write_bytes(table.read_bytes()[: table.stat().st_size // 2])
    assert Results.open(folder).replications == ()
    run(folder, 4)
    assert tables(folder) == whole(4)


def test_death_between_merging_and_tidying_costs_nothing(
    tmp_path: Path, whole: Whole, monkeypatch: pytest.MonkeyPatch
) -> None:
    run(tmp_path / "r", 2)

    def die(*_: Any, **__: Any) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr(Path, "rmdir", die)
        with pytest.raises(KeyboardInterrupt):
            run(tmp_path / "r", 4)
    run(tmp_path / "r", 4)
    assert tables(tmp_path / "r") == whole(4)
    assert not (tmp_path / "r" / "parts").exists()


def test_keep_says_what_is_stored_and_can_be_widened(tmp_path: Path, whole: Whole) -> None:
    narrow = run(tmp_path / "r", keep="runs")
    assert sorted(tables(narrow.folder)) == ["common_retention.parquet", "failures.parquet", "runs.parquet"]
    with pytest.raises(InputError, match=r"keep runs.*--keep all"):
        _ = narrow.daily
    wide = run(tmp_path / "r", keep="all")
    assert len(wide.daily) == 4 * 3 * 9
    assert tables(tmp_path / "r") == whole(4)
    assert run(tmp_path / "r", keep="runs").keep == "all"  # never narrowed


def test_another_question_or_version_cannot_mix_with_old_answers(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    run(tmp_path / "r")
    other = Experiment(scenario().with_({"days": 8}), engines="fake_engines")
    with pytest.raises(InputError, match="another question"):
        other.run(1, tmp_path / "r")
    (tmp_path / "mine").mkdir()
    (tmp_path / "mine" / "thesis.doc").write_text("important")
    with pytest.raises(InputError, match="not a results folder"):
        run(tmp_path / "mine")
    with pytest.raises(InputError, match="not a results folder"):
        Results.open(tmp_path / "mine")
    with pytest.raises(InputError, match="no such results folder"):
        Results.open(tmp_path / "nowhere")
    path = tmp_path / "r" / "manifest.json"
    path.write_text(json.dumps({**json.loads(path.read_text()), "results_version": -1}))
    old = Results.open(tmp_path / "r")
    assert len(old.runs) == 12
    assert not old.is_writable
    with pytest.raises(InputError, match="read-only"):
        run(tmp_path / "r")


def test_one_writer_at_a_time(tmp_path: Path, fake: Any) -> None:
    fake("slow=0.2")
    child = _start(tmp_path / "r", 1)
    _wait_for_parts(tmp_path / "r", 1)
    with pytest.raises(InputError, match="another process is writing"):
        run(tmp_path / "r", 6)
    child.kill()
    child.communicate()
    fake("")
    assert len(run(tmp_path / "r", 6).runs) == 18  # the lock died with its holder


def test_progress_counts_runs(tmp_path: Path, fake: Any) -> None:
    fake("fail=control:0")
    told: list[Progress] = []
    run(tmp_path / "r", 2, progress=told.append)
    assert [(p.done, p.failed) for p in told] == [(0, 0), (1, 1), (2, 1), (3, 1), (4, 1), (5, 1), (6, 1)]
    assert {p.total for p in told} == {6}


@pytest.mark.parametrize(
    ("arguments", "message"), [({"jobs": 0}, "at least 1"), ({"keep": "some"}, "runs, orders, records, daily, all")]
)
def test_wrong_arguments_are_refused(tmp_path: Path, arguments: dict[str, Any], message: str) -> None:
    with pytest.raises(InputError, match=message):
        run(tmp_path / "r", **arguments)


def test_folder_is_named_after_the_question(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    asked = scenario(1).with_({"name": "big shop"})
    assert folder_name(asked) == f"big-shop-{asked.digest}"
    results = Experiment(asked, engines="fake_engines").run(1)
    assert results.folder == Path("results") / folder_name(asked)


def test_tables_of_one_run_can_be_written(tmp_path: Path) -> None:
    import fake_engines

    journal = fake_engines.journal(9, [1], 0)
    journal.events = journal.ledger
    assert "events.parquet" in write_journal(journal, tmp_path / "run")
    pd.testing.assert_frame_equal(pd.read_parquet(tmp_path / "run" / "daily.parquet"), journal.daily)
    journal.events = None
    write_journal(journal, tmp_path / "run")
    assert not (tmp_path / "run" / "events.parquet").exists()
