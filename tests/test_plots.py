"""Figures: they say what was found, nothing overlaps, equal tables give equal bytes, nothing global is left behind."""

from __future__ import annotations

import subprocess
import sys
from itertools import combinations, pairwise
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import matplotlib as mpl
import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.text import Text

from sim.errors import InputError
from sim.metrics import MEASURES
from sim.plots import comparison, look, save_figures
from sim.studies import over_time
from sim.studies.compare import verdict


def results(effects: dict[str, float], n_worlds: int = 3, per_world: int = 2, days: int = 30) -> Any:
    rng = np.random.default_rng(7)
    runs, daily, cohorts = [], [], []
    for replication in range(n_worlds * per_world):
        level = 4e6 * (1 + 0.1 * rng.random())
        for label, effect in effects.items():
            luck = 0.004 * rng.standard_normal(days) * (effect != 0)
            gmv = (level * (1 + effect + luck)).astype(np.int64)
            key: dict[str, Any] = {"point": 0, "strategy": label, "replication": replication}
            daily.append(pd.DataFrame({**key, "day": range(days), "gmv_cents": gmv, "dau": gmv // 2000}))
            pairs = [(c, a) for c in range(days) for a in range(days - c)]
            table = pd.DataFrame(pairs, columns=["cohort_day", "age"]).assign(**key, n_registered=40)
            table["n_active"] = (40 * (1 + effect) / (table["age"] + 1)).round().astype(int)
            cohorts.append(table)
            total = int(gmv.sum())
            measures: dict[str, Any] = dict.fromkeys(MEASURES)
            measures |= {
                "gmv_cents": total, "nmv_cents": total, "profit_cents": total // 5, "cost_cents": 0,
                "dau_mean": total / 2000 / days, "retained_share": 0.3 + effect / 5 + 0.001 * rng.random(),
                "retention_d7": 0.125 * (1 + effect),
            }  # fmt: skip
            runs.append({**key, "world": replication // per_world, "status": "ok", **measures})
    return SimpleNamespace(runs=pd.DataFrame(runs), daily=pd.concat(daily), cohorts=pd.concat(cohorts))


def drawn(tables: Any, decide_on: str = "gmv_cents") -> dict[str, Any]:
    answer = verdict(tables.runs, decide_on, {})
    with look.style():
        figures = dict(comparison._figures(tables, answer))
        for figure in figures.values():
            FigureCanvasAgg(figure).draw()  # type: ignore[no-untyped-call]
    return figures


def texts(figure: Any) -> list[Text]:
    return [t for t in figure.findobj(Text) if t.get_text().strip() and t.get_visible()]


def said(figure: Any) -> str:
    return " ".join(t.get_text().replace("\n", " ") for t in texts(figure))


def test_files_are_the_same_bytes_twice_and_settings_stay(tmp_path: Path) -> None:
    tables = results({"control": 0, "team_up": 0.06})
    answer = verdict(tables.runs, "gmv_cents", {})
    first = save_figures(tables, answer, tmp_path / "a")
    names = ["gmv_per_day", "active_shoppers", "retention_by_age", "differences"]
    assert [p.name for p in first] == [f"{name}.{ending}" for name in names for ending in ("png", "svg")]
    with mpl.rc_context({"lines.linewidth": 9, "font.size": 20, "svg.hashsalt": "other"}):
        before = dict(mpl.rcParams)
        shuffled = SimpleNamespace(
            runs=tables.runs, daily=tables.daily.sample(frac=1, random_state=1),
            cohorts=tables.cohorts.sample(frac=1, random_state=1),
        )  # fmt: skip
        second = save_figures(shuffled, answer, tmp_path / "b")
        assert dict(mpl.rcParams) == before
    for a, b in zip(first, second, strict=True):
        assert a.read_bytes() == b.read_bytes()
        assert a.stat().st_size > 5_000
    assert b"<dc:date>" not in first[1].read_bytes()


def test_importing_and_drawing_needs_no_pyplot(tmp_path: Path) -> None:
    code = "import sys, sim.plots.look as p, sim.plots; assert 'matplotlib' not in sys.modules\nwith p.style(): pass\n"
    code += "assert 'matplotlib.pyplot' not in sys.modules"
    subprocess.run([sys.executable, "-c", code], check=True, cwd=Path(__file__).parents[1])


@pytest.mark.parametrize(
    "effects",
    [
        {"control": 0.0, "team_up": 0.06, "share_coupon": 0.03, "kol_seeding": 0.059},
        {"control": 0.0, "a_label_far_too_long_for_any_figure": -0.05, "拼团": 0.001}
        | {f"strategy_{i}": 0.01 * i for i in range(1, 7)},
    ],
)
def test_no_two_texts_overlap_and_none_is_cut_off(effects: dict[str, float]) -> None:
    for name, figure in drawn(results(effects)).items():
        renderer = figure.canvas.get_renderer()
        axes = [axis for panel in figure.axes for axis in (panel.xaxis, panel.yaxis)]
        every = {id(t) for axis in axes for tick in axis.get_major_ticks() for t in (tick.label1, tick.label2)}
        shown = {id(tick.label1) for axis in axes for tick in axis._update_ticks() if tick.label1.get_visible()}
        boxes = []
        for t in texts(figure):
            if id(t) not in every or id(t) in shown:
                # Of an annotation the words only, not the line that ties them to the curve.
                box = Text.get_window_extent(t, renderer)
                assert 0 <= box.x0 <= box.x1 <= figure.bbox.x1, (name, t.get_text())
                assert 0 <= box.y0 <= box.y1 <= figure.bbox.y1, (name, t.get_text())
                boxes.append((t.get_text(), box))
        assert len(boxes) > 15
        for (a, box_a), (b, box_b) in combinations(boxes, 2):
            overlap = (
                min(box_a.x1, box_b.x1) - max(box_a.x0, box_b.x0),
                min(box_a.y1, box_b.y1) - max(box_a.y0, box_b.y0),
            )
            assert min(overlap) <= 2, (name, a, b)  # letters have some air around them


def test_titles_state_the_finding() -> None:
    figures = drawn(results({"control": 0, "team_up": 0.06, "worse": -0.02, "same": 0.0}))
    gmv = said(figures["gmv_per_day"])
    assert "team_up sells 6.0 % more than the control, worse 2.0 % less, 1 other not clearly different" in gmv
    assert "GMV per day, currency" in gmv
    assert "Day after the start of the strategies" in gmv
    assert "range over 3 worlds" in gmv
    assert "95 % interval at each point over 3 worlds" in gmv
    assert "team_up brings 6.0 % more shoppers a day than the control" in said(figures["active_shoppers"])
    assert "team_up keeps 0.75 percentage points more of its new shoppers on day 7" in said(figures["retention_by_age"])
    differences = said(figures["differences"])
    assert "team_up is clearly best on GMV; profit +" in differences
    assert "6 paired replications in 3 worlds" in differences
    assert "not available" not in differences
    same = drawn(results({"control": 0, "a": 0.0}))
    assert "No strategy changes GMV" in said(same["gmv_per_day"])


def test_small_studies_can_be_drawn() -> None:
    one = drawn(results({"control": 0, "a": 0.03}, n_worlds=1, per_world=1))
    assert "One replication cannot tell" in said(one["gmv_per_day"])
    assert "one replication" in said(one["differences"])
    alone = drawn(results({"control": 0}))
    assert "GMV of the control alone" in said(alone["gmv_per_day"])
    assert "differences" not in alone
    assert list(drawn(results({"control": 0, "a": 0.03}, days=1))) == ["gmv_per_day", "active_shoppers", "differences"]


def test_tables_that_were_not_kept_and_runs_that_failed() -> None:
    tables = results({"control": 0, "a": 0.03})

    class RunsOnly:
        runs = tables.runs

        @property
        def daily(self) -> pd.DataFrame:
            raise InputError("not kept")

        cohorts = daily

    assert list(drawn(RunsOnly())) == ["differences"]
    failed = (tables.runs["strategy"] == "a") & (tables.runs["replication"] < 2)
    tables.runs.loc[failed, "status"] = "failed"
    assert "range over 2 worlds" in said(drawn(tables)["gmv_per_day"])  # the pair of the first world is left out
    tables.runs["status"] = "failed"
    assert drawn(tables) == {}


def test_smoothing_by_hand() -> None:
    got = over_time.trailing_mean(np.array([[7.0, 1, 1, 1, 1, 1, 2, 0]]))
    assert got.tolist() == [[7, 4, 3, 2.5, 2.2, 2, 2, 1]]


def test_retention_by_age_pools_cohorts_that_are_old_enough() -> None:
    tables = results({"control": 0}, n_worlds=1, per_world=1, days=10)
    cohorts = tables.cohorts
    cohorts["n_registered"] = cohorts["cohort_day"] + 1
    cohorts["n_active"] = 1
    series = over_time.by_age(cohorts, tables.runs, ["control"])
    assert series.x.tolist() == [1, 2, 3]  # 10 - 7: seven cohorts or more have reached these ages
    expected = [100 * (10 - a) / sum(range(1, 11 - a)) for a in (1, 2, 3)]
    assert series.values["control"][0] == pytest.approx(expected)


@given(st.lists(st.floats(0, 100), min_size=1, max_size=12), st.floats(0.1, 30))
def test_spread_keeps_order_distance_and_bounds(ends: list[float], least: float) -> None:
    wanted = sorted(ends)
    places = look.spread(wanted, least, 0, 100)
    room = min(least, 100 / max(len(wanted) - 1, 1))
    assert all(b - a >= room - 1e-9 for a, b in pairwise(places))
    assert min(places) >= -1e-9
    assert max(places) <= 100 + 1e-9
    if all(b - a >= least for a, b in pairwise(wanted)):
        assert places == pytest.approx(wanted)
