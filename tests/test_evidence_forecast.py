"""Benchmark forecasts: published likelihoods, data made from the model itself, scores by hand."""

from __future__ import annotations

import csv
import gzip
import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from scipy import integrate, stats
from typer.testing import CliRunner

from sim.cli.commands import app
from sim.errors import InputError
from sim.evidence import buyers, forecast, score
from sim.evidence.normal import Orders

SHARED = Path(__file__).resolve().parents[2] / "shared"
needs_cdnow = pytest.mark.skipif(not (SHARED / "data/cdnow").is_dir(), reason="no ../shared/data/cdnow")


def sample() -> dict[str, Any]:
    """The published 1/10 sample of CDNOW: repeats, recency, age in weeks, mean value of a repeat."""
    with gzip.open(SHARED / "data/cdnow/cdnow_btyd_calibration.csv.gz", "rt") as stream:
        rows = [row for row in csv.DictReader(stream) if row["in_1of10_sample"] == "1"]
    return {name: np.array([float(row[name]) for row in rows]) for name in ("x", "t_x", "T", "mean_repeat_value")}


@needs_cdnow
def test_likelihoods_of_cdnow_as_published() -> None:
    # Fader, Hardie & Lee 2005: LL = -9582.43 at r = .243, alpha = 4.414, a = .793, b = 2.426; gamma-gamma (Fader &
    # Hardie 2013, "The gamma-gamma model of monetary value"): p = 6.25, q = 3.74, gamma = 15.44
    cdnow = sample()
    x, t_x, t = cdnow["x"], cdnow["t_x"], cdnow["T"]
    assert len(x) == 2357
    assert buyers.bg_nbd_log_likelihood(0.243, 4.414, 0.793, 2.426, x, t_x, t) == pytest.approx(-9582.43, abs=0.005)
    found = buyers.fit_bg_nbd(x, t_x, t)
    assert found == pytest.approx((0.243, 4.414, 0.793, 2.426), rel=0.003)
    valued = cdnow["mean_repeat_value"] > 0
    spends = buyers.fit_gamma_gamma(x[valued], cdnow["mean_repeat_value"][valued])
    assert spends == pytest.approx((6.25, 3.74, 15.44), rel=0.002)
    # standard errors on these data as `lifetimes` prints them
    drawn = buyers.draws_around(
        lambda *p: buyers.bg_nbd_log_likelihood(*p, x, t_x, t), found, 500, np.random.default_rng(1)
    )
    assert drawn.std(axis=0) == pytest.approx((0.012557, 0.378221, 0.185719, 0.705345), rel=0.15)


def test_gamma_gamma_likelihood_is_the_integral_over_customers() -> None:
    p, q, gamma, n, mean = 2.0, 3.0, 10.0, 3, 7.0

    def of_one(nu: float) -> float:
        return float(stats.gamma.pdf(mean, p * n, scale=1 / (nu * n)) * stats.gamma.pdf(nu, q, scale=1 / gamma))

    whole = integrate.quad(of_one, 0, np.inf)[0]
    found = buyers.gamma_gamma_log_likelihood(p, q, gamma, np.array([n]), np.array([mean]))
    assert found == pytest.approx(np.log(whole), rel=1e-6)


def made(n: int, days: int, seed: int, closed: bool = True) -> Orders:
    """Order days drawn from a BG/NBD with gamma-gamma; first orders in the first 12 weeks, or all the time."""
    luck = np.random.default_rng(seed)
    customer, day, cents = [], [], []
    rate, leave, nu = luck.gamma(0.6, 1 / 20, n), luck.beta(0.8, 2.5, n), luck.gamma(4, 1 / 60, n)
    begin = luck.integers(0, 84 if closed else days, n)
    for k in range(n):
        now = float(begin[k])
        while now < days:
            customer.append(k)
            day.append(int(now))
            cents.append(round(100 * luck.gamma(3, 1 / nu[k])))
            if now > begin[k] and luck.random() < leave[k]:
                break
            now += luck.exponential(1 / rate[k])
    return Orders.of(customer, day, cents, days)


def test_a_world_made_by_the_model_is_forecast() -> None:
    whole = made(2500, 364, 8)
    known = whole.until(182)
    truth = forecast.actual(whole, 182, 26)
    found = forecast.bg_nbd(known, 26, draws=150)
    assert found.weeks.tolist() == list(range(27, 53))
    scores = found.scores(truth)
    assert abs(scores["repeat_orders"]["total_error"]) < 0.12
    assert abs(scores["gmv"]["total_error"]) < 0.2
    assert scores["repeat_orders"]["coverage_90"] >= 0.7
    naive = forecast.seasonal_naive(known, 26).scores(truth)  # does not know that customers leave
    assert scores["repeat_orders"]["crps"] < naive["repeat_orders"]["crps"]
    again = forecast.bg_nbd(known, 26, draws=150)
    assert np.array_equal(found.draws["gmv"], again.draws["gmv"])


def test_newcomers_come_where_they_came_and_not_where_they_did_not() -> None:
    open_shop, closed = made(1500, 182, 3, closed=False), made(1500, 182, 3)
    # of a closed cohort repeat orders fall; of a shop that gets newcomers they do not
    falls = forecast.bg_nbd(closed, 26, draws=60).draws["repeat_orders"].mean(axis=0)
    rises = forecast.bg_nbd(open_shop, 26, draws=60).draws["repeat_orders"].mean(axis=0)
    assert falls[-6:].sum() < falls[:6].sum()
    assert rises[-6:].sum() > rises[:6].sum()


def test_a_year_gives_a_season_and_naive_repeats_it() -> None:
    luck = np.random.default_rng(1)
    expected = np.where(np.arange(366) // 7 == 20, 90.0, 30.0)  # one busy week
    day = np.repeat(np.arange(366), luck.poisson(expected))
    orders = Orders.of(luck.integers(0, 800, len(day)), day, np.full(len(day), 1000), 366)
    season, clock = forecast.season_of(orders, 60)
    assert season[:52].mean() == pytest.approx(1.0)
    assert int(np.argmax(season)) == 20  # 366 days: last year's week begins two days into it
    assert np.array_equal(season[52:], season[:8])
    assert clock[-1] - clock[2] == pytest.approx(364.0)
    naive = forecast.seasonal_naive(orders, 52)
    last_year = np.bincount((orders.day[orders.day >= 2] - 2) // 7, minlength=52) * 10.0
    assert naive.draws["gmv"].mean(axis=0) == pytest.approx(last_year, rel=0.1)
    flat, unmoved = forecast.season_of(orders.until(300), 10)
    assert set(flat) == {1.0}
    assert unmoved[-1] == 300


def test_too_few_customers_are_refused() -> None:
    with pytest.raises(InputError, match="too few customers"):
        forecast.fit(made(20, 100, 1))


# --- scores -------------------------------------------------------------------------------------------------


def test_scores_by_hand() -> None:
    summary = {
        "mean": np.array([10.0, 20.0]),
        "p05": np.array([8.0, 18.0]),
        "p50": np.array([10.0, 20.0]),
        "p95": np.array([12.0, 22.0]),
    }
    found = score.scores_of(summary, np.array([8.0, 25.0]))
    assert found["mape"] == pytest.approx((2 / 8 + 5 / 25) / 2)
    assert found["mape_cumulative"] == pytest.approx((2 / 8 + 3 / 33) / 2)
    assert found["total_error"] == pytest.approx(30 / 33 - 1)
    assert found["coverage_90"] == 0.5
    first, second = (0.0 + 0.5 * 2 + 0.05 * 4) / 3, (0.05 * 7 + 0.5 * 5 + 0.95 * 3) / 3
    assert found["pinball"] == pytest.approx((first + second) / 2)


def test_crps_is_that_of_the_normal_distribution() -> None:
    draws = np.random.default_rng(3).standard_normal(20_000)
    for y in (-1.0, 0.0, 2.5):  # Gneiting & Raftery 2007, equation 21
        exact = y * (2 * stats.norm.cdf(y) - 1) + 2 * stats.norm.pdf(y) - 1 / np.sqrt(np.pi)
        assert score.crps(draws, y) == pytest.approx(exact, abs=0.02)


def test_forecasts_are_written_and_read(tmp_path: Path) -> None:
    draws = np.random.default_rng(1).gamma(5.0, 20.0, (200, 3))
    made_up = score.Forecast(np.array([40, 41, 42]), {"repeat_orders": draws, "gmv": 10 * draws})
    made_up.write(tmp_path / "f.csv")
    weeks, found = score.read_forecast(tmp_path / "f.csv")
    assert weeks == [40, 41, 42]
    assert found["gmv"]["p95"] == pytest.approx(np.quantile(10 * draws, 0.95, axis=0), abs=0.006)
    (tmp_path / "bad.csv").write_text("week,quantity,mean,p05,p50,p95\n1,gmv,1,1,1,1\n2,gmv,1,1,1,1\n1,x,1,1,1,1\n")
    with pytest.raises(InputError, match="every week once"):
        score.read_forecast(tmp_path / "bad.csv")


@pytest.mark.parametrize(("study", "first", "n"), [("cdnow", 40, 39), ("online_retail", 53, 52)])
def test_shipped_forecasts_are_whole(study: str, first: int, n: int) -> None:
    folder = Path(__file__).resolve().parents[1] / "calibration" / study
    for name in ("bgnbd", "naive"):
        weeks, found = score.read_forecast(folder / f"forecast_{name}.csv")
        assert weeks == list(range(first, first + n))
        assert set(found) == {"repeat_orders", "gmv"}
        for columns in found.values():
            assert (columns["p05"] < columns["p50"]).all()
            assert (columns["p50"] < columns["p95"]).all()


def test_the_command(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    orders = made(400, 150, 5)
    start = np.datetime64("2024-01-01")
    rows = [
        f"{c},{start + d},{v / 100:.2f}"
        for c, d, v in zip(orders.customer, orders.day, orders.value_cents, strict=True)
    ]
    Path("orders.csv").write_text("who,when,worth\n" + "\n".join(rows) + "\n")
    Path("shop.yaml").write_text(
        "orders: {path: orders.csv, customer: who, time: when, value: worth}\n"
        "window: {to: 2024-04-01, hold_out_to: 2024-05-20}\n"
    )
    run = CliRunner().invoke(app, ["data", "forecast", "shop.yaml", "--json", "--out", "f"])
    assert run.exit_code == 0, run.output
    answer = json.loads(run.stdout)
    assert len(answer["weeks"]) == 7  # as long as the hold-out
    assert set(answer["scores"]) == {"bgnbd", "naive"}
    assert Path("f/forecast_bgnbd.csv").is_file()
    Path("late.yaml").write_text(
        Path("shop.yaml").read_text().replace("2024-04-01", "2024-05-30").replace("05-20", "08-20")
    )
    late = CliRunner().invoke(app, ["data", "forecast", "late.yaml"])  # nothing is known of those weeks
    assert late.exit_code == 0
    assert "Against what happened" not in late.output
    hidden = CliRunner().invoke(app, ["data", "forecast", "shop.yaml", "--hold-out", "3"])
    assert "Against what happened" in hidden.output
    assert "The 3 weeks after" in hidden.output
    assert CliRunner().invoke(app, ["data", "forecast", "shop.yaml", "--hold-out", "30"]).exit_code == 2
