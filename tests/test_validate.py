"""Facts: numbers from hand-made tables against arithmetic on paper, the rule of the verdict, the command."""

from __future__ import annotations

import json
import math
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from pandas.testing import assert_frame_equal
from typer.testing import CliRunner

from sim.cli.commands import app
from sim.errors import InputError
from sim.evidence import buyers
from sim.scenario import Scenario
from sim.strategies import registry
from sim.studies.facts import fact as room
from sim.studies.facts import fits, tables
from sim.studies.facts.exact import ALONE
from sim.studies.facts.fact import Band, Direction, estimate, together
from sim.studies.facts.known import f11, facts
from sim.studies.facts.play import Shop, play
from sim.studies.facts.stages import CLOSED, MUSICLAB, RECS
from sim.studies.validate import PROTOCOLS, chosen


def orders(*rows: tuple[int, int, int], parent: dict[int, int] | None = None) -> pd.DataFrame:
    """Orders of one unit for 10.00 from (day, agent, product); `parent` by place in the list."""
    table = pd.DataFrame(rows, columns=["day", "agent", "product"]).astype("int64")
    table["parent"] = [(parent or {}).get(k, -1) for k in range(len(rows))]
    return table.assign(quantity=1, paid_cents=1000, refund_cents=0)


def whole(*values: int) -> np.ndarray:
    return np.array(values, dtype=np.int64)


# --- the rule of the verdict -----------------------------------------------------------------------------------

WORLDS = list(range(4))
T3 = 3.182446  # Student's t, 3 degrees of freedom, 97.5 %
T3_ONE_SIDED = 2.353363  # 95 %


def test_interval_is_students_over_worlds() -> None:
    # mean 5, sample variance (9 + 1 + 1 + 9) / 3, standard error half of its root
    found = estimate(Band("x", 0, 10), [2.0, 4.0, 6.0, 8.0], WORLDS)
    half = T3 * math.sqrt(20 / 3) / 2
    assert found.value == 5.0
    assert found.ci_low == pytest.approx(5 - half, rel=1e-6)
    assert found.ci_high == pytest.approx(5 + half, rel=1e-6)
    assert found.verdict == "inconclusive"  # half-width 4.1, a quarter of the band is 2.5


def test_luck_within_a_world_is_averaged_first() -> None:
    twice = estimate(Band("x", 0, 10), [1.0, 3.0, 3.0, 5.0, 5.0, 7.0, 7.0, 9.0], [0, 0, 1, 1, 2, 2, 3, 3])
    once = estimate(Band("x", 0, 10), [2.0, 4.0, 6.0, 8.0], WORLDS)
    assert (twice.value, twice.ci_low, twice.n_worlds) == (once.value, once.ci_low, 4)


@pytest.mark.parametrize(
    ("values", "band", "verdict"),
    [
        ((4.9, 5.0, 5.0, 5.1), (0, 10), "pass"),
        ((4.9, 5.0, 5.0, 5.1), (0, 4), "fail"),  # precise and outside
        ((4.9, 5.0, 5.0, 5.1), (4.95, 5.05), "inconclusive"),  # inside, but wider than a quarter of the band
        ((2.0, 4.0, 6.0, 8.0), (20, 22), "fail"),  # imprecise, yet far away
        ((2.0, 4.0, 6.0, 8.0), (6, 8), "inconclusive"),  # imprecise, outside, not surely
        ((10.05, 10.1, 10.1, 10.15), (0, 10), "fail"),  # just outside; precise
        ((9.0, 9.5, 10.5, 11.0), (0, 10), "pass"),  # on the border counts as inside
    ],
)
def test_a_magnitude_passes_only_if_inside_and_precise(
    values: tuple[float, ...], band: tuple[float, float], verdict: str
) -> None:
    assert estimate(Band("x", *band), values, WORLDS).verdict == verdict


def test_a_direction_needs_the_one_sided_interval() -> None:
    # mean 1; the standard error at which the one-sided bound is 0 is 1 / 2.353, the two-sided one 1 / 3.182
    spread = 2 / T3_ONE_SIDED / math.sqrt(4 / 3)  # values 1 +- d have standard error d sqrt(4 / 3) / 2
    inside, outside = 0.99 * spread, 1.01 * spread
    assert estimate(Direction("x"), [1 - inside, 1 - inside, 1 + inside, 1 + inside], WORLDS).verdict == "pass"
    assert estimate(Direction("x"), [1 - outside, 1 - outside, 1 + outside, 1 + outside], WORLDS).verdict == (
        "inconclusive"
    )
    assert estimate(Direction("x"), [-1.1, -1.0, -1.0, -0.9], WORLDS).verdict == "fail"
    assert estimate(Direction("x"), [0.0] * 4, WORLDS).verdict == "fail"  # exactly no effect is not an effect
    assert estimate(Direction("x", above=0.05), [0.03, 0.03, 0.03, 0.031], WORLDS).verdict == "fail"


def test_one_world_or_none_is_never_enough() -> None:
    assert estimate(Band("x", 0, 10), [5.0, 5.0], [0, 0]).verdict == "inconclusive"
    nothing = estimate(Band("x", 0, 10), [None, (1.0, math.nan)], [0, 1])
    assert (nothing.value, nothing.n_worlds, nothing.verdict) == (None, 0, "inconclusive")


def test_a_ratio_is_one_of_means() -> None:
    # 30 of 100 and 30 of 300: 60 of 400, not the mean of .3 and .1
    found = estimate(Band("x", 0, 1), [(30.0, 100.0), (30.0, 300.0)], [0, 1])
    assert found.value == pytest.approx(0.15)
    # linearised: (30 - .15 * 100) / 200 = .075 and -.075; standard error .075; t with one degree is 12.706
    assert found.ci_high == pytest.approx(0.15 + 12.7062 * 0.075, rel=1e-5)


def test_a_fact_holds_if_all_its_checks_do() -> None:
    assert together(["pass", "pass"]) == "pass"
    assert together(["pass", "inconclusive"]) == "inconclusive"
    assert together(["inconclusive", "fail", "pass"]) == "fail"
    assert together([]) == "inconclusive"


# --- from tables to numbers ------------------------------------------------------------------------------------


def test_units_by_product_and_day() -> None:
    table = orders((0, 1, 5), (3, 1, 6), (3, 2, 5), (4, 2, 5)).assign(quantity=[1, 2, 3, 4])
    assert tables.units(table) == 10
    assert tables.units(table, [5], 3, 3) == 3
    assert tables.units(table, None, 3) == 9


def test_elasticity() -> None:
    # half the price, four times the units: ln 4 / ln .5
    assert tables.elasticity(400, 100, 0.5) == pytest.approx(-2.0)
    assert tables.elasticity(0, 100, 0.5) is None


def test_top_share_splits_the_buyer_on_the_border() -> None:
    assert tables.top_share(whole(10, 20, 30, 40, 100)) == 0.5  # one of five
    assert tables.top_share(whole(40, 60)) == pytest.approx(0.24)  # two fifths of the one who spent 60
    assert tables.top_share(whole(0, 0)) is None


def test_spending_counts_refunds_and_stops_on_a_day() -> None:
    table = orders((0, 7, 1), (2, 7, 1), (2, 9, 1), (5, 9, 1)).assign(refund_cents=[0, 1000, 0, 0])
    assert sorted(tables.spending(table, 4).tolist()) == [1000, 1000]


def test_yield_of_messages() -> None:
    # shopper 1 hears of 5 on day 2 and of 6 on day 2; shopper 2 of 5 on days 0 and 3; the last message comes too late
    day, receiver, product = whole(2, 2, 0, 3, 14), whole(1, 1, 2, 2, 2), whole(5, 6, 5, 5, 6)
    table = orders(
        (9, 1, 5),  # 7 days after: counts
        (10, 1, 6),  # 8 days after: not
        (3, 2, 5),  # on the day of the second, 3 days after the first: counts
        (4, 2, 5),  # again: counts
        (4, 2, 6),  # never heard of
        (2, 1, 5),  # on the very day: not yet heard
    )
    assert tables.message_yield(day, receiver, product, table, days=20) == (3.0, 4.0)


def test_depths_of_first_purchases() -> None:
    table = orders(
        (0, 1, 5), (2, 2, 5), (4, 3, 5), (4, 2, 5), (1, 2, 6), (3, 4, 5), (3, 1, 6),
        parent={1: 1, 2: 2, 3: 1, 5: 9, 6: 2},
    )  # fmt: skip
    # product 5: 1 is a seed, 2 heard of 1, 3 heard of 2 (depth 2), 4 heard of 9, who never bought; 2's second is none
    # product 6: 2 is a seed, 1 heard of 2
    assert sorted(tables.depths(table).tolist()) == [0, 0, 1, 1, 1, 2]


def test_depths_agree_with_the_measure() -> None:
    from sim.metrics import _cascades

    rng = np.random.default_rng(7)
    n = 600
    table = orders(*zip(rng.integers(0, 30, n), rng.integers(0, 25, n), rng.integers(0, 3, n), strict=True))
    table["parent"] = np.where(rng.random(n) < 0.6, rng.integers(0, 25, n), -1)
    one_hop, _ = _cascades({name: table[name].to_numpy() for name in ("day", "agent", "product", "parent")})
    assert (tables.depths(table) <= 1).mean() == pytest.approx(one_hop)


def test_contagion_by_hand() -> None:
    # 1 - 2 and 1 - 3 are friends; 10 people, 2 products, 14 days: one look, at day 7
    friends = {1: whole(2, 3), 2: whole(1), 3: whole(1)}
    played = orders((3, 1, 5), (8, 2, 5), (9, 7, 5), (9, 2, 6))
    twin = orders((3, 1, 5), (9, 7, 5), (9, 3, 5), (12, 8, 6))
    naive, causal = tables.contagion(played, twin, lambda agent: friends[agent], 10, 2, days=14)
    # exposed: (2, 5) and (3, 5); one of them bought; of 18 other pairs two did
    assert naive == pytest.approx((1 / 2) / (2 / 18))
    assert causal == pytest.approx(1.0)  # in the twin one of the two bought as well
    _, alone = tables.contagion(played, orders((3, 1, 5)), lambda agent: friends[agent], 10, 2, days=14)
    assert alone is None


def test_exposed_to_gifts_by_hand() -> None:
    # 1 - 2, 1 - 3, 2 - 3 and 4 - 3 are friends; on day 0 shoppers 1 and 4 are given product 5, on day 9 shopper 1 is 6
    friends = {1: whole(2, 3), 4: whole(3)}
    gifts = pd.DataFrame({"day": [0, 0, 9], "agent": [1, 4, 1], "item": [5, 5, 6]})
    exposed = tables.exposed_to_gifts(gifts, lambda agent: friends[agent])
    assert sorted(exposed.itertuples(index=False, name=None)) == [(2, 5, 0), (2, 6, 9), (3, 5, 0), (3, 6, 9)]
    # had 3 been given something on day 0 herself, she would not count for that day
    more = pd.concat([gifts, pd.DataFrame({"day": [0], "agent": [3], "item": [6]})])
    friends[3] = whole()
    exposed = tables.exposed_to_gifts(more, lambda agent: friends[agent])
    assert sorted(exposed.itertuples(index=False, name=None)) == [(2, 5, 0), (2, 6, 9), (3, 6, 9)]


def test_bought_after_looks_at_days_after_and_at_that_product() -> None:
    exposed = pd.DataFrame({"agent": [1, 1, 2, 3, 4], "item": [5, 6, 5, 5, 5], "day": [0, 4, 4, 4, 4]})
    table = orders((3, 1, 5), (7, 1, 5), (4, 2, 5), (8, 2, 5), (9, 3, 5), (5, 4, 6))
    # 1 bought 5 (twice; counts once), not 6; 2 bought on the day itself and after 4 days; 3 after 5 days; 4 another one
    assert tables.bought_after(table, exposed, 4).tolist() == [True, False, True, False, False]
    assert tables.bought_after(table, exposed, 5).tolist() == [True, False, True, True, False]
    assert tables.odds(tables.bought_after(table, exposed, 5)) == 1.5
    assert tables.odds(np.ones(3, dtype=bool)) is None


def test_log_odds_ratio_with_half_a_case_more() -> None:
    three_of_ten, one_of_ten = np.arange(10) < 3, np.arange(10) < 1
    # (3.5 / 7.5) / (1.5 / 9.5)
    assert tables.log_odds_ratio(three_of_ten, one_of_ten) == pytest.approx(math.log(3.5 * 9.5 / (7.5 * 1.5)))
    assert tables.log_odds_ratio(one_of_ten, one_of_ten) == 0.0
    assert tables.log_odds_ratio(np.zeros(0), one_of_ten) is None


def shop_with_gifts(**params: float) -> Shop:
    """Control and gifts in one small closed world."""
    changes = {"population.size": 1500, "params.alpha": -2.0, **{f"params.{name}": v for name, v in params.items()}}
    shops: list[Shop] = []

    def keep(shop: Shop) -> list[float]:
        shops.append(shop)
        return []

    test = room.Test(CLOSED, (), keep, (f11.GIVEN,), ("sample",))
    play(Scenario.load("base.closed").with_(changes), [test], 0)
    return shops[0]


def test_without_influence_a_gift_moves_nobody_else() -> None:
    """V8: friends of who was given something buy what they would have bought, order by order; she herself does not."""
    shop = shop_with_gifts(**ALONE)
    given = shop.log("sample", "gifts")
    assert 20 < len(given) < 80
    both = [shop[arm].orders.drop(columns="tactic") for arm in ("gifts", "control")]
    others = [table[~table["agent"].isin(given["agent"])].reset_index(drop=True) for table in both]
    assert_frame_equal(others[0], others[1])
    assert not both[0].equals(both[1])
    value, _ = f11.peer_effect(shop)
    assert isinstance(value, tuple)
    assert value[0] == value[1] > 0


def test_with_influence_friends_buy_more_of_it() -> None:
    """And where influence is strong, the odds rise; more than by chance."""
    shop = shop_with_gifts(v_own=1.0, w_fr=3.0)
    value, _ = f11.peer_effect(shop)
    assert isinstance(value, tuple)
    assert value[0] > 2 * value[1]
    # the hearers' number of friends is what the graph says
    graph = shop.world.graph
    assert shop.n_friends(graph.ids[:50]).tolist() == [len(graph.friends(int(i))) for i in graph.ids[:50]]


def test_conversion_by_history() -> None:
    visits = [(0, 1), (1, 1), (2, 1), (3, 1), (1, 2), (2, 2)]
    table = orders((1, 1, 5), (3, 1, 5))
    day, agent = whole(*(d for d, _ in visits)), whole(*(a for _, a in visits))
    # after her first order shopper 1 visits twice and orders once; before it, and shopper 2: four visits, one order
    assert tables.conversion_by_history(day, agent, table) == (0.5, 0.25)


def test_survival_follows_whole_weeks_only() -> None:
    registered = whole(0, 0, 0, 5, 7, -3)
    lapsed = np.array([0.0, 7.0, math.inf, 18.0, math.inf, math.inf])
    alive, n = tables.survival(registered, lapsed, days=20, weeks=2)
    # the one of day 7 would need 21 days, the one of day -3 was there before: left out
    assert (alive.tolist(), n) == ([3, 1], 4)


def test_returned_between() -> None:
    ids, registered = whole(1, 2, 3), whole(0, 1, 8)
    day, visitor = whole(2, 3, 4, 3, 9), whole(1, 1, 1, 2, 3)
    # days 3 to 4 after: shopper 1 on day 3 and 4; shopper 2 came 2 days after; shopper 3 cannot be followed
    assert tables.returned_between(registered, ids, day, visitor, 10, 3, 4) == (1.0, 2.0)


def test_ladder_counts_days_not_orders() -> None:
    table = orders((0, 1, 5), (0, 1, 6), (4, 1, 5), (9, 1, 5), (2, 2, 5), (3, 2, 5), (7, 3, 5))
    assert tables.ladder(table, 3) == [(2.0, 3.0), (1.0, 2.0), (0.0, 1.0)]


def test_windows_after_the_first_order() -> None:
    table = orders((0, 1, 5), (7, 1, 5), (8, 1, 5), (2, 2, 5), (16, 2, 5), (9, 3, 5), (0, 4, 5))
    # weeks 1 and 2; shopper 3 first orders too late to be followed, shopper 4 is no member
    windows = tables.windows_after_first(table, whole(1, 2, 3), days=20, length=7, count=2)
    assert windows == [(1.0, 2.0), (2.0, 2.0)]


def test_histories() -> None:
    table = orders((1, 1, 5), (1, 1, 6), (4, 1, 5), (9, 1, 5), (3, 2, 5), (6, 3, 5))
    x, t_x, t, ids = tables.histories(table, whole(1, 2, 3), joined_until=5, until=8)
    assert (x.tolist(), t_x.tolist(), t.tolist(), ids.tolist()) == ([1, 0], [3, 0], [7, 5], [1, 2])


def test_slope() -> None:
    assert tables.slope([5.0, 3.0, 1.0]) == pytest.approx(-2.0)


# --- the two fits ----------------------------------------------------------------------------------------------


def test_sbg_fit_gives_the_published_coefficients() -> None:
    # Fader & Hardie 2007, "regular": survivors of 1,000 over seven years, and their estimates
    a, b = buyers.fit_sbg([631, 468, 382, 326, 289, 262, 241], 1000)
    assert (a, b) == (pytest.approx(0.704, abs=0.002), pytest.approx(1.182, abs=0.004))
    expected = [0.6267, 0.4738, 0.3880, 0.3321, 0.2924, 0.2625, 0.2391]
    assert buyers.sbg_survival(0.704, 1.182, 7) == pytest.approx(expected, abs=1e-4)


def test_bg_nbd_finds_what_was_put_in_and_forecasts_it() -> None:
    # simulated from the definition: gamma rates, beta chances to leave after each purchase, exponential gaps
    r, alpha, a, b = 0.6, 5.0, 0.9, 2.5
    rng = np.random.default_rng(3)
    n, until, later = 6000, 30.0, 60.0
    rate, leave = rng.gamma(r, 1 / alpha, n), rng.beta(a, b, n)
    x, t_x, after = np.zeros(n), np.zeros(n), 0
    for i in range(n):
        when = 0.0
        while rng.random() >= (leave[i] if when > 0 else 0.0):
            when += rng.exponential(1 / rate[i])
            if when > later:
                break
            if when <= until:
                x[i], t_x[i] = x[i] + 1, when
            else:
                after += 1
    found = buyers.fit_bg_nbd(x, t_x, np.full(n, until))
    assert found[0] == pytest.approx(r, rel=0.15)
    assert found[1] == pytest.approx(alpha, rel=0.2)
    forecast = n * (buyers.bg_nbd_expected(*found, later) - buyers.bg_nbd_expected(*found, until))
    assert forecast == pytest.approx(after, rel=0.1)


# --- the registry and the command ------------------------------------------------------------------------------


def test_the_registry_is_whole() -> None:
    known = facts()
    assert list(known)[:6] == ["V0a", "V0b", "V0c", "V0d", "V0e", "V0f"]
    assert {id_[0] for id_ in known} == {"V", "F", "S"}
    stages = {}
    for id_, fact in known.items():
        assert fact.id == id_
        assert fact.tests
        assert (fact.grade != "") == id_.startswith("S") == bool(fact.about)
        assert set(fact.about) <= set(registry())
        assert fact.statement.endswith(".")
        assert fact.source
        assert fact.evidence
        whats = [check.what for test in fact.tests for check in test.checks]
        assert len(set(whats)) == len(whats)
        for test in fact.tests:
            assert stages.setdefault(test.stage.name, test.stage) == test.stage
            assert all(test.stage.plan(protocol).worlds >= 2 for protocol in PROTOCOLS)
            assert {arm.name for arm in test.arms}.isdisjoint({"control"})


@pytest.mark.parametrize("name", ["base.closed", "base.open", "base.launch"])
def test_base_scenarios_ship(name: str) -> None:
    scenario = Scenario.load(name)
    assert scenario.name == name
    assert scenario.labels == ("control",)


def test_facts_come_in_the_order_of_the_table_and_unknown_ones_are_refused() -> None:
    assert [fact.id for fact in chosen(["f26", "F03"])] == ["F03", "F26"]
    assert len(chosen([])) == len(facts())
    assert [fact.id for fact in chosen(["s", "v9"])] == ["V9", *(id_ for id_ in facts() if id_.startswith("S"))]
    with pytest.raises(InputError, match=r"f27b.*Did you mean 'F27'"):
        chosen(["f27b"])


def test_unknown_fact_at_the_command_line() -> None:
    done = CliRunner().invoke(app, ["validate", "F333"])
    assert done.exit_code == 2
    assert "Did you mean 'F33'?" in done.stderr


TINY = ["--set", "population.size=300", "--set", "days=20", "--set", "burn_in_days=5", "--replications", "2"]


def test_one_fact_in_a_tiny_world(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    done = CliRunner().invoke(app, ["validate", "F33", *TINY, "--jobs", "1", "--json", "--quiet"])
    assert done.exit_code == 0, done.output  # whether it holds is an answer, not an error
    answer = json.loads(done.stdout)
    (fact,) = answer["facts"]
    assert fact["fact"] == "F33"
    assert [check["band"] for check in fact["checks"]] == ["0.35 to 0.8", "> 0.05"]
    values = pd.read_csv(Path(answer["folder"]) / "values.csv")
    first = values[values["check"] == fact["checks"][0]["check"]]
    assert first["value"].mean() == pytest.approx(fact["checks"][0]["value"])
    assert json.loads((Path(answer["folder"]) / "facts.json").read_text())["facts"] == answer["facts"]

    # the same numbers straight from two runs
    from sim.engines import simulate
    from sim.metrics import measure

    scenario = Scenario.load("base.closed").with_(
        {"population.size": 300, "days": 20, "burn_in_days": 5, "noise_per_world": 1}
    )
    gini = [measure(simulate(scenario, "control", r))["gini_sales"] for r in (0, 1)]
    assert first["value"].tolist() == pytest.approx(gini)


def test_a_laboratory_stays_one(tmp_path: Path) -> None:
    """It takes coefficients that its file leaves alone, seed and number of worlds; nothing that would undo it."""
    from sim.studies.validate import _played, staged

    changes = {
        "params.b_h": 0.5, "params.alpha": -3.0, "days": 20, "burn_in_days": 5, "replications": 3, "seed": 9,
        "population.size": 300,
    }  # fmt: skip
    lab = staged(MUSICLAB, "quick", changes)
    shipped_ = Scenario.load("lab.musiclab")
    assert (lab.coefficients().b_h, lab.coefficients().alpha) == (0.5, 100.0)
    assert (lab.days, lab.burn_in_days, lab.seed, lab.population.size) == (shipped_.days, 0, 9, 300)
    assert list(_played(MUSICLAB, lab)) == [0, 8, 16]  # three worlds of eight lucks each
    files = staged(RECS, "quick", changes)  # its people come from a file
    assert (files.population.size, files.coefficients().alpha) == (None, -3.0)
    usual = staged(CLOSED, "quick", changes)
    assert (usual.days, usual.population.size, usual.coefficients().alpha) == (20, 300, -3.0)
    assert list(_played(CLOSED, usual)) == [0, 1, 2]


def test_a_fact_of_a_laboratory_at_the_command_line(tmp_path: Path) -> None:
    words = ["validate", "F08", "--set", "population.size=600", "--replications", "2", "--jobs", "1", "--json"]
    done = CliRunner().invoke(app, [*words, "--quiet", "--out", str(tmp_path)])
    assert done.exit_code == 0, done.output
    (fact,) = json.loads(done.stdout)["facts"]
    assert (fact["fact"], fact["stages"]) == ("F08", ["lab.seeding"])
    assert len(fact["checks"]) == 5
    values = pd.read_csv(next(tmp_path.glob("validate-*")) / "values.csv")
    assert sorted(set(values["replication"])) == [0, 4]
    assert sorted(set(values["world"])) == [0, 1]


def test_the_table_for_people(tmp_path: Path) -> None:
    words = ["validate", "F23", *TINY, "--jobs", "1", "--out", str(tmp_path), "--quiet"]
    done = CliRunner().invoke(app, words)
    assert done.exit_code == 0, done.output
    assert "own-price elasticity" in done.stdout
    assert "-4 to -1.5" in done.stdout
    assert "1 fact:" in done.stdout


# --- a world of one's own, and runs that are taken up again -----------------------------------------------------


def test_coefficients_of_a_scenario_of_ones_own_take_the_place_of_defaults() -> None:
    """Where the stage does not say them itself: a closed shop stays closed, a laboratory stays one."""
    from sim.studies.validate import _given, staged

    mine = Scenario.from_dict(
        {"name": "mine", "params": {"b_p": 3.1, "churn": 2.0, "b_h": 0.2}, "population": {"size": 50}}
    )
    given = _given(mine)
    assert given == {"params.b_p": 3.1, "params.churn": 2.0, "params.b_h": 0.2}
    closed = staged(CLOSED, "quick", {"params.b_h": 0.4}, given)
    assert (closed.coefficients().b_p, closed.coefficients().churn, closed.coefficients().b_h) == (3.1, 0.0, 0.4)
    assert closed.population.size == 20_000
    lab = staged(MUSICLAB, "quick", {}, given)
    assert (lab.coefficients().b_h, lab.coefficients().churn) == (0.2, 1_000_000.0)


def test_what_was_played_is_not_played_again(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A run that is killed after two of three replications goes on with the third; other coefficients are played."""
    import sim.studies.validate as study

    changes = {"population.size": 200, "days": 10, "burn_in_days": 0, "replications": 3}
    whole = study.validate(["F33"], changes=changes, jobs=1)
    done: list[int] = []
    original = study._task

    def killed(scenario: Scenario, task: study.Task) -> object:
        if task.replication == 2 and len(done) == 2:
            raise KeyboardInterrupt
        done.append(task.replication)
        return original(scenario, task)

    monkeypatch.setattr(study, "_task", killed)
    with pytest.raises(KeyboardInterrupt):
        study.validate(["F33"], changes=changes, jobs=1, keep=tmp_path)
    done.append(-1)
    again = study.validate(["F33"], changes=changes, jobs=1, keep=tmp_path)
    assert done == [0, 1, -1, 2]
    assert again.rows() == whole.rows()
    study.validate(["F33"], changes={**changes, "params.b_h": 0.3}, jobs=1, keep=tmp_path)
    assert done == [0, 1, -1, 2, 0, 1, 2]
    # half a line is no value
    file = tmp_path / "played.jsonl"
    file.write_text(file.read_text()[:-20])
    study.validate(["F33"], changes={**changes, "params.b_h": 0.3}, jobs=1, keep=tmp_path)
    assert done[7:] == [2]


def test_bass_is_fitted_with_and_without_a_known_market() -> None:
    """The discrete recursion is fitted exactly by both."""
    n, new = 0.0, []
    for _ in range(15):
        new.append((0.03 + 0.38 * n / 500) * (500 - n))
        n += new[-1]
    for market in (500.0, None):
        assert fits.fit_bass(new, market) == pytest.approx((0.03, 0.38, 1.0))
    assert math.isnan(fits.fit_bass([1.0, 2.0, 4.0, 8.0])[0])  # nothing says where it will end
