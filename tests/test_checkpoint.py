"""A run that is killed goes on from its checkpoint and is the run that was never stopped; others' files are refused."""

from __future__ import annotations

import json
import os
import random
import shutil
import signal
import subprocess
import sys
import time
import zipfile
from collections import deque
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

from sim.engines import Checkpoint, World, prepare, simulate
from sim.engines.checkpoint import read, write
from sim.engines.columnar import Columnar
from sim.engines.keeping import CannotKeep, Keeper, NotTheSame, Outside, Restorer
from sim.errors import InputError
from sim.experiment import Experiment
from sim.journal import Journal
from sim.scenario import Scenario
from sim.studies.ask import compare, resume
from tests.busy_worlds import (
    ALONE,
    BONDS,
    EVENTS,
    EVERYTHING,
    SCARCE,
    TABLES,
    TALKING,
    WITH_RIVAL,
    assert_same,
    scenario,
)
from tests.conftest import ROOT, Typed

#: what waits, rests, is given up, and shares money that moves
WATCHED: list[dict[str, Any]] = [
    {"kind": "coupon", "face": 4.0, "when": {"metric": "dau", "above": 3, "run_days": 3, "cool_down_days": 2}},
    {"kind": "price_cut", "discount": 0.3, "stop_loss": {"cost_above": 60.0, "over_days": 4}},
    {"kind": "group_buy", "discount": 0.4, "window_days": 3},
    {"kind": "retention_offer"},
    {"kind": "customer_service"},
]
QUESTIONS: dict[str, dict[str, Any]] = {
    "every tactic, talk and slow states": {"params": TALKING | BONDS, "strategies": {"s": ALONE["all_examples"]}},
    "learned lists, scarce money, events": {
        "params": WITH_RIVAL, "strategies": {"s": [*EVERYTHING[:9], *SCARCE, ALONE["collaborative"], ALONE["bargain"]]},
        "events": EVENTS,
    },
    "triggers, shared budgets, scores, Bass": {
        "params": {**TALKING, "c_priv": 0.5}, "strategies": {"s": WATCHED},
        "arrival": {"kind": "bass", "p": 0.02, "q": 0.4},
        "analytics": {"mood_accuracy": 0.7}, "budgets": {"s": {"total": 900.0, "shares": [0.2] * 5, "move_days": 4}},
    },
    "nothing": {"strategies": {}},
}  # fmt: skip


class Stopped(Exception):
    """What kills a run in these tests."""


class On(Checkpoint):
    """Kept after these days, and copied: the file of one day is written over by the next."""

    cuts: tuple[int, ...] = ()

    def is_due(self, n_done: int, total: int) -> bool:
        return n_done in self.cuts


def label(asked: Scenario) -> str:
    return asked.labels[-1]


def killed(asked: Scenario, at: int, path: Path, world: World, **more: Any) -> None:
    """A run that is kept every day and killed after so many."""

    def kill(n_done: int, total: int) -> None:
        if n_done == at:
            raise Stopped

    with pytest.raises(Stopped):
        simulate(asked, label(asked), world=world, checkpoint=Checkpoint(path, 1), after=kill, **more)


@pytest.mark.parametrize("changes", QUESTIONS.values(), ids=QUESTIONS)
def test_the_same_bytes_wherever_it_was_cut(changes: dict[str, Any], tmp_path: Path) -> None:
    asked = scenario(**changes)
    world, here = World.build(asked), tmp_path / "run.zip"
    cuts = sorted(random.Random(str(changes)).sample(range(1, 22), 3))

    def copy(n_done: int, total: int) -> None:
        if n_done in cuts:
            shutil.copy(here, tmp_path / f"{n_done}.zip")

    whole = simulate(asked, label(asked), world=world, events=True)
    kept = On(here)
    object.__setattr__(kept, "cuts", tuple(cuts))
    watched = simulate(asked, label(asked), world=world, events=True, checkpoint=kept, after=copy)
    assert_same(whole, watched)
    for cut in cuts:
        days: list[int] = []
        again = simulate(
            asked, label(asked), world=World.build(asked), events=True, threads=1 + cut % 2,
            checkpoint=Checkpoint(tmp_path / f"{cut}.zip"), after=lambda n, _, days=days: days.append(n),  # type: ignore[misc]
        )  # fmt: skip
        assert_same(whole, again)
        assert (again.served, again.provenance) == (whole.served, whole.provenance)
        assert days == list(range(cut + 1, 23))  # no day twice, none left out


def test_a_restored_run_holds_what_the_other_holds(tmp_path: Path) -> None:
    """Not only today's answer: everything reached from the run, in the same arrangement."""
    asked = scenario(**QUESTIONS["learned lists, scarce money, events"])
    world = World.build(asked)

    def started() -> Columnar:
        return Columnar(world, *prepare(world, "s", True))

    run = started()
    for t in range(13):
        run.step(t, None)
    write(run, 13, tmp_path / "run.zip")
    back = started()
    assert read(back, tmp_path / "run.zip") == 13
    trees = []
    for one in (run, back):
        keeper = Keeper(Outside(world=world, tactics=one.ops.tactics, events=one.ops.events))
        trees.append((json.dumps(keeper.keep(one)), keeper.arrays))
    assert trees[0][0] == trees[1][0]
    for a, b in zip(trees[0][1], trees[1][1], strict=True):
        assert a.dtype == b.dtype
        assert a.tobytes() == b.tobytes()
    assert np.shares_memory(back.parts[0].state.status, back.state.status)  # loops over parts see what was put back


def test_notes_of_any_plain_kind_come_back() -> None:
    shared = np.arange(6, dtype=np.int16).reshape(2, 3)
    notes = {
        "a": [1, 2.5, None, True, "x"], ("k", 3): {"deep": (shared, {1, 2}, frozenset({"y"}))}, "again": shared,
        "queue": deque([(1, np.float32(0.1))], maxlen=4), "infinite": float("inf"), "wide": np.zeros((2, 3)).T,
        "table": np.zeros(2, dtype=[("x", np.int64), ("y", np.float64)]), "strided": np.arange(10)[::2],
    }  # fmt: skip
    notes["self"] = notes
    outside = Outside(world=None)
    keeper = Keeper(outside)
    node = json.loads(json.dumps(keeper.keep(notes)))
    back = Restorer(outside, lambda k: keeper.arrays[k].copy(), {"sim"}).restore(node)
    assert back["self"] is back
    assert back["again"] is back[("k", 3)]["deep"][0]
    assert back["queue"].maxlen == 4
    assert type(back["queue"][0][1]) is np.float32
    assert not back["strided"].flags.c_contiguous  # compiled loops keep to the kind of array they met first
    del back["self"], notes["self"]
    for key, value in notes.items():
        np.testing.assert_equal(back[key], value)


@pytest.mark.parametrize("odd", [lambda: 1, iter([]), np.array([object()]), type("Text", (str,), {})("x"), int])
def test_what_is_no_data_is_refused_before_anything_is_written(odd: Any) -> None:
    with pytest.raises(CannotKeep, match=r"run\['notes'\]\['odd'\] is"):
        Keeper(Outside()).keep({"notes": {"odd": odd}})


@pytest.mark.parametrize("name", ["os:system", "builtins:eval", "subprocess:Popen", "sim.errors:did_you_mean"])
def test_a_file_cannot_name_code(name: str) -> None:
    tree = ["new", 0, ["object", name, [["args", "true"]]]]
    for node in (tree, ["record", name, ["true"]]):
        with pytest.raises(NotTheSame, match="no class"):
            Restorer(Outside(), lambda k: np.zeros(1), {"sim"}).restore(node)


def test_files_of_other_runs_are_refused(tmp_path: Path) -> None:
    here, asked = tmp_path / "run.zip", scenario(strategies={"s": EVERYTHING[:3], "t": EVERYTHING[:3]})
    world = World.build(asked)
    killed(asked, 9, here, world)
    others: list[tuple[str, Scenario, dict[str, Any]]] = [
        ("scenario", scenario(seed=5, strategies={"s": EVERYTHING[:3], "t": EVERYTHING[:3]}), {}),
        ("scenario", scenario(days=17, strategies={"s": EVERYTHING[:3], "t": EVERYTHING[:3]}), {}),
        ("strategy", asked, {"strategy": "s"}),
        ("replication", asked, {"replication": 1}),
        ("event log", asked, {"events": True}),
        ("people and ties", asked, {"world": World.build(asked, people={"price": np.full(120, 0.5)})}),
    ]
    for what, question, more in others:
        with pytest.raises(InputError, match=f"of another run: another {what}") as refused:
            simulate(question, more.pop("strategy", "t"), checkpoint=Checkpoint(here), **more)
        assert "Delete the file" in str(refused.value)
    with pytest.raises(InputError, match="only runs of the columnar engine can be kept"):
        simulate(asked, "t", engine="objects", checkpoint=Checkpoint(here))
    with pytest.raises(InputError, match="too few days between checkpoints"):
        Checkpoint(here, 0)


def test_another_state_of_the_program_is_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    here, asked = tmp_path / "run.zip", scenario()
    world = World.build(asked)
    killed(asked, 5, here, world)
    monkeypatch.setattr("sim.engines.checkpoint.source_digest", lambda file: "edited")
    with pytest.raises(InputError, match="another state of the program"):
        simulate(asked, "control", world=world, checkpoint=Checkpoint(here))


def test_damage_is_told_or_passed_over(tmp_path: Path) -> None:
    here, asked = tmp_path / "run.zip", scenario(strategies={"s": EVERYTHING[:5]})
    world = World.build(asked)
    killed(asked, 9, here, world)
    good, whole = here.read_bytes(), simulate(asked, "s", world=world)
    with zipfile.ZipFile(here) as file:
        columns = [one.header_offset + 200 for one in file.infolist() if one.file_size > 400]
    broken = [b"", b"no zip at all", good[: len(good) // 2], good[:-30]]
    for at in random.Random(3).sample(columns, 8):  # within the bytes of a column
        broken.append(good[:at] + bytes([good[at] ^ 0x10]) + good[at + 1 :])
    for content in broken:
        here.write_bytes(content)
        with pytest.raises(InputError, match="this checkpoint is damaged"):
            simulate(asked, "s", world=world, checkpoint=Checkpoint(here))
    told: list[InputError] = []
    again = simulate(asked, "s", world=world, checkpoint=Checkpoint(here, 8, told.append))
    assert_same(whole, again, TABLES[:-1])
    assert "damaged" in str(told[0])
    assert_same(
        whole, simulate(asked, "s", world=world, checkpoint=Checkpoint(here)), TABLES[:-1]
    )  # the last day's, written anew


def test_half_a_file_is_never_left_under_the_name(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    here, asked = tmp_path / "run.zip", scenario()
    world = World.build(asked)
    killed(asked, 5, here, world)
    before = here.read_bytes()

    def full(*_: Any, **__: Any) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("sim.engines.checkpoint.npy.write_array", full)
    with pytest.raises(InputError, match="cannot write the checkpoint"):
        simulate(asked, "control", world=world, checkpoint=Checkpoint(here, 1))
    assert here.read_bytes() == before
    assert list(tmp_path.iterdir()) == [here]


QUESTION = """
name: long
days: 60
burn_in_days: 0
population: {size: 4000}
strategies:
  teams: [{kind: group_buy}, {kind: points}, {kind: recommendation, by: collaborative}]
"""


def tables(folder: Path) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in folder.glob("*.parquet") if path.name != "timing.parquet"}


def test_a_run_killed_on_the_command_line_goes_on(tmp_path: Path, typed: Typed) -> None:
    (tmp_path / "long.yaml").write_text(QUESTION)
    words = ["run", "long.yaml", "--strategy", "teams", "--quiet", "--checkpoint-every", "3"]
    assert typed(*words, "--out", "whole").returncode == 0
    whole = next((tmp_path / "whole").iterdir())
    process = subprocess.Popen(
        [sys.executable, "-m", "sim", *words, "--out", "cut"], cwd=tmp_path, stdout=subprocess.DEVNULL,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
    )  # fmt: skip
    folder = tmp_path / "cut" / whole.name
    while not (folder / "checkpoint.zip").exists() and process.poll() is None:
        time.sleep(0.005)
    process.send_signal(signal.SIGKILL)
    process.wait()
    assert (folder / "checkpoint.zip").exists()
    assert not tables(folder)
    assert typed(*words, "--out", "cut").returncode == 0
    assert tables(folder) == tables(whole)
    assert not (folder / "checkpoint.zip").exists()  # the tables are safe


@pytest.mark.parametrize("is_damaged", [False, True])
def test_a_comparison_that_was_cut_is_resumed_inside_its_run(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture, is_damaged: bool
) -> None:
    asked = scenario(strategies={"s": EVERYTHING[:6]}, replications=1)
    compare(asked, jobs=1, to=tmp_path / "whole")
    usual = Columnar.step
    steps: list[tuple[str, int]] = []
    end = [22 + 15]  # days until it is cut

    def step(self: Columnar, t: int, pool: Any) -> None:
        if len(self.ids) == asked.population.size:  # and not of the warm-up
            steps.append((self.ops.label, t))
        if len(steps) == end[0]:
            raise KeyboardInterrupt
        usual(self, t, pool)

    monkeypatch.setattr(Columnar, "step", step)
    with pytest.raises(KeyboardInterrupt):
        compare(asked, jobs=1, to=tmp_path / "cut", checkpoint_every=6)
    kept = tmp_path / "cut" / "checkpoints"
    assert sorted(path.name for path in kept.iterdir()) == ["0-0-0.zip", "0-0-1.zip"]
    assert Experiment.of_folder(tmp_path / "cut").checkpoint_every == 6
    if is_damaged:
        (kept / "0-0-1.zip").write_bytes(b"?")
    del steps[:]
    end[0] = 100
    resume(tmp_path / "cut", jobs=1)
    # the control was over and is not run again
    assert steps == [("s", t) for t in range(0 if is_damaged else 12, 22)]
    assert ("damaged" in caplog.text) == is_damaged
    assert not kept.exists()
    assert tables(tmp_path / "cut") == tables(tmp_path / "whole")


def test_nothing_is_kept_where_nobody_asks(tmp_path: Path) -> None:
    compare(scenario(replications=1), jobs=1, to=tmp_path / "plain")
    assert not (tmp_path / "plain" / "checkpoints").exists()


def test_a_journal_of_a_resumed_run_shares_nothing_with_its_file(tmp_path: Path) -> None:
    here, asked = tmp_path / "run.zip", scenario()
    journals: list[Journal] = [simulate(asked, "control", checkpoint=Checkpoint(here, 11)) for _ in range(2)]
    pd.testing.assert_frame_equal(journals[0].shoppers, journals[1].shoppers, check_exact=True)
    Checkpoint(here).remove()
    assert not here.exists()
