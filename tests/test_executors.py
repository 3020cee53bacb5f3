"""Dask: commands that play runs give the same bytes on a cluster; workers and schedulers that die lose nothing."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from sweeps import SCENARIO, run, tables
from typer.testing import CliRunner

from sim.cli.commands import app
from sim.experiment import Results
from sim.experiment.state import status

pytest.importorskip("distributed", reason="the extra dask is not installed")

HERE = Path(__file__).resolve().parent
#: command -> what is typed, and the file of its folder that says most
COMMANDS = {
    "robustness": (["shop.yaml", "--points", "3", "--replications", "2", "--vary", "b_r"], "robustness/best.parquet"),
    "ab-test": (["shop.yaml", "--strategy", "coupons", "--unit", "shopper", "--tests", "2", "--worlds", "2"],
                "ab_tests.parquet"),
    "optimise": (["shop.yaml", "--strategy", "coupons", "--vary", "face=1..8", "--trials", "8"], "trials.parquet"),
    "compare": (["shop.yaml", "--until-clear", "--most", "12"], "looks.parquet"),
    "sweep": (["d.yaml"], "verdicts.parquet"),
}  # fmt: skip


class Cluster:
    """A scheduler and workers as processes of their own, to be killed."""

    def __init__(self, folder: Path, workers: int, orders: str = "") -> None:
        self._folder, self._said = folder, folder / "scheduler.json"
        self._environment = {**os.environ, "PYTHONPATH": f"{HERE}{os.pathsep}{HERE.parent}", "GRAPEVINE_FAKE": orders}
        self.scheduler = self._start("scheduler", "--host", "127.0.0.1", "--port", "0", "--no-dashboard")
        until = time.monotonic() + 60
        while not self._said.exists():
            assert time.monotonic() < until, "no scheduler"
            assert self.scheduler.poll() is None, "the scheduler did not start"
            time.sleep(0.05)
        self.workers = [
            self._start("worker", "--nthreads", "1", "--no-nanny", "--no-dashboard") for _ in range(workers)
        ]

    def _start(self, *words: str) -> subprocess.Popen[bytes]:
        typed = [sys.executable, "-m", "dask", *words, "--scheduler-file", str(self._said)]
        return subprocess.Popen(
            typed, env=self._environment, cwd=self._folder, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
        )

    @property
    def name(self) -> str:
        """The cluster as --executor takes it, once its workers are there."""
        from distributed import Client

        address = json.loads(self._said.read_text())["address"]
        with Client(address, timeout="30s") as client:
            client.wait_for_workers(len(self.workers), timeout=90)
        return str(address).replace("tcp://", "dask://")

    def close(self) -> None:
        for process in (*self.workers, self.scheduler):
            process.kill()
            process.wait()
        self._said.unlink(missing_ok=True)


@pytest.fixture(scope="module")
def cluster(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    made = Cluster(tmp_path_factory.mktemp("cluster"), 2)
    yield made.name
    made.close()


@pytest.mark.parametrize(
    "command", ["robustness", *(pytest.param(x, marks=pytest.mark.slow) for x in COMMANDS if x != "robustness")]
)
def test_a_cluster_gives_the_same_bytes_as_this_process(
    cluster: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, command: str
) -> None:
    monkeypatch.chdir(tmp_path)
    Path("shop.yaml").write_text(SCENARIO.replace("size: 50", "size: 150"))
    Path("d.yaml").write_text("scenario: shop.yaml\nset: {replications: 2}\nfactors: {params.b_h: [0.1, 0.5]}\n")
    words, told = COMMANDS[command]
    found = []
    for out, who in (("here", ["--jobs", "1"]), ("there", ["--executor", cluster])):
        done = CliRunner().invoke(app, [command, *words, *who, "--out", out, "--json", "--quiet"])
        assert done.exit_code == 0, done.stderr
        found.append(Path(json.loads(done.stdout)["folder"]))
    assert found[0].name == found[1].name
    mine, theirs = (
        {str(file.relative_to(one)): file.read_bytes() for file in one.rglob("*.parquet") if file.stem != "timing"}
        for one in found
    )
    assert told in mine
    assert any(name.endswith("runs.parquet") for name in mine)
    assert mine == theirs
    if command != "optimise":
        assert os.getpid() not in set(Results.open(found[1]).timing["worker"])  # others did it


def test_an_executor_is_for_what_is_run(tmp_path: Path) -> None:
    done = CliRunner().invoke(app, ["robustness", str(tmp_path), "--executor", "dask"])
    assert done.exit_code == 2
    (tmp_path / "shop.yaml").write_text(SCENARIO)
    wrong = ["robustness", str(tmp_path / "shop.yaml"), "--vary", "b_r", "--executor", "ray", "--out", str(tmp_path)]
    assert "loky, dask or dask://HOST:PORT" in " ".join(CliRunner().invoke(app, wrong).stderr.split())


def _wait(folder: Path, n: int) -> None:
    until = time.monotonic() + 90
    while not (folder / "manifest.json").exists() or status(folder)["done"] < n:
        assert time.monotonic() < until, "nothing was done"
        time.sleep(0.02)


_SWEEP = """
import sys
from pathlib import Path
from sweeps import run
from sim.errors import InputError
try:
    run(Path({folder!r}), jobs=None, executor={name!r})
except InputError as error:
    print(error)
    sys.exit(2)
"""


def _sweep(folder: Path, name: str) -> subprocess.Popen[bytes]:
    """A coordinator as a process of its own; what it says goes to said.txt beside its folder."""
    environment = {**os.environ, "PYTHONPATH": f"{HERE}{os.pathsep}{HERE.parent}"}
    code = _SWEEP.format(folder=str(folder), name=name)
    with (folder.parent / "said.txt").open("w") as said:
        return subprocess.Popen(
            [sys.executable, "-c", code], env=environment, stdout=said, stderr=subprocess.DEVNULL
        )  # fmt: skip


@pytest.mark.slow
def test_a_dead_worker_and_a_dead_scheduler_lose_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """kill -9 of a worker: the others take over. Of the scheduler: one message; a new one finishes what is missing."""
    monkeypatch.setenv("GRAPEVINE_FAKE", "")
    run(tmp_path / "whole")
    folder = tmp_path / "r"
    first = Cluster(tmp_path, 3, "slow=0.15")
    try:
        sweep = _sweep(folder, first.name)
        _wait(folder, 6)
        first.workers[0].kill()
        _wait(folder, 20)
        first.scheduler.kill()
        assert sweep.wait(timeout=90) == 2
    finally:
        first.close()
    assert "the Dask scheduler went away" in (tmp_path / "said.txt").read_text()
    before = status(folder)["done"]
    assert 20 <= before < 72
    second = Cluster(tmp_path, 2, f"note={tmp_path / 'note'}")
    try:
        assert _sweep(folder, second.name).wait(timeout=90) == 0
    finally:
        second.close()
    assert len((tmp_path / "note").read_text().splitlines()) <= 72 - before  # what was done is not run again
    assert tables(folder) == tables(tmp_path / "whole")


@pytest.mark.slow
def test_a_worker_killed_in_the_middle_is_done_without(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("GRAPEVINE_FAKE", "")
    run(tmp_path / "whole")
    made = Cluster(tmp_path, 3, "slow=0.1")
    try:
        sweep = _sweep(tmp_path / "r", made.name)
        _wait(tmp_path / "r", 6)
        made.workers[1].kill()
        assert sweep.wait(timeout=90) == 0
    finally:
        made.close()
    assert tables(tmp_path / "r") == tables(tmp_path / "whole")
