"""Calibration against what is known exactly: a Gaussian model and its posterior, closed forms, planted values."""

from __future__ import annotations

import itertools
import json
import math
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from scipy.stats import multivariate_normal

from sim.arrivals.dated import Dated
from sim.engines import simulate
from sim.errors import InputError
from sim.evidence import Study
from sim.evidence.findings import gather
from sim.evidence.normal import Orders
from sim.funnel import order_days
from sim.plots import save_calibration_figures
from sim.report import render
from sim.scenario import Scenario
from sim.studies.calibrate import Effort, calibrate
from sim.studies.calibrate.bank import orders_of_run, play, summaries_of, table_of
from sim.studies.calibrate.blocks import BLOCKS, tells
from sim.studies.calibrate.doubt import recover, ridges
from sim.studies.calibrate.forecast import Paths, forecast, newcomers_ahead, smooth_log
from sim.studies.calibrate.inference import Bank, infer, weighted_quantile
from sim.studies.calibrate.levels import filtered, fitted, level_of, smoothed
from sim.studies.calibrate.priors import Priors, Span, expit, logit
from sim.studies.calibrate.proposal import Proposal, mixture_weights
from sim.studies.calibrate.world import Look, newcomers_a_day, setting_of
from sim.studies.calibrate.worlds import OneQuestion, compare_in, question_in
from sim.studies.calibrate.writing import read_posterior
from sim.studies.story import Story

# --- a model whose posterior is known -----------------------------------------------------------------------------

P, K = 3, 10
RNG = np.random.default_rng(11)
MATRIX = RNG.normal(size=(K, P))
MATRIX[:, 2] = 0.0  # the third coefficient leaves no trace


def gauss(shares: Any, rng: np.random.Generator) -> Any:
    """Summaries = MATRIX (4 share - 2) + standard normal noise."""
    return (4.0 * shares - 2.0) @ MATRIX.T + rng.normal(size=(len(shares), K))


def bank_of(n: int, seed: int) -> Bank:
    rng = np.random.default_rng(seed)
    shares = rng.random((n, P))
    may_tell = np.ones((P, K), dtype=bool)
    may_tell[2] = False
    return Bank(shares, gauss(shares, rng), may_tell)


def exact(observed: Any) -> tuple[Any, Any]:
    """Mean and sd of the first two shares: normal, for the even prior is wide and the truth far from its edges."""
    a = 4.0 * MATRIX[:, :2]
    covariance = np.linalg.inv(a.T @ a)
    mean = covariance @ a.T @ (observed + 2.0 * MATRIX[:, :2].sum(axis=1))
    return mean, np.sqrt(np.diag(covariance))


def test_the_posterior_of_a_gaussian_model_is_the_exact_one() -> None:
    rng = np.random.default_rng(5)
    misses = []
    for seed in range(6):
        observed = gauss(np.array([[0.45, 0.55, 0.3]]), rng)[0]
        found = infer(bank_of(2500, seed), observed, np.zeros(K))
        mean, sd = exact(observed)
        middle = found.weight @ found.shares
        misses.append((middle[:2] - mean) / sd)
        for k in range(2):
            assert found.sd(k) == pytest.approx(sd[k], rel=0.45)
    assert np.abs(np.mean(misses, axis=0)).max() < 0.4, "no bias to speak of"


def test_what_no_summary_tells_keeps_its_prior() -> None:
    found = infer(bank_of(2000, 3), gauss(np.array([[0.5, 0.5, 0.9]]), np.random.default_rng(1))[0], np.zeros(K))
    assert found.quantile(2, (0.05, 0.5, 0.95)) == pytest.approx([0.05, 0.5, 0.95], abs=0.05)
    assert found.sd(2) == pytest.approx(1.0 / math.sqrt(12.0), rel=0.07)


def test_planted_coefficients_come_back_as_often_as_said() -> None:
    found = recover(bank_of(900, 8), np.zeros(K), n=500)
    assert len(found) == 500
    assert 0.87 <= found.coverage()[:2].mean() <= 0.93
    assert 0.45 <= found.coverage(0.5)[:2].mean() <= 0.55
    assert min(found.evenness()[1]) > 1e-3
    assert found.explained()[:2].min() > 0.85
    assert abs(found.shrinkage.mean(axis=0)[2]) < 0.03


def test_too_narrow_intervals_are_noticed() -> None:
    """Runs whose luck was forgotten: the same people and days in all of them."""
    bank = bank_of(700, 4)
    quiet = Bank(bank.shares, (4.0 * bank.shares - 2.0) @ MATRIX.T + 1e-3 * bank.summaries, bank.tells)
    honest = recover(bank, np.zeros(K), n=300)
    assert recover(quiet, np.zeros(K), n=300).shrinkage[:, 0].mean() > honest.shrinkage[:, 0].mean()
    rank = np.clip((honest.rank - 0.5) * 3.0 + 0.5, 0.0, 1.0)  # as if intervals were a third as wide
    narrow = type(honest)(honest.truth, rank, honest.low, honest.middle, honest.high, honest.shrinkage, honest.nearest)
    assert narrow.coverage()[:2].mean() < 0.87
    assert max(narrow.evenness()[1][:2]) < 1e-6


def test_later_rounds_weigh_as_much_as_the_prior_says() -> None:
    observed = gauss(np.array([[0.4, 0.6, 0.5]]), np.random.default_rng(2))[0]
    first = bank_of(600, 6)
    proposal = Proposal.of(first, observed, np.zeros(K))
    flat = np.random.default_rng(3).random((40_000, P))
    assert proposal.density(flat).mean() == pytest.approx(1.0, abs=0.05), "a density"
    drawn = proposal.draw(20_000, 4)
    assert (1.0 / proposal.density(drawn)).mean() == pytest.approx(1.0, abs=0.07)
    assert np.mean(drawn[:, 2] / proposal.density(drawn)) == pytest.approx(0.5, abs=0.06), "the prior's mean comes back"
    more = proposal.draw(600, 5)
    shares = np.vstack([first.shares, more])
    weight = mixture_weights(shares, [600, 600], [proposal])
    assert weight.max() <= 2.0 / (1.0 + 0.1) + 1e-9, "half of all points are the prior's, and a tenth of the others"
    inside = proposal.distances(shares) <= proposal.limit
    assert np.ptp(weight[inside]) < 1e-9, "in the region all weigh the same"
    truth = proposal.distances(np.array([[0.4, 0.6, x] for x in (0.1, 0.5, 0.9)]))
    assert (truth < proposal.limit).all(), "the truth is in the region, whatever has no trace"
    both = Bank(shares, np.vstack([first.summaries, gauss(more, np.random.default_rng(7))]), first.tells, weight)
    found, (mean, sd) = infer(both, observed, np.zeros(K)), exact(observed)
    assert (found.weight @ found.shares)[:2] == pytest.approx(mean, abs=0.6 * sd.max())
    again = infer(both, observed, np.zeros(K))
    assert np.array_equal(found.draws(100, 1), again.draws(100, 1))


def test_weighted_quantiles() -> None:
    values = np.random.default_rng(1).normal(size=2001)
    at = (0.05, 0.5, 0.95)
    assert weighted_quantile(values, np.ones(2001), at) == pytest.approx(np.quantile(values, at), abs=0.01)
    assert weighted_quantile(np.array([0.0, 10.0]), np.array([1.0, 1e-12]), (0.5,))[0] == pytest.approx(0.0, abs=1e-6)


def test_priors_there_and_back() -> None:
    priors = Priors([Span("params.alpha", -9.0, -3.0), Span("params.lam", 0.05, 1.0, True)])
    shares = np.random.default_rng(1).random((50, 2))
    values = priors.values(shares)
    assert priors.shares(values) == pytest.approx(shares)
    assert priors.values(np.array([[0.5, 0.5]]))[0] == pytest.approx([-6.0, math.sqrt(0.05)])
    assert expit(logit(shares)) == pytest.approx(shares)
    with pytest.raises(InputError, match="nothing to fit"):
        Priors([])


def test_ridges_are_found() -> None:
    x = np.random.default_rng(1).random(400)
    shares = np.column_stack([x, 1.0 - x, np.random.default_rng(2).random(400), np.full(400, 0.5)])
    (only,) = ridges(shares, ["a", "b", "c", "d"])
    assert (only["first"], only["second"], only["correlation"]) == ("a", "b", -1.0)


def test_blocks_meet_only_data_that_identify_them() -> None:
    paths = ["params.alpha", "params.lam", "params.b_r"]
    table = tells(paths, ["ladder", "visits_per_day", "weekly_gmv"])
    assert table.tolist() == [[True, False, False], [False, True, False], [False, False, False]]
    every = [path for block in BLOCKS for path in block.paths]
    assert len(every) == len(set(every)), "a coefficient stands in one block"
    for path in every:
        Scenario.from_dict({}).with_({path: 0.3 if path != "catalogue.median_price" else 30.0})


# --- levels and forecasts -------------------------------------------------------------------------------------------


def test_the_level_is_filtered_exactly() -> None:
    """Likelihood and level against the joint normal of all weeks."""
    step, noise, n = 0.07, 0.2, 6
    r = np.random.default_rng(1).normal(0.3, 0.2, size=n)
    shared = 0.5**2 + step**2 * np.minimum.outer(np.arange(n), np.arange(n))
    joint = shared + noise**2 * np.eye(n)
    levels, variances, total = filtered(r, step, noise)
    assert total == pytest.approx(multivariate_normal(np.zeros(n), joint).logpdf(r))
    gain = shared @ np.linalg.inv(joint)
    assert levels[-1] == pytest.approx((gain @ r)[-1])
    assert variances[-1] == pytest.approx((shared - gain @ shared)[-1, -1])
    assert smoothed(r, step, noise) == pytest.approx(gain @ r)
    gap = np.where(np.arange(n) == 2, np.nan, r)
    seen = np.isfinite(gap)
    assert filtered(gap, step, noise)[2] == pytest.approx(
        multivariate_normal(np.zeros(n - 1), joint[np.ix_(seen, seen)]).logpdf(r[seen])
    )


def test_step_and_noise_are_found_again() -> None:
    rng = np.random.default_rng(4)
    found = []
    for _ in range(12):
        level = np.cumsum(rng.normal(0.0, 0.03, 60))
        step, noise = fitted(level + rng.normal(0.0, 0.15, 60))
        found.append((step, np.median(noise)))
    step, noise = np.median(found, axis=0)
    assert 0.015 <= step <= 0.06
    assert noise == pytest.approx(0.15, rel=0.25)


def test_one_great_mailing_hardly_moves_the_level() -> None:
    r = np.random.default_rng(2).normal(0.0, 0.05, 30)
    with_mailing = r.copy()
    with_mailing[-2] += 0.6
    moved = []
    for values in (r, with_mailing):
        step, noise = fitted(values)
        moved.append(level_of(values, step, noise).mean)
    assert abs(moved[1] - moved[0]) < 0.06, "a tenth of what the mailing did"
    step, noise = fitted(with_mailing)
    assert noise[-2] > 3.0 * np.median(noise)


def shop(rates: Any, rng: np.random.Generator, customers: int = 3000) -> Orders:
    """Everybody first orders on day 0; repeat orders of a week are as many as given, by anybody, on any day of it."""
    who, day = [np.arange(customers)], [np.zeros(customers, dtype=int)]
    for week, rate in enumerate(rates):
        n = rng.poisson(rate)
        who.append(rng.choice(customers, size=min(n, customers), replace=False))
        day.append(
            np.full(min(n, customers), 7 * week + (1 if week == 0 else 0)) + rng.integers(0, 6, min(n, customers))
        )
    value = np.exp(rng.normal(3.0, 0.5, sum(map(len, who))))
    return Orders.of(np.concatenate(who), np.concatenate(day), (value * 100).astype(int), 7 * len(rates))


def test_forecasts_hold_what_they_say() -> None:
    """Paths are half of what the shop is: the level makes up for it. 90 % intervals hold about 90 % of weeks."""
    rng = np.random.default_rng(9)
    held, ratios = [], []
    for _ in range(8):
        truth = 300.0 * np.exp(-0.02 * np.arange(40)) * np.exp(rng.normal(0.0, 0.12, 40))
        everything = shop(truth, rng)
        early = everything.until(7 * 25)
        runs = rng.poisson(150.0 * np.exp(-0.02 * np.arange(40)), size=(40, 40)).astype(float)
        paths = Paths(runs, np.zeros((40, 40)), 1.0, np.full(40, 1 / 40))
        found = forecast(early, paths, 15, n_draws=800)
        mine = found.table[found.table["quantity"] == "repeat_orders"]
        held += list((mine["p05"] <= truth[25:]) & (truth[25:] <= mine["p95"]))
        ratios.append(mine["mean"].sum() / truth[25:].sum())
        assert list(mine["week"]) == list(range(26, 41))
    assert 0.80 <= np.mean(held) <= 1.0
    assert np.mean(ratios) == pytest.approx(1.0, abs=0.06)


def test_smoothing_takes_no_line_away() -> None:
    line = np.exp(np.linspace(6.0, 4.0, 30))[None, :]
    assert smooth_log(line - 0.5) == pytest.approx(np.log(line))


def test_newcomers_ahead() -> None:
    rng = np.random.default_rng(1)
    assert set(newcomers_ahead(shop([50] * 20, rng), 28)) == {0.0}, "a closed cohort"
    day = np.arange(7 * 20)
    daily = Orders.of(np.arange(len(day)), day, np.full(len(day), 100), len(day))
    assert newcomers_ahead(daily, 14) == pytest.approx([1.0] * 14)


# --- the world of a study ---------------------------------------------------------------------------------------------


def dated(**more: Any) -> Scenario:
    arrival = {"kind": "dated", "per_day": [10, 0, 20, 10], **more}
    return Scenario.from_dict(
        {"days": 8, "burn_in_days": 3, "population": {"size": 400, "registered_share": 0.0}, "graph": {"kind": "none"},
         "catalogue": {"size": 10}, "arrival": arrival}
    )  # fmt: skip


@pytest.mark.parametrize("engine", ["columnar", "objects"])
def test_who_is_dated_comes_on_these_days_and_buys(engine: Any) -> None:
    journal = simulate(dated(buys=True), "control", engine=engine)
    came = journal.shoppers["registered_day"].to_numpy()
    counts = np.bincount(came, minlength=8)
    assert counts.sum() == 400
    assert counts[[1, 4, 5, 6, 7]].sum() == 0
    assert counts[[0, 2, 3]] == pytest.approx([100, 200, 100], abs=4 * math.sqrt(75))
    first = journal.orders.groupby("agent")["day"].min()
    assert len(first) == 400
    assert (first == journal.shoppers.set_index("id")["registered_day"]).all()
    visits = journal.shoppers["visits"].sum() - 400
    assert len(journal.orders) - 400 < 0.3 * visits, "only the first visit is sure to end with an order"


def test_without_buying_and_with_a_share() -> None:
    journal = simulate(dated(share=0.5), "control")
    came = journal.shoppers["registered_day"].to_numpy()
    assert np.sum(came >= 0) == pytest.approx(200, abs=4 * 10)
    assert journal.orders["agent"].nunique() < 150
    chances = [Dated(per_day=(1.0, 1.0, 2.0), share=0.8).coefficients_on(day)[0] for day in range(-1, 4)]
    assert chances == pytest.approx([0.0, 0.2, 0.25, 2 / 3, 0.0])
    with pytest.raises(InputError, match="per_day"):
        dated(per_day=[0.0, 0.0])


def test_order_days_are_the_orders_by_shopper_and_day() -> None:
    scenario = Scenario.from_dict(
        {"days": 20, "population": {"size": 300, "registered_share": 1.0}, "catalogue": {"size": 10}}
    )
    journal = simulate(scenario, "control")
    wanted = journal.orders.groupby(["agent", "day"], as_index=False)["list_cents"].sum()
    found = order_days(journal)
    assert len(found) > 20
    assert (found.to_numpy() == wanted.to_numpy()).all()


def test_newcomers_a_day() -> None:
    orders = Orders.of([1, 1, 2, 3, 4], [0, 3, 3, -2, 5], [1, 1, 1, 1, 1], 6)
    assert newcomers_a_day(orders).tolist() == [1, 0, 0, 1, 0, 1]


def evidence_of_study(folder: Path, **more: Any) -> Any:
    """A shop of two years' age whose records of a year begin in the middle: 300 old customers, then newcomers."""
    rng = np.random.default_rng(5)
    rows = [(f"old{k}", d) for k in range(300) for d in np.flatnonzero(rng.random(364) < 0.02)]
    for k in range(400):
        first = int(rng.integers(0, 364))
        rows += [(f"new{k}", first)] + [(f"new{k}", d) for d in range(first + 1, 364) if rng.random() < 0.01]
    day = np.datetime64("2021-01-01") + np.array([d for _, d in rows])
    frame = pd.DataFrame({"who": [w for w, _ in rows], "at": day.astype(str), "paid": 10.0})
    frame.to_csv(folder / "orders.csv", index=False)
    content = {
        "name": "old",
        "orders": {"path": "orders.csv", "customer": "who", "time": "at", "value": "paid"},
        **more,
    }
    return gather(Study.from_dict(content, folder))


def test_records_that_begin_with_a_history(tmp_path: Path) -> None:
    window = {"from": "2021-01-01", "history_to": "2021-04-01", "to": "2021-12-30"}
    found = evidence_of_study(tmp_path, window=window, arrivals={"kind": "first_order"})
    assert (found.n_days, found.history_days) == (364, 91)
    plain = evidence_of_study(tmp_path, window={**window, "history_to": None}, arrivals={"kind": "first_order"})
    # old customers who only seem new order again much oftener than newcomers do; history takes them out of the target
    rate = [one.targets["repeat_rate_90d"].value for one in (plain, found)]
    assert rate[0] > rate[1]
    assert rate[1] == pytest.approx(1 - 0.99**90, abs=0.12)
    assert sum(newcomers_a_day(found.orders)) == len(found.customers), "of the whole window, as before"
    setting = setting_of(found, 200)
    assert setting.look.before == 364
    scenario = setting.scenario
    assert scenario.days == 364 + 364
    assert scenario.arrival.per_day[0] == pytest.approx(np.mean(newcomers_a_day(found.orders)[91:]))
    covered = sorted((event.start, event.start + event.days) for event in scenario.events)
    assert covered[0][0] == 0
    assert covered[-1][1] == scenario.days
    assert all(a[1] == b[0] for a, b in itertools.pairwise(covered)), "a season every day, one at a time"
    run = orders_of_run(pd.DataFrame({"agent": [1, 1, 2], "day": [10, 400, 500], "gmv_cents": [1, 2, 3]}), setting.look)
    assert run.day.tolist() == [36, 136], "what happened before the records begin is not on record"
    assert run.after(91).first_day.tolist() == [-55, 45]
    with pytest.raises(InputError, match="history must end in the window"):
        evidence_of_study(tmp_path, window={**window, "history_to": "2022-01-01"})


def test_registrations_on_record_are_arrivals(tmp_path: Path) -> None:
    """Who registers without ever ordering arrives too; who registered before the records is there from the start."""
    day = np.datetime64("2021-01-01") + np.concatenate([np.repeat(-5, 60), np.arange(100), np.arange(100)])
    pd.DataFrame({"who": [f"p{k}" for k in range(260)], "on": day.astype(str)}).to_csv(tmp_path / "members.csv")
    arrivals = {"kind": "given", "path": "members.csv", "customer": "who", "time": "on"}
    window = {"from": "2021-01-01", "to": "2021-04-10"}
    setting = setting_of(evidence_of_study(tmp_path, window=window, arrivals=arrivals))
    assert setting.scenario.population.size == 260
    assert setting.scenario.population.registered_share == pytest.approx(60 / 260)
    assert setting.scenario.arrival.per_day == pytest.approx([2.0] * 100)
    assert not setting.scenario.arrival.buys


def test_a_run_keeps_the_records_that_a_shop_would(tmp_path: Path) -> None:
    """Visits, messages and teams of a stored run against the journal of the same run, counted here by hand."""
    scenario = Scenario.from_dict(
        {"days": 40, "burn_in_days": 10, "seed": 3, "population": {"size": 500}, "catalogue": {"size": 10},
         "params": {"s_0": 3.0, "alpha": -2.5}, "replications": 1, "noise_per_world": 1,
         "strategies": {"team": {"kind": "group_buy"}}}
    )  # fmt: skip
    priors = Priors([Span("params.lam", 0.1, 0.9)])
    shares = np.array([[0.6], [0.8]])
    one = play(scenario, priors, shares, 1, tmp_path, 1, keep="records")
    look = Look(40, scale=7.0, label="team")
    table = table_of(one, look)
    for k, value in enumerate(priors.values(shares)[:, 0]):
        journal = simulate(
            scenario.with_({"params.lam": float(value), "seed": 3 + 1_000_003 + k}), "team", events=("visit", "message")
        )
        log = journal.events[journal.events["day"] >= 0]
        visits = log[log["type"] == "visit"].drop_duplicates(["agent", "day"])
        weeks = visits[visits["day"] < 35]["day"] // 7
        assert table["visits_per_day"][k] == pytest.approx(7.0 * np.bincount(weeks).mean() / 7)
        sent = log[log["type"] == "message"][["agent", "other"]]
        assert table["tie_reuse"][k] == pytest.approx(sent.duplicated().mean())
        assert table["fan_out[mean]"][k] == pytest.approx(sent.drop_duplicates().groupby("agent").size().mean())
        teams = journal.daily[["teams_succeeded", "teams_failed"]].sum()
        assert table["team_success"][k] == pytest.approx(teams["teams_succeeded"] / teams.sum())
    half = table_of(one, Look(40, label="team", sampled=0.3))
    assert (half["tie_reuse"] < table["tie_reuse"]).all(), "a sample hides that ties are used again"


# --- what is refused -------------------------------------------------------------------------------------------------


def test_what_cannot_be_calibrated(tmp_path: Path) -> None:
    (tmp_path / "who.csv").write_text("a,b\n" + "".join(f"{k},{k + 1}\n" for k in range(40)))
    ties = Study.from_dict({"name": "ties", "ties": {"path": "who.csv", "from": "a", "to": "b"}}, tmp_path)
    with pytest.raises(InputError, match="tell no coefficient"):
        calibrate(ties, to=tmp_path / "out")
    rows = "".join(f"c{k % 90},2021-03-0{k % 7 + 1},3\n" for k in range(300))
    (tmp_path / "orders.csv").write_text("who,at,paid\n" + rows)
    short = {"name": "a_week", "orders": {"path": "orders.csv", "customer": "who", "time": "at", "value": "paid"}}
    with pytest.raises(InputError, match="too few days to calibrate with"):
        calibrate(Study.from_dict(short, tmp_path), to=tmp_path / "out")
    few = {**short, "orders": {**short["orders"], "keep": {"who": ["c1"]}}}
    with pytest.raises(InputError, match="too few customers to calibrate with"):
        calibrate(Study.from_dict(few, tmp_path), to=tmp_path / "out")
    (tmp_path / "orders.csv").write_text("who,at,paid\n" + rows.replace(",3\n", ",-3\n"))
    with pytest.raises(InputError, match="every row is a refund"):
        gather(Study.from_dict(short, tmp_path))
    with pytest.raises(InputError, match="too little to calibrate with"):
        Effort(points=10)


def test_posteriors_are_read_or_refused(tmp_path: Path) -> None:
    draws = pd.DataFrame({"params.alpha": [-7.0, -6.5], "params.lam": [0.2, 0.3]})
    draws.to_csv(tmp_path / "draws.csv", index=False)
    table, about = read_posterior(tmp_path / "draws.csv")
    assert table.equals(draws)
    assert about == {}
    draws.to_parquet(tmp_path / "posterior.parquet")
    (tmp_path / "posterior.json").write_text(json.dumps({"fit_for_decisions": False}))
    table, about = read_posterior(tmp_path)
    assert table.equals(draws)
    assert about == {"fit_for_decisions": False}
    (tmp_path / "bad.csv").write_text("params.alpha\nfast\n")
    with pytest.raises(InputError, match="not all numbers"):
        read_posterior(tmp_path / "bad.csv")
    with pytest.raises(InputError, match="no draws there"):
        read_posterior(tmp_path / "nowhere")


def test_worlds_are_draws_of_a_posterior(tmp_path: Path) -> None:
    draws = pd.DataFrame({"params.alpha": np.linspace(-4.0, -3.0, 8), "params.lam": np.linspace(0.3, 0.5, 8)})
    draws.to_parquet(tmp_path / "posterior.parquet")
    failed = {"study": "mine", "fit_for_decisions": False, "failed_checks": ["It misses half."]}
    (tmp_path / "posterior.json").write_text(json.dumps(failed))
    shop = {"days": 6, "population": {"size": 150}, "catalogue": {"size": 8}, "replications": 8, "noise_per_world": 2,
            "strategies": {"cheap": {"kind": "price_cut", "discount": 0.2}}}  # fmt: skip
    scenario = Scenario.from_dict(shop)
    experiment, about = question_in(scenario, tmp_path)
    assert experiment.points.paths == ("params.alpha", "params.lam", "seed")
    assert [row[0] for row in experiment.points.rows] == pytest.approx(draws["params.alpha"][[0, 2, 4, 6]].tolist())
    assert about == failed
    results, answer = compare_in(scenario, tmp_path, jobs=1, to=tmp_path / "out")
    assert len(results.runs) == 4 * 2 * 2
    assert (answer["worlds"], answer["replications"]) == (4, 8)
    gmv = OneQuestion(results.folder).runs.pivot(index="replication", columns="strategy", values="gmv_cents")
    assert len(gmv) == 8
    assert answer["measures"]["gmv_cents"]["cheap"]["diff"] == pytest.approx((gmv["cheap"] - gmv["control"]).mean())
    assert "NOT FIT FOR DECISIONS: It misses half." in answer["sentence"]
    assert answer["worlds_from"]["fit_for_decisions"] is False
    # the report tells one comparison, and says first that it is not to be decided with
    told = Story.of(results)
    assert told.answer == json.loads((tmp_path / "out" / "verdict.json").read_text()) | {
        "common_retention": told.answer["common_retention"]
    }
    assert [row["median"] for row in told.drawn] == pytest.approx([-3.5714, 0.3857], abs=1e-3)
    assert told.explanation is not None
    assert told.repeated is None  # the worlds are not those of the scenario
    page = render(told)
    assert page.index("Not fit for decisions") < page.index("It misses half.") < page.index("All strategies")
    assert "不可用于决策" in page
    draws.assign(seed=1).to_parquet(tmp_path / "posterior.parquet")
    with pytest.raises(InputError, match="cannot set this field"):
        question_in(scenario, tmp_path)


def test_a_run_in_which_buying_dies_out_has_targets() -> None:
    """40 newcomers on day 0, all of whom order once more and never again: retention of later blocks is 0."""
    who = np.arange(40)
    orders = Orders.of(np.concatenate([who, who]), np.repeat([0, 30], 40), np.full(80, 100), 140)
    found = summaries_of(orders)
    assert [found[f"cohort_retention[c1.k{k}]"] for k in (1, 2, 3, 4)] == [1.0, 0.0, 0.0, 0.0]
    assert found["ladder[1]"] == 1.0


# --- the real model ------------------------------------------------------------------------------------------------


def planted(folder: Path) -> Path:
    """A study whose data the model made: alpha -6.5, nu_sd 1.4."""
    scenario = Scenario.from_dict(
        {"days": 140, "burn_in_days": 0, "seed": 77, "population": {"size": 2000, "registered_share": 0.0},
         "graph": {"kind": "none"}, "arrival": {"kind": "dated", "per_day": [1.0] * 28, "buys": True},
         "params": {"alpha": -6.5, "nu_sd": 1.4}}
    )  # fmt: skip
    table = order_days(simulate(scenario, "control"))
    day = np.datetime64("2021-03-01") + table["day"].to_numpy()
    frame = pd.DataFrame({"who": table["agent"], "when": day.astype(str), "paid": table["gmv_cents"] / 100})
    frame.to_csv(folder / "orders.csv", index=False)
    (folder / "study.yaml").write_text(
        "name: planted\norders: {path: orders.csv, customer: who, time: when, value: paid}\n"
        "arrivals: {kind: first_order}\nwindow: {from: 1, to: 20, hold_out_to: 24}\n"
        "fit:\n  priors:\n    params.alpha: {low: -9, high: -4}\n    params.nu_sd: {low: 0.5, high: 2.5}\n"
        "    params.b_r: {low: 0.5, high: 3}\n"
    )
    return folder / "study.yaml"


@pytest.mark.slow
def test_a_planted_shop_is_found_again(tmp_path: Path) -> None:
    """From the file to the folder; killed and asked again nothing is run twice."""
    study = planted(tmp_path)
    effort = Effort(points=200, rounds=1, later_points=40, predictive=30, size=2000)
    done: list[tuple[str, int]] = []
    found = calibrate(study, 2, tmp_path / "out", effort, lambda what, n, total: done.append((what, n)))
    draws = found.draws()
    for path, value in (("params.alpha", -6.5), ("params.nu_sd", 1.4)):
        low, high = draws[path].quantile([0.01, 0.99])
        assert low <= value <= high
        assert draws[path].std() < 0.5 * (9 if path == "params.b_r" else 5) / math.sqrt(12)
    status = {row["path"]: row["status"] for row in found.answer["coefficients"]}
    assert status == {"params.alpha": "identified", "params.nu_sd": "identified",
                      "params.b_r": "not identified by your data"}  # fmt: skip
    assert draws["params.b_r"].quantile([0.05, 0.5, 0.95]).tolist() == pytest.approx([0.625, 1.75, 2.875], abs=0.2)
    checks = {check.name: check.passed for check in found.checks}
    assert not checks["pseudo_studies"], "200 are too few, and it says so"
    assert checks["within_reach"]
    assert checks["predictive"]
    weeks = pd.read_csv(tmp_path / "out" / "forecast.csv")
    assert sorted(weeks["week"].unique()) == [21, 22, 23, 24]
    table, about = read_posterior(tmp_path / "out")
    assert table.equals(draws)
    assert about["fit_for_decisions"] is False
    figures = save_calibration_figures(found, tmp_path / "figures")
    assert len(figures) == 10
    assert all(file.stat().st_size > 2000 for file in figures)
    again: list[tuple[str, int]] = []
    other = calibrate(study, 1, tmp_path / "out", effort, lambda what, n, total: again.append((what, total)))
    assert all(total <= 1 for _, total in again), "nothing is run twice"
    assert other.answer == found.answer
