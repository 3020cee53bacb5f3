"""Sweeps: the same answers as one comparison a point, whatever runs them and whatever befalls them on the way."""

from __future__ import annotations

import contextlib
import importlib.util
import json
import os
import random
import shlex
import signal
import subprocess
import sys
import time
from concurrent.futures import Executor, Future, ThreadPoolExecutor
from itertools import pairwise
from pathlib import Path
from typing import Any

import pandas as pd
import pytest
from sweeps import LABELS, SCENARIO, design, experiment, run, tables
from typer.testing import CliRunner

from sim.cli.commands import app
from sim.errors import InputError
from sim.experiment import Experiment, Results, Shard, merge_folders
from sim.experiment.ledger import Cell, Run, RunLedger
from sim.params import COEFFICIENTS
from sim.population import DRAWN_WITH
from sim.scenario import Scenario

HERE = Path(__file__).resolve().parent
N_RUNS = 6 * 3 * 4  # points, strategies, replications


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A sweep that nothing disturbed: one process, one go."""
    folder = tmp_path_factory.mktemp("whole") / "r"
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("GRAPEVINE_FAKE", "")
        run(folder)
    return folder


@pytest.fixture
def fake(monkeypatch: pytest.MonkeyPatch) -> Any:
    return lambda orders: monkeypatch.setenv("GRAPEVINE_FAKE", orders)


def cells_of(results: Results) -> list[tuple[int, str, int]]:
    return list(results.runs[["point", "strategy", "replication"]].itertuples(index=False, name=None))


# --- what a sweep is -----------------------------------------------------------------------------------


def test_every_point_is_what_a_comparison_of_it_alone_would_be(tmp_path: Path) -> None:
    """With the real engines: sharing worlds between points, replications and strategies changes no number."""
    text = SCENARIO.replace("days: 6", "days: 12").replace("team_up: {", "leaders: {kind: kol_seeding}\n  team_up: {")
    factors = {"params.b_h": [0.1, 0.6], "strategies.team_up.discount": [0.1, 0.4], "params.hom": [0.2, 0.6]}
    asked = design(factors, text)
    swept = experiment(engines="sim.engines", asked=asked).run(1, tmp_path / "sweep", keep="all")
    assert len(swept.runs) == 8 * 4 * 4
    assert swept.points["params.hom"].tolist() == [0.2, 0.6] * 4
    for point in (0, 3, 6):
        alone = Experiment(asked.points.scenario(asked.scenario, point)).run(1, tmp_path / f"{point}")
        for name in ("runs", "daily", "cohorts", "shoppers", "ledger", "common_retention"):
            mine = swept.table(name)
            mine = mine[mine["point"] == point].reset_index(drop=True)
            pd.testing.assert_frame_equal(mine, alone.table(name).assign(point=point))


@pytest.mark.parametrize("name", sorted(set(COEFFICIENTS) - {"arrive"}))
def test_worlds_are_shared_only_where_they_are_the_same(name: str) -> None:
    """A coefficient that is not said to be drawn with must not change what a world is built of."""
    from sim.engines import World

    base = Scenario.from_yaml(SCENARIO)
    row = COEFFICIENTS[name]
    other = base.with_({f"params.{name}": row.low if row.low != row.default else row.high})
    if name in DRAWN_WITH:
        assert World.inputs(base) != World.inputs(other)
        return
    assert World.inputs(base) == World.inputs(other)
    one, two = World.build(base), World.build(other)
    for column, same in zip(one.population.traits, two.population.traits, strict=True):
        assert (column == same).all()
    frames = [world.population.to_frame() for world in (one, two)]
    pd.testing.assert_frame_equal(*frames)
    assert (one.graph.audience == two.graph.audience).all()
    assert one.constants == two.constants
    assert (one.catalogue.price_cents == two.catalogue.price_cents).all()


def test_a_world_is_built_once_for_all_who_live_in_it(tmp_path: Path, fake: Any) -> None:
    fake(f"built={tmp_path / 'built'}")
    run(tmp_path / "r")
    built = (tmp_path / "built").read_text().splitlines()
    assert sorted(built) == ["50 0", "50 1", "60 0", "60 1"]  # two sizes, two worlds; not 6 points x 4 replications


def test_folder_tells_points_and_design(whole: Path) -> None:
    results = Results.open(whole)
    assert cells_of(results) == [(p, s, r) for p in range(6) for r in range(4) for s in LABELS]
    assert results.points.columns.tolist() == ["point", "population.size", "params.b_h"]
    assert results.points["params.b_h"].tolist() == [0.1, 0.3, 0.5] * 2
    assert results.manifest["design"] == {
        "name": "tiny", "kind": "grid", "points": 6, "factors": ["population.size", "params.b_h"],
    }  # fmt: skip
    assert results.manifest["finished"]
    # points differ in what they say
    gmv = results.runs[results.runs["strategy"] == "team_up"].groupby("point")
    assert gmv["gmv_cents"].sum().nunique() == 3


def test_digest_is_of_scenario_and_points() -> None:
    base = experiment().plan.digest
    assert experiment(asked=design({"params.b_h": [0.1]})).plan.digest != base
    assert experiment(asked=design(text=SCENARIO.replace("days: 6", "days: 7"))).plan.digest != base
    assert experiment(asked=design(text=SCENARIO.replace("replications: 4", "replications: 9"))).plan.digest == base
    assert experiment("1/2").plan.digest == base


# --- whoever runs it -----------------------------------------------------------------------------------


def test_two_workers_and_any_executor_write_the_same_bytes(tmp_path: Path, whole: Path) -> None:
    run(tmp_path / "two", jobs=2)
    assert tables(tmp_path / "two") == tables(whole)
    with ThreadPoolExecutor(2) as pool:
        run(tmp_path / "pool", executor=pool)
    assert tables(tmp_path / "pool") == tables(whole)


@pytest.mark.skipif(importlib.util.find_spec("distributed") is None, reason="the extra dask is not installed")
def test_a_dask_cluster_writes_the_same_bytes(tmp_path: Path, whole: Path) -> None:
    code = (
        f"import sys; sys.path[:0] = {[str(HERE), str(HERE.parent)]!r}\n"
        "from pathlib import Path\n"
        "if __name__ == '__main__':\n"
        "    from sweeps import run\n"
        f"    run(Path({str(tmp_path / 'dask')!r}), jobs=2, executor='dask')\n"
    )
    (tmp_path / "go.py").write_text(code)
    environment = {**os.environ, "PYTHONPATH": f"{HERE}{os.pathsep}{HERE.parent}"}
    subprocess.run([sys.executable, str(tmp_path / "go.py")], check=True, env=environment, timeout=120)
    assert tables(tmp_path / "dask") == tables(whole)
    assert Results.open(tmp_path / "dask").timing["worker"].nunique() == 2


class _Counting(Executor):
    """Runs at once, and counts how many tasks were handed in and not yet taken back."""

    def __init__(self) -> None:
        self.open = self.most = self.tasks = 0

    def submit(self, function: Any, /, *arguments: Any, **named: Any) -> Future[Any]:
        future: Future[Any] = Future()
        self.open, self.tasks = self.open + 1, self.tasks + 1
        self.most = max(self.most, self.open)
        result = future.result

        def taken(timeout: float | None = None) -> Any:
            self.open -= 1
            return result(timeout)

        future.result = taken  # type: ignore[method-assign]
        try:
            future.set_result(function(*arguments, **named))
        except BaseException as error:
            future.set_exception(error)
        return future


def test_only_a_window_of_tasks_exists(tmp_path: Path, whole: Path, fake: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    fake("slow=0.02")
    monkeypatch.setattr("sim.experiment.batches.SECONDS_A_TASK", 0.0)  # a task a cell
    pool = _Counting()
    run(tmp_path / "r", executor=pool, jobs=3)
    assert pool.tasks == 24
    assert pool.most <= 3
    assert tables(tmp_path / "r") == tables(whole)


def test_short_runs_share_a_task(tmp_path: Path, whole: Path) -> None:
    pool = _Counting()
    run(tmp_path / "r", executor=pool, jobs=1)
    assert pool.tasks < 24
    assert tables(tmp_path / "r") == tables(whole)


# --- whatever befalls it -------------------------------------------------------------------------------

_CHILD = """
import sys
sys.path[:0] = {paths!r}
from sweeps import run
from pathlib import Path
run(Path({folder!r}), jobs={jobs})
"""


def _start(folder: Path, jobs: int) -> subprocess.Popen[bytes]:
    code = _CHILD.format(paths=[str(HERE), str(HERE.parent)], folder=str(folder), jobs=jobs)
    return subprocess.Popen([sys.executable, "-c", code], stderr=subprocess.DEVNULL)


def _children(pid: int) -> list[int]:
    found = subprocess.run(["ps", "-o", "pid=,args=", "--ppid", str(pid)], capture_output=True, text=True, check=False)
    lines = [line.split(maxsplit=1) for line in found.stdout.splitlines()]
    return [int(number) for number, what in lines if "loky" in what and "resource_tracker" not in what]


def _kill(pid: int) -> None:
    with contextlib.suppress(ProcessLookupError):
        os.kill(pid, signal.SIGKILL)


@pytest.mark.parametrize("jobs", [1, pytest.param(2, marks=pytest.mark.slow)])
def test_killed_again_and_again_and_resumed_gives_the_same_bytes(
    tmp_path: Path, whole: Path, fake: Any, jobs: int
) -> None:
    luck = random.Random(jobs)
    folder, done = tmp_path / "r", 0
    fake("slow=0.03")
    for attempt in range(4):
        child = _start(folder, jobs)
        until, seen = time.monotonic() + 60, done
        while child.poll() is None and time.monotonic() < until:
            if (folder / "manifest.json").exists():
                seen = Results.open(folder).status()["done"]
            if seen > done:
                break
            time.sleep(0.02)
        time.sleep(luck.uniform(0.0, 0.2))
        workers = _children(child.pid) if jobs > 1 else []
        if workers and attempt % 2 == 0:
            _kill(luck.choice(workers))  # a worker first: the coordinator goes on without it
            time.sleep(luck.uniform(0.0, 0.3))
        _kill(child.pid)
        child.wait()
        if (folder / "manifest.json").exists():
            now = Results.open(folder).status()["done"]
            assert now >= done  # what was done stays done
            done = now
    assert done > 0
    fake(f"note={tmp_path / 'note'}")
    results = run(folder)
    again = (tmp_path / "note").read_text().splitlines() if (tmp_path / "note").exists() else []
    assert len(again) == N_RUNS - done  # and is not run again
    assert tables(folder) == tables(whole)
    assert set(results.runs["status"]) == {"ok"}


@pytest.mark.slow
def test_worker_killed_in_the_middle_is_replaced(tmp_path: Path, whole: Path, fake: Any) -> None:
    fake("slow=0.1")
    child = _start(tmp_path / "r", 2)
    until = time.monotonic() + 60
    killed = 0
    while child.poll() is None and time.monotonic() < until:
        workers = _children(child.pid)
        if workers and killed < 2 and (tmp_path / "r" / "parts").exists():
            _kill(workers[0])
            killed += 1
            time.sleep(1.0)
        time.sleep(0.05)
    assert child.wait() == 0
    assert killed
    assert tables(tmp_path / "r") == tables(whole)


@pytest.mark.parametrize("what", ["lost", "torn", "behind"])
def test_ledger_is_made_whole_from_the_tables(tmp_path: Path, whole: Path, fake: Any, what: str) -> None:
    folder = tmp_path / "r"
    run(folder, shard="1/2")
    ledger = folder / "runs.sqlite"
    if what == "lost":
        ledger.unlink()
    elif what == "torn":
        ledger.write_bytes(ledger.read_bytes()[:5000])
    else:
        with RunLedger.writing(folder, [0], ("runs",)) as (books, _):
            books.clear()
        ledger.unlink()
        ledger.touch()
    fake(f"note={tmp_path / 'note'}")
    assert len(Results.open(folder).runs) == N_RUNS // 2
    run(folder, shard="1/2")
    assert not (tmp_path / "note").exists()


def _interrupted(folder: Path, fake: Any, after: int) -> None:
    """A folder whose coordinator died with some parts written."""
    fake("")

    def stop(progress: Any) -> None:
        if progress.done >= after:
            raise KeyboardInterrupt

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("sim.experiment.batches.SECONDS_A_TASK", 0.0)  # a part a cell
        with pytest.raises(KeyboardInterrupt):
            run(folder, progress=stop)


def test_damaged_parts_are_told_and_repeated_and_nothing_else(tmp_path: Path, whole: Path, fake: Any) -> None:
    folder = tmp_path / "r"
    _interrupted(folder, fake, 40)
    parts = sorted((folder / "parts" / "daily").glob("*.parquet"))
    assert len(parts) > 2
    parts[0].write_bytes(parts[0].read_bytes()[:-20])  # torn
    parts[1].unlink()  # gone
    lost = [pd.read_parquet(folder / "parts" / "runs" / part.name) for part in parts[:2]]
    before = Results.open(folder).status()["done"]
    fake(f"note={tmp_path / 'note'}")
    said: list[str] = []
    run(folder, remark=said.append)
    assert len(said) == 2
    assert all(part.stem in text for part, text in zip(parts, said, strict=False))
    assert len((tmp_path / "note").read_text().splitlines()) == N_RUNS - before + sum(map(len, lost))
    assert tables(folder) == tables(whole)


def test_bits_that_flip_are_found(tmp_path: Path, whole: Path, fake: Any) -> None:
    folder = tmp_path / "r"
    _interrupted(folder, fake, 40)
    part = sorted((folder / "parts" / "daily").glob("*.parquet"))[0]
    content = bytearray(part.read_bytes())
    content[200] ^= 0xFF  # inside a page: the end of the file, with its index, is in order
    part.write_bytes(bytes(content))
    fake("")
    with pytest.raises(InputError, match=rf"{part.stem}.*damaged.*grapevine resume"):
        run(folder)
    run(folder)
    assert tables(folder) == tables(whole)


def test_a_clock_that_jumps_changes_nothing(
    tmp_path: Path, whole: Path, fake: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What is done is known by what lies in the folder, never by when it was written."""
    folder = tmp_path / "r"
    monkeypatch.setattr("sim.experiment.coordinator.now", lambda: "2099-12-31T23:59:59+00:00")
    _interrupted(folder, fake, 40)
    for k, file in enumerate(sorted(folder.rglob("*"))):
        os.utime(file, (k, k) if k % 2 else (5e9, 5e9))  # 1970 and 2128
    before = Results.open(folder).status()["done"]
    assert before >= 36
    monkeypatch.setattr("sim.experiment.coordinator.now", lambda: "1970-01-01T00:00:00+00:00")
    monkeypatch.setattr("sim.experiment.worker.time.perf_counter", lambda: 0.0)  # and tasks that take no time at all
    fake(f"note={tmp_path / 'note'}")
    assert run(folder).status()["missing"] == 0
    assert len((tmp_path / "note").read_text().splitlines()) == N_RUNS - before
    assert tables(folder) == tables(whole)


def test_a_full_disk_is_a_message_and_nothing_is_lost(tmp_path: Path, whole: Path, fake: Any) -> None:
    folder = tmp_path / "r"
    code = _CHILD.format(paths=[str(HERE), str(HERE.parent)], folder=str(folder), jobs=1)
    limited = (
        "import resource, signal\n"
        "signal.signal(signal.SIGXFSZ, signal.SIG_IGN)\n"
        "def full(progress):\n"
        "    if progress.done >= 20:\n"
        "        resource.setrlimit(resource.RLIMIT_FSIZE, (3_000, -1))\n"  # as if there were no more room
    )
    code = limited + code.replace("jobs=1", "progress=full")
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert done.returncode == 1
    assert Results.open(folder).status()["done"] >= 12
    assert "InputError" in done.stderr
    assert "cannot be written" in done.stderr
    fake("")
    run(folder)
    assert tables(folder) == tables(whole)


def test_no_right_to_write_is_a_message(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Root may write anywhere, so the refusal is played."""
    import sim.experiment.lock as lock

    folder = tmp_path / "r"
    folder.mkdir()
    real = Path.open

    def refuse(self: Path, mode: str = "r", *more: Any, **named: Any) -> Any:
        if self.parent == folder and mode != "rb" and mode != "r":
            raise PermissionError(13, "Permission denied")
        return real(self, mode, *more, **named)

    monkeypatch.setattr(lock.Path, "open", refuse)
    with pytest.raises(InputError, match=r"cannot be written.*Permission denied.*resume"):
        run(folder)


def test_two_coordinators_do_not_meet(tmp_path: Path, fake: Any) -> None:
    fake("slow=0.1")
    child = _start(tmp_path / "r", 1)
    until = time.monotonic() + 60
    while not (tmp_path / "r" / "manifest.json").exists() and time.monotonic() < until:
        time.sleep(0.02)
    with pytest.raises(InputError, match="another process is writing"):
        run(tmp_path / "r")
    state = Results.open(tmp_path / "r").status()  # reading is free
    assert state["is_running"]
    child.kill()
    child.wait()
    assert not Results.open(tmp_path / "r").status()["is_running"]


def test_failure_is_a_row_whose_command_repeats_the_run(tmp_path: Path, whole: Path, fake: Any) -> None:
    fake("fail=team_up:1")
    results = run(tmp_path / "r")
    assert results.status()["failed"] == 6
    assert set(results.runs[results.runs["status"] == "failed"]["strategy"]) == {"team_up"}
    rows = results.failures.to_dict("records")
    assert [row["point"] for row in rows] == list(range(6))
    assert rows[4]["rerun"] == (
        "grapevine run scenario.yaml --strategy team_up --replication 1 --set population.size=60 --set params.b_h=0.3"
    )
    # only what failed is run again
    fake(f"note={tmp_path / 'note'}")
    experiment().run(1, tmp_path / "r", keep="daily", only_failed=True)
    assert {line.split()[1] for line in (tmp_path / "note").read_text().splitlines()} == {"1"}
    assert tables(tmp_path / "r") == tables(whole)


def test_the_command_of_a_run_gives_its_numbers(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from sim.experiment.worker import how_to_rerun

    asked = design({"params.b_h": [0.1, 0.6], "switches.social": [True, False]})
    results = experiment(engines="sim.engines", asked=asked).run(1, tmp_path / "r")
    monkeypatch.chdir(tmp_path / "r")
    words = shlex.split(how_to_rerun("coupons", 3, asked.points.changes(3)))
    done = CliRunner().invoke(app, [*words[1:], "--json", "--out", str(tmp_path / "one")])
    runs = results.runs.set_index(["point", "strategy", "replication"])
    row = runs.loc[3, "coupons", 3]
    measured = {name: value for name, value in json.loads(done.stdout)["measures"].items() if value is not None}
    assert len(measured) > 20
    for name, value in measured.items():
        assert row[name] == value


def test_edited_file_never_mixes(tmp_path: Path, fake: Any) -> None:
    ties = tmp_path / "ties.csv"
    ties.write_text("source,target\n0,1\n1,2\n2,0\n")
    text = SCENARIO.replace("graph: {kind: random, mean_degree: 4}", "graph: {kind: file, path: ties.csv}")
    asked = design({"params.b_h": [0.1, 0.3]}, text, tmp_path)
    fake("")
    first = experiment(asked=asked).run(1, tmp_path / "r", keep="daily")
    before = tables(first.folder)
    ties.write_text("source,target\n0,1\n1,2\n2,1\n")
    with pytest.raises(InputError, match=r"ties\.csv graph\.path: this file was changed since"):
        Experiment.of_folder(first.folder)
    with pytest.raises(InputError, match="another question"):
        experiment(asked=design({"params.b_h": [0.1, 0.3]}, text, tmp_path)).run(1, tmp_path / "r", keep="daily")
    assert tables(first.folder) == before

    def edit(progress: Any) -> None:
        ties.write_text("source,target\n0,1\n1,2\n0,2\n")

    asked = design({"params.b_h": [0.1, 0.3]}, text, tmp_path)
    with pytest.raises(InputError, match="changed while"):
        experiment(asked=asked).run(1, tmp_path / "other", progress=edit, keep="daily")
    assert Results.open(tmp_path / "other").status()["done"] == 0


def test_another_results_version_never_mixes(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    run(tmp_path / "r", shard="1/2")
    path = tmp_path / "r" / "manifest.json"
    path.write_text(json.dumps({**json.loads(path.read_text()), "results_version": -1}))
    for write in (lambda: run(tmp_path / "r", shard="1/2"), lambda: merge_folders([tmp_path / "r"], tmp_path / "m")):
        with pytest.raises(InputError, match="read-only"):
            write()
    monkeypatch.setattr("sim.experiment.worker.RESULTS_VERSION", -1)  # a worker with another package
    with pytest.raises(InputError, match="another version of the model"):
        run(tmp_path / "other")


# --- shards --------------------------------------------------------------------------------------------


def test_shards_merged_are_the_whole(tmp_path: Path, whole: Path) -> None:
    for number in (1, 2, 3):
        run(tmp_path / f"s{number}", shard=f"{number}/3")
    counts = [Results.open(tmp_path / f"s{n}").status() for n in (1, 2, 3)]
    assert [state["done"] for state in counts] == [24, 24, 24]
    assert [state["missing"] for state in counts] == [0, 0, 0]
    part = merge_folders([tmp_path / "s3", tmp_path / "s1"], tmp_path / "m")
    assert part.status()["missing"] == 24
    assert part.manifest["finished"] is None
    both = merge_folders([tmp_path / "s2", tmp_path / "s1"], tmp_path / "m")  # some of it twice
    assert tables(tmp_path / "m") == tables(whole)
    assert both.manifest["finished"]
    assert both.scenario == Results.open(whole).scenario


def test_an_incomplete_merge_can_be_resumed(tmp_path: Path, whole: Path) -> None:
    run(tmp_path / "s1", shard="1/2")
    merge_folders([tmp_path / "s1"], tmp_path / "m")
    run(tmp_path / "m")
    assert tables(tmp_path / "m") == tables(whole)


def test_what_does_not_belong_together_is_not_merged(tmp_path: Path) -> None:
    run(tmp_path / "s1", shard="1/2")
    experiment(asked=design({"params.b_h": [0.9]})).run(1, tmp_path / "other", keep="daily")
    with pytest.raises(InputError, match="another question"):
        merge_folders([tmp_path / "s1", tmp_path / "other"], tmp_path / "m")
    with pytest.raises(InputError, match="another shard"):
        run(tmp_path / "s1", shard="2/2")
    with pytest.raises(InputError, match="into itself"):
        merge_folders([tmp_path / "s1"], tmp_path / "s1")
    assert not (tmp_path / "m").exists()


@pytest.mark.parametrize("of", [1, 2, 5, 24, 30])
def test_shards_share_all_cells_between_them(of: int) -> None:
    plans = [experiment(f"{number}/{of}").plan for number in range(1, of + 1)]
    cells = [list(plan.cells()) for plan in plans]
    assert [len(mine) for mine in cells] == [plan.n_cells for plan in plans]
    assert [cell for mine in cells for cell in mine] == list(experiment().plan.cells())
    assert max(map(len, cells)) - min(map(len, cells)) <= 1


@pytest.mark.parametrize("text", ["0/2", "3/2", "2", "a/b", "-1/2", "1/0"])
def test_wrong_shards_are_refused(text: str) -> None:
    with pytest.raises(InputError, match="not a shard"):
        Shard.parse(text)


# --- the ledger ----------------------------------------------------------------------------------------


def test_order_keeps_worlds_together() -> None:
    plan = experiment().plan
    seen = [(plan.families[cell.point], cell.replication // 2) for cell in plan.cells()]
    changes = sum(one != other for one, other in pairwise(seen))
    assert changes == len(set(seen)) - 1


def test_ledger_walks_in_the_order_of_the_plan(tmp_path: Path) -> None:
    plan = experiment().plan
    cells = list(plan.cells())
    with RunLedger.writing(tmp_path, plan.families, ("runs",)) as (ledger, _):
        for cell in random.Random(1).sample(cells, len(cells)):
            status = "failed" if cell == Cell(2, 3) else "ok"
            ledger.adopt("p", [Run(cell.replication // 2, *cell, 0, "control", status)])
        assert [cell for cell, _ in ledger.cells()] == cells
        assert (ledger.n_cells(failed=True), ledger.n_cells(failed=False)) == (1, 23)
        assert not ledger.is_done(Cell(2, 3))
        ledger.adopt("q", [Run(1, 2, 3, 0, "control", "ok")], only_better=True)
        assert ledger.part_of(Cell(2, 3)) == "q"
        ledger.adopt("z", [Run(1, 2, 3, 0, "control", "ok")], only_better=True)
        assert ledger.part_of(Cell(2, 3)) == "q"  # what is done is not replaced
