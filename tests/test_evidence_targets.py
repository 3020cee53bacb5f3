"""Targets, against hand-made cases, networkx, the bootstrap and the published figures of ../shared/science/targets."""

from __future__ import annotations

import csv
import json
from pathlib import Path
from typing import Any

import networkx as nx
import numpy as np
import pytest

from sim.errors import InputError
from sim.evidence import (
    Study,
    Target,
    Targets,
    buying,
    errors_of,
    exposure,
    sharing,
    shipped_studies,
    uplift,
    visiting,
)
from sim.evidence.findings import Evidence, gather, targets_of_run
from sim.evidence.normal import Orders

SHARED = Path(__file__).resolve().parents[2] / "shared"
needs_shared = pytest.mark.skipif(not (SHARED / "data").is_dir(), reason="no ../shared/data beside the project")
_FOLDERS = {
    "online_retail": "uci_online_retail", "diffusion": "classic_diffusion_networks", "taobao_beibei": "",
    "diffusion.doctors": "classic_diffusion_networks", "taobao_beibei.links": "",
}  # fmt: skip


def published(name: str) -> Any:
    path = SHARED / "science" / "targets" / name
    if name.endswith(".json"):
        return json.loads(path.read_text())
    with path.open() as stream:
        return list(csv.DictReader(stream))


_held: dict[str, Evidence] = {}


def held(name: str) -> Evidence:
    """What a shipped study holds; read once."""
    if name not in _held:
        _held[name] = gather(Study.load(name, SHARED / "data" / _FOLDERS.get(name, name)))
    return _held[name]


def orders(rows: str, n_days: int) -> Orders:
    """'customer:day:cents ..' as order days."""
    cells = [tuple(int(n) for n in row.split(":")) for row in rows.split()]
    return Orders.of([c[0] for c in cells], [c[1] for c in cells], [c[2] for c in cells], n_days)


# --- by hand ------------------------------------------------------------------------------------------------


def test_rows_of_a_day_become_one_and_later_days_are_not_known() -> None:
    found = orders("2:5:100 1:3:50 1:3:70 1:0:10 2:30:999", 30)
    assert (found.customer.tolist(), found.day.tolist(), found.value_cents.tolist()) == (
        [1, 1, 2],
        [0, 3, 5],
        [10, 120, 100],
    )
    assert found.first_day.tolist() == [0, 0, 5]
    assert found.is_start.tolist() == [True, False, True]


def test_repeat_table_by_hand() -> None:
    # 22 days. Anna: day 0, 7 (week 1), 8 (week 2), 21 (week 3). Ben: day 7, 21 (week 2); followed for 2 weeks.
    # Cleo: day 10, 12 (week 1), followed for 1 week. Dan: a customer from before the window, no newcomer.
    found = buying.repeat_table(orders("1:0:1 1:7:1 1:8:1 1:21:1 2:7:1 2:21:1 3:10:1 3:12:1 4:-5:1 4:3:1", 22))
    assert found["week"].tolist() == [1, 2, 3]
    assert found["seen"].tolist() == [3, 2, 1]
    assert found["in_week"].tolist() == [2, 2, 1]
    assert found["ever"].tolist() == [2, 2, 1]


def test_cohorts_ladder_gaps_and_weeks_by_hand() -> None:
    many = " ".join(f"{who}:{day}:{1000 + who}" for who in range(40) for day in ((0, 30) if who < 10 else (0,)))
    found = Targets(buying.all_targets(orders(many + " 90:33:500", 56)))
    assert found["cohort_retention[c1.k1]"].value == 0.25  # 10 of 40 order again in days 28..55
    assert found["ladder[1]"].value == pytest.approx(10 / 41)
    assert "ladder[2]" not in found  # 10 are too few to say
    assert found["weekly_gmv[1]"].value == pytest.approx(sum(10 + who / 100 for who in range(40)))
    assert found["weekly_gmv[1]"].sd == pytest.approx(sum((10 + who / 100) ** 2 for who in range(40)) ** 0.5)
    assert found["weekly_new[1]"].value == 40
    days, who = buying.between(orders(many, 56))
    assert days.tolist() == [30] * 10
    assert who.tolist() == list(range(10))


def test_repeat_rate_counts_only_who_could_be_followed() -> None:
    rows = " ".join([f"{k}:0:1" for k in range(40)] + ["0:90:1 1:91:1 2:5:1"] + [f"{k}:20:1" for k in range(50, 90)])
    (found,) = buying.repeat_rate(orders(rows, 100))
    assert (found.value, found.n) == (2 / 40, 40)


def test_shares_ties_and_teams_by_hand() -> None:
    sender, receiver = np.array([0, 0, 0, 1, 1] * 8), np.array([1, 1, 2, 2, 3] * 8)
    found = Targets(sharing.share_targets(sender, receiver))
    assert found["tie_reuse"].value == (40 - 4) / 40  # four pairs
    assert found["shared_again"].value == 1 / 3  # of 1, 2, 3 only 1 sends
    teams = Targets(sharing.team_targets([True] * 30 + [False] * 10, [2] * 30 + [0] * 10, False))
    assert (teams["team_success"].value, teams["team_joiners"].value) == (0.75, 2.0)
    assert "team_success" not in Targets(sharing.team_targets([True] * 30 + [False] * 10, None, True))


def test_clustering_and_transitivity_as_networkx_says() -> None:
    graph = nx.powerlaw_cluster_graph(120, 3, 0.6, seed=4)
    edges = np.array(graph.edges)
    found = Targets(sharing.tie_targets(120, edges[:, 0], edges[:, 1], False))
    assert found["clustering"].value == pytest.approx(nx.average_clustering(graph))
    assert found["transitivity"].value == pytest.approx(nx.transitivity(graph))
    assert found["degree[mean]"].value == pytest.approx(2 * len(edges) / 120)
    one_way = nx.gnp_random_graph(60, 0.1, seed=1, directed=True)
    edges = np.array(one_way.edges)
    found = Targets(sharing.tie_targets(60, edges[:, 0], edges[:, 1], True))
    assert found["reciprocity"].value == pytest.approx(nx.reciprocity(one_way))


def test_exposure_counts_by_hand_and_lift_is_one_without_influence() -> None:
    # 0 hears 1 and 2; item 7: 1 on day 1, 2 on day 2, 0 on day 3 (two friends); item 9: 1 and 0 on day 5 (none yet)
    made = exposure.Adoptions.of(3, [1, 2, 0, 1, 0], [7, 7, 7, 9, 9], [1, 2, 3, 5, 5], [0, 0], [1, 2])
    reached, adopted = made.counts()
    assert reached[:4].tolist() == [6, 1, 1, 0]  # (0, item 0) had one friend, then two; on day 5 nobody was earlier
    assert adopted[:3].tolist() == [4, 0, 1]
    luck = np.random.default_rng(2)
    n, ties = 200, luck.integers(0, 200, (2, 1500))
    random = exposure.Adoptions.of(n, luck.integers(0, n, 4000), luck.integers(0, 60, 4000), luck.random(4000), *ties)
    for target in exposure.exposure_targets(random):
        if target.measure == "adoption_lift":
            assert abs(target.distance(1.0)) < 4


def test_hazards_by_hand() -> None:
    time = np.array([1.0, 2.0, np.inf])  # 1 hears 0, 2 hears both
    found = exposure.hazard_table(3, time, np.array([1, 2, 2]), np.array([0, 0, 1]), 2.0)
    assert found["at_risk"][:3].tolist() == [3, 2, 0]
    assert found["adopted"][:3].tolist() == [1, 1, 0]


def test_uplift_by_hand() -> None:
    arm = np.array(["a"] * 100 + ["none"] * 100)
    value = np.concatenate([np.repeat([0.0, 1.0], 50), np.repeat([0.0, 1.0], [80, 20])])
    found = Targets(uplift.arm_targets(arm, {"buys": value}, "none"))
    assert found["uplift[buys.a]"].value == pytest.approx(0.3)
    assert found["uplift[buys.a]"].sd == pytest.approx((0.25 / 99 + 0.16 / 99) ** 0.5)
    with pytest.raises(InputError, match="no arm"):
        list(uplift.arm_targets(arm, {"buys": value}, "control"))


def test_visits_by_hand() -> None:
    # 40 people come on day 0; 10 of them on day 30; 20 order on day 0
    visits = orders(" ".join([f"{k}:0:0" for k in range(40)] + [f"{k}:30:0" for k in range(10)]), 35)
    bought = orders(" ".join(f"{k}:0:100" for k in range(20)), 35)
    found = Targets(visiting.visit_targets(visits, bought))
    assert found["retention_d30"].value == 0.25
    assert found["conversion"].value == pytest.approx(20 / 50)
    assert found["visits_per_day"].value == pytest.approx(50 / 35)


# --- standard errors ----------------------------------------------------------------------------------------


def test_standard_errors_against_the_bootstrap() -> None:
    luck = np.random.default_rng(5)
    customer = np.repeat(np.arange(300), luck.integers(1, 6, 300))
    value = np.exp(luck.normal(3, 0.5, 300))[customer] * np.exp(luck.normal(0, 0.5, len(customer)))
    spent = np.bincount(customer, weights=value)
    rows = [np.flatnonzero(customer == c) for c in range(300)]
    means, medians, tops = [], [], []
    for _ in range(400):
        picked = luck.integers(0, 300, 300)
        sample = value[np.concatenate([rows[c] for c in picked])]
        means.append(sample.mean())
        medians.append(np.median(sample))
        tops.append(errors_of.top_share(spent[picked])[0])
    assert errors_of.of_mean(value, customer) == pytest.approx(np.std(means), rel=0.15)
    assert errors_of.of_quantile(value, customer, 0.5) == pytest.approx(np.std(medians), rel=0.3)
    assert errors_of.top_share(spent)[1] == pytest.approx(np.std(tops), rel=0.15)


def test_targets_are_written_and_read(tmp_path: Path) -> None:
    targets = Targets([Target("ladder", 0.4, 0.01, "a, b", 900, "1"), Target("team_success", 0.5, 0.02)])
    targets.write(tmp_path / "t.csv")
    again = Targets.read(tmp_path / "t.csv")
    assert list(again) == list(targets)
    assert again["ladder[1]"].distance(0.42) == pytest.approx(2.0)
    (tmp_path / "bad.csv").write_text("measure,value,sd\nladder,0.4,0\n")
    with pytest.raises(InputError, match="above 0") as refused:
        Targets.read(tmp_path / "bad.csv")
    assert refused.value.line == 2
    with pytest.raises(InputError, match="twice"):
        Targets([targets[0], targets[0]])


# --- a run --------------------------------------------------------------------------------------------------


def test_a_run_gives_the_same_targets_as_its_orders_as_data(tmp_path: Path) -> None:
    from sim.engines import simulate
    from sim.scenario import Scenario

    scenario = Scenario.load("baseline").with_(
        {"population.size": 800, "days": 63, "burn_in_days": 7, "replications": 1, "params.alpha": -3.0}
    )
    journal = simulate(scenario, "control", 0)
    of_run = targets_of_run(journal.orders, 63, journal.shoppers, journal.daily)
    table = journal.orders
    day = np.datetime64("2024-03-01") + table["day"].to_numpy()
    lines = [
        f"{who},{when},{cents / 100:.2f}"
        for who, when, cents in zip(table["agent"], day, table["paid_cents"], strict=True)
    ]
    (tmp_path / "orders.csv").write_text("who,when,worth\n" + "\n".join(lines) + "\n")
    window = {"from": "2024-03-01", "to": str(np.datetime64("2024-03-01") + 62)}
    spec = {"path": "orders.csv", "customer": "who", "time": "when", "value": "worth"}
    of_data = gather(Study.from_dict({"orders": spec, "window": window}, tmp_path)).targets
    assert len(of_data) > 20
    for target in of_data:
        assert of_run[target.name].value == pytest.approx(target.value), target.name
        assert of_run[target.name].sd == pytest.approx(target.sd), target.name
    visits = journal.daily["dau"].to_numpy()
    assert of_run["visits_per_day"].value == pytest.approx(visits.mean())


# --- published figures --------------------------------------------------------------------------------------


@needs_shared
def test_cdnow_as_published() -> None:
    found, summary = held("cdnow"), published("cdnow_wk01_39_summary.json")
    assert found.orders is not None
    table = buying.repeat_table(found.orders)
    for k, row in enumerate(published("cdnow_age_repeat_wk01_39.csv")):
        assert table["seen"][k] == int(row["n_observable"])
        assert table["in_week"][k] / table["seen"][k] == pytest.approx(float(row["share_ordering_in_week"]), abs=6e-6)
        assert table["ever"][k] / table["seen"][k] == pytest.approx(float(row["cum_share_ever_repeated"]), abs=6e-6)
    weekly = buying.weekly_table(found.orders)
    for k, row in enumerate(published("cdnow_weekly_wk01_39.csv")):
        assert weekly["orders"][k] == int(row["orders"])
        assert weekly["new"][k] == int(row["new_customers"])
        assert weekly["gmv"][k] == pytest.approx(float(row["gmv"]))
    sizes, active = buying.cohort_table(found.orders, found.orders.first_day // 7, found.orders.day // 7)
    for c, row in enumerate(published("cdnow_weekly_cohort_retention_wk01_39.csv")):
        assert sizes[c] == int(row["cohort_size"])
        for k in range(1, 39 - c):
            assert active[c, k] / sizes[c] == pytest.approx(float(row[str(k)]), abs=6e-5)
    assert found.targets["ladder[1]"].value == pytest.approx(summary["share_repeaters"], abs=6e-5)
    assert found.targets["top_20_share"].value == pytest.approx(summary["top20pct_revenue_share"], abs=5e-4)
    for p in ("p10", "p25", "p50", "p75", "p90"):
        assert found.targets[f"gap_days[{p}]"].value == pytest.approx(summary["interpurchase_days"][p])
        assert found.targets[f"order_value[{p}]"].value == pytest.approx(summary["order_value"][p])
    assert found.targets["order_value[mean]"].value == pytest.approx(summary["order_value"]["mean"], abs=5e-5)


@needs_shared
def test_online_retail_as_published() -> None:
    found, summary = held("online_retail"), published("uci_2009_2010_summary.json")
    assert found.orders is not None
    assert len(found.customers) == summary["customers"]
    assert len(found.orders.day) == summary["orders_customer_days"]
    table = buying.repeat_table(found.orders)
    for k, row in enumerate(published("uci_2009_2010_age_repeat.csv")):
        assert table["seen"][k] == int(row["n_observable"])
        assert table["ever"][k] / table["seen"][k] == pytest.approx(float(row["cum_share_ever_repeated"]), abs=6e-6)
    weekly = buying.weekly_table(found.orders)
    for k, row in enumerate(published("uci_2009_2010_weekly.csv")[:52]):
        assert weekly["gmv"][k] == pytest.approx(float(row["gmv"]), abs=0.02)

    def month(days: Any) -> Any:
        dates = np.datetime64("2009-12-01") + days
        return dates.astype("datetime64[M]").astype(np.int64) - np.datetime64("2009-12").astype(np.int64)

    sizes, active = buying.cohort_table(found.orders, month(found.orders.first_day), month(found.orders.day))
    for c, row in enumerate(published("uci_2009_2010_monthly_cohort_retention.csv")):
        assert sizes[c] == int(row["cohort_size"])
        for k in range(1, 12 - c):
            assert active[c, k] / sizes[c] == pytest.approx(float(row[str(k)]), abs=6e-5)
    # The study's targets leave out a first quarter of old customers who only seem new; the published share has it.
    study = Study.load("online_retail", SHARED / "data" / _FOLDERS.get("online_retail", "online_retail"))
    window = study.window.model_copy(update={"history_to": None})
    whole = gather(study.model_copy(update={"window": window}))
    assert whole.targets["top_20_share"].value == pytest.approx(summary["top20pct_revenue_share"], abs=5e-4)


@needs_shared
def test_experiments_as_published() -> None:
    arms = published("hillstrom_uplift.json")["arms"]
    targets = held("hillstrom").targets
    for arm, figures in arms.items():
        assert targets[f"arm[visit.{arm}]"].value == pytest.approx(figures["visit"], abs=6e-6)
        assert targets[f"arm[spend.{arm}]"].value == pytest.approx(figures["spend_mean"], abs=6e-5)
        assert targets[f"arm[spend.{arm}]"].sd == pytest.approx(figures["spend_sd"] / figures["n"] ** 0.5, rel=1e-4)
    cats = held("cookie_cats").targets
    for arm, figures in published("cookie_cats.json")["by_version"].items():
        assert cats[f"arm[retention_1.{arm}]"].value == pytest.approx(figures["D1"], abs=6e-6)
        assert cats[f"arm[retention_7.{arm}]"].sd == pytest.approx(figures["se_D7"], abs=6e-6)


@needs_shared
@pytest.mark.slow
def test_shares_and_groups_as_published() -> None:
    links, graph = held("taobao_beibei.links").targets, published("graph_taobao_share_links_kbid.json")
    figures = published("taobao_share.json")["all_share_links_train_period"]
    for at in ("p25", "p50", "p75", "p90", "p95", "p99", "mean"):
        assert links[f"fan_out[{at}]"].value == pytest.approx(figures["distinct_voters_per_inviter"][at], abs=6e-5)
    assert links["shared_again"].value == pytest.approx(figures["share_of_voters_who_also_invite"], abs=6e-5)
    assert links["reciprocity"].value == pytest.approx(graph["reciprocity"], abs=6e-5)
    assert links["transitivity"].value == pytest.approx(graph["transitivity_global"], abs=6e-5)
    assert links["clustering"].value == pytest.approx(graph["clustering_mean_local"], abs=6e-5)
    assert links["degree[p99]"].value == graph["degree_undirected"]["p99"]
    groups, teams = published("beibei_groups.json"), held("taobao_beibei").targets
    joined = {int(k): n for k, n in groups["participants_per_success"].items()}
    assert teams["team_joiners"].n == groups["groups_success_available"]
    assert teams["team_joiners"].value == pytest.approx(sum(k * n for k, n in joined.items()) / sum(joined.values()))
    assert "team_success" not in teams  # the successes are a sample


@needs_shared
@pytest.mark.slow
def test_adoption_by_number_of_friends_as_published() -> None:
    targets = held("ciaodvd").targets
    for row in published("exposure_curve_ciaodvd.csv")[:7]:
        k = row["k_adopted_neighbours"]
        assert targets[f"adoption[{k}]"].n == int(row["n_pairs_reaching_k"])
        assert targets[f"adoption[{k}]"].value == pytest.approx(float(row["p_k"]), rel=1e-5)
        if k != "0":  # the published baseline is of five shuffles: it has luck of its own
            lift = targets[f"adoption_lift[{k}]"]
            assert abs(lift.distance(float(row["lift"]))) < 3
    graph = published("graph_ciaodvd_trust.json")
    assert targets["clustering"].value == pytest.approx(graph["clustering_mean_local"], abs=6e-5)
    assert targets["transitivity"].value == pytest.approx(graph["transitivity_global"], abs=6e-5)
    assert targets["degree[mean]"].value == pytest.approx(graph["degree_undirected"]["mean"], abs=6e-4)


@needs_shared
@pytest.mark.parametrize(
    ("study", "name"), [("diffusion", "brazil_farmers"), ("diffusion.doctors", "medical_innovation")]
)
def test_hazards_as_published(study: str, name: str) -> None:
    targets = held(study).targets
    for row in published("classic_network_hazards.csv"):
        if row["dataset"] == name and int(row["k_adopted_contacts"]) < 5:  # the last row there is "5 or more"
            hazard = targets[f"hazard[{row['k_adopted_contacts']}]"]
            assert hazard.n == int(row["person_periods"])
            assert hazard.value == pytest.approx(float(row["hazard"]), abs=6e-6)
    for row in published(f"classic_{name}_adoption.csv")[:-1]:
        assert targets[f"adopted_by[{float(row['toa']):.0f}]"].value == pytest.approx(float(row["cum_share"]), abs=6e-5)


@needs_shared
@pytest.mark.parametrize(
    "name",
    [
        pytest.param(name, marks=pytest.mark.slow) if name.startswith(("ciaodvd", "taobao")) else name
        for name in sorted(shipped_studies())
    ],
)
def test_shipped_targets_are_those_of_the_data(name: str) -> None:
    file = shipped_studies()[name]
    stem = "targets" if file.stem == "study" else f"targets_{file.stem}"
    shipped = Targets.read(file.parent / f"{stem}.csv")
    found = held(name).targets
    assert shipped.names == found.names
    for target in shipped:
        assert found[target.name].value == pytest.approx(target.value, rel=1e-6)


def test_shipped_studies_are_sound() -> None:
    studies = shipped_studies()
    assert {"cdnow", "online_retail", "ciaodvd", "taobao_beibei", "hillstrom", "cookie_cats", "diffusion"} <= set(
        studies
    )
    for name, file in studies.items():
        study = Study.load(name)
        assert study.source, name
        assert study.terms, name
        if study.scenario is not None:
            study.base()
        assert file.parent.joinpath("README.md").is_file()
