"""Who registers when: Watts's thresholds, Bass's diffusion, bounds for any network, and rules of third parties.

Laboratories are scenarios (scenarios/lab), run by the usual engines. What must come out is computed here: by closed
forms, by a cascade in plain Python on the same graph, and checked against published numbers.
"""

from __future__ import annotations

import itertools
import math
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import networkx as nx
import numpy as np
import pandas as pd
import pytest
from annotated_types import Ge, Le
from numpy.typing import NDArray

from sim import arrivals, draws
from sim._jit import exp
from sim.arrivals import Arrival, Organic
from sim.engines import World, simulate
from sim.errors import InputError, ScenarioError
from sim.journal import Journal
from sim.scenario import Scenario, difference, schema, template
from sim.studies.facts.known import v02, v03
from sim.studies.facts.play import Lab
from sim.studies.facts.theory import DISCRETE, P, Q, bass, may_cascade, pairs
from tests.busy_worlds import BUSY, assert_drivers_agree, assert_same, fingerprint, from_files

ROOT = Path(__file__).resolve().parent.parent
KINDS = sorted(arrivals.registry())


# --- V2: thresholds: a cascade follows from the graph and the seeds alone --------------------------------------


def edge(phi: float, low: float, high: float) -> float:
    """Where the condition changes between these two mean degrees."""
    is_inside = may_cascade(low, phi) > 1.0
    for _ in range(60):
        middle = (low + high) / 2.0
        if (may_cascade(middle, phi) > 1.0) == is_inside:
            low = middle
        else:
            high = middle
    return low


def test_the_condition_gives_the_published_windows() -> None:
    windows = {0.10: (1.0000, 13.6593), 0.12: (1.0001, 10.6574), 0.15: (1.0037, 7.4771), 0.18: (1.0207, 5.7647),
               0.20: (1.0207, 5.7647), 0.22: (1.1141, 3.8631), 0.25: (1.1141, 3.8631)}  # fmt: skip
    for phi, (low, high) in windows.items():
        assert edge(phi, 0.5, 2.0) == pytest.approx(low, abs=6e-5)
        assert edge(phi, 2.0, 30.0) == pytest.approx(high, abs=6e-5)
    assert max(may_cascade(z, 0.26) for z in np.linspace(0.1, 30.0, 3000)) < 1.0


def cascade(graph: nx.Graph[int], seeds: list[int], phi: float) -> dict[int, int]:
    """Who adopts in which round (seeds in round 0): everybody at once, as soon as enough friends have."""
    adopted = dict.fromkeys(seeds, 0)
    for step in range(1, graph.number_of_nodes() + 1):
        near = {friend for person in adopted for friend in graph[person]} - adopted.keys()
        ready = [i for i in near if sum(friend in adopted for friend in graph[i]) / graph.degree[i] >= phi]
        if not ready:
            break
        adopted |= dict.fromkeys(ready, step)
    return adopted


def found(journal: Journal, before: int = 0) -> dict[int, int]:
    """Who is registered since which round: day 0 is round 1."""
    people = journal.shoppers[journal.shoppers["channel"] != ""]
    day = np.where(people["channel"] == "start", -1, people["registered_day"] + before)
    return dict(zip(people["id"].tolist(), (day + 1).tolist(), strict=True))


def assert_over(journal: Journal) -> None:
    """Nobody registered on the last day, so nobody will any more."""
    assert journal.daily["new_registrations"].iloc[-1] == 0


@pytest.mark.parametrize("phi", [0.1, 0.18, 0.2, 1 / 3, 0.5])
@pytest.mark.parametrize(
    "graph",
    [
        {"kind": "random", "mean_degree": 4},
        {"kind": "powerlaw_cluster", "mean_degree": 6},
        {"kind": "small_world", "mean_degree": 4, "rewire": 0.2},
    ],
    ids=lambda graph: graph["kind"],
)
def test_the_same_people_adopt_on_the_same_days_as_in_plain_python(graph: dict[str, Any], phi: float) -> None:
    """Thresholds that shares of friends meet exactly (1/5, 1/3, 1/2) are among them."""
    changes = {"population.size": 1500, "population.registered_share": 0.04, "graph": graph, "arrival.share": phi}
    lab = Scenario.load("lab.threshold").with_(changes)
    world = World.build(lab)
    seeds = world.population.ids[world.population.is_registered].tolist()
    expected = cascade(world.graph.to_networkx(), seeds, phi)
    assert len(expected) > len(seeds) > 5
    journal = simulate(lab, "control", world=world)
    assert found(journal) == expected
    assert_over(journal)
    assert set(journal.shoppers["channel"]) <= {"", "start", "organic"}
    assert journal.daily[["orders", "messages", "churned", "new_invited", "new_paid"]].to_numpy().sum() == 0
    assert journal.daily["visits"].sum() <= len(expected)  # registering is a visit; nobody comes again


def test_as_shipped_a_few_seeds_set_off_everybody() -> None:
    lab = Scenario.load("lab.threshold")
    world = World.build(lab)
    seeds = world.population.ids[world.population.is_registered].tolist()
    journal = simulate(lab, "control", world=world)
    assert found(journal) == cascade(world.graph.to_networkx(), seeds, 0.18)
    assert 1 <= len(seeds) < 15
    assert len(found(journal)) > 9000
    assert_over(journal)


def test_in_a_directed_graph_only_who_is_heard_counts(tmp_path: Path) -> None:
    """source hears target: 1 hears 0, so 0 sets 1 off; 2 is heard by 0, and hears only 3, who never moves."""
    (tmp_path / "ties.csv").write_text("source,target\n1,0\n0,2\n2,3\n4,0\n4,3\n")
    (tmp_path / "people.csv").write_text("id,registered\n0,1\n1,0\n2,0\n3,0\n4,0\n")
    changes = {
        "population": {"from": str(tmp_path / "people.csv")}, "days": 5, "arrival.share": 0.5,
        "graph": {"kind": "file", "path": str(tmp_path / "ties.csv"), "directed": True},
    }  # fmt: skip
    for share, adopters in ((0.5, {0: 0, 1: 1, 4: 1}), (0.51, {0: 0, 1: 1}), (0.0, {0: 0, 1: 1, 2: 1, 4: 1})):
        journal = simulate(Scenario.load("lab.threshold").with_(changes | {"arrival.share": share}), "control")
        assert found(journal) == adopters  # 3 hears nobody, and never registers whatever the share


def single_seeds(size: int, n: int, z: float, phi: float) -> NDArray[np.float64]:
    """Shares reached from person 0 in n graphs; graphs are drawn anew each time, so that is a person at random."""
    lab = Scenario.load("lab.threshold")
    return np.array([v02.reached(Lab(lab, replication), z, phi, size=size) for replication in range(n)])


def test_there_is_a_window() -> None:
    """15 single seeds in graphs of 2,000: below and above the window none takes off, inside it more than half."""
    shares = {z: (single_seeds(2000, 15, z, 0.18) > 0.1).mean() for z in (0.7, 3.0, 8.0)}
    assert shares[3.0] > 0.6
    assert shares[0.7] == shares[8.0] == 0.0
    assert (single_seeds(2000, 8, 3.0, 0.26) < 0.1).all()


@pytest.mark.slow
@pytest.mark.parametrize("z", [0.8, 1.5, 3.0, 4.0, 5.0, 5.5, 7.0, 9.0])
def test_300_single_seeds(z: float) -> None:
    """V2 in full: 300 graphs of 10,000; above the window's lower edge sizes are tiny or global, nothing between."""
    sizes = single_seeds(10_000, 300, z, 0.18)
    often = (sizes > 0.1).mean()
    print(f"z = {z}: {often:.3f} of cascades reach more than a tenth, the largest {sizes.max():.3f}")
    if 1.021 < z < 5.765:
        assert often > 0.3
    else:
        assert often < 0.01
    if z in (4.0, 5.0, 5.5):
        assert not ((sizes > 0.05) & (sizes < 0.5)).any()


@pytest.mark.slow
@pytest.mark.parametrize("z", range(1, 11))
def test_300_single_seeds_without_a_window(z: int) -> None:
    """V2 in full above phi = .25: whatever the mean degree, none."""
    assert (single_seeds(10_000, 300, float(z), 0.26) > 0.1).mean() < 0.01


# --- V3: everybody mixed, innovation and imitation are Bass's curve ---------------------------------------------


def test_bass_in_closed_form() -> None:
    share, listed = 0.0, []
    for _ in DISCRETE:
        share += (P + Q * share) * (1.0 - share)
        listed.append(share)
    assert listed == pytest.approx(DISCRETE, abs=5e-5)
    peak = math.log(Q / P) / (P + Q)
    assert peak == pytest.approx(6.1926, abs=5e-5)
    assert bass(peak) == pytest.approx(0.5 - P / (2.0 * Q), abs=1e-12) == pytest.approx(0.4605, abs=5e-5)
    assert (bass(peak + 1e-4) - bass(peak - 1e-4)) / 2e-4 == pytest.approx(0.11059, abs=5e-6)
    assert [bass(t) for t in (5, 8, 12)] == pytest.approx([0.3312, 0.6517, 0.9087], abs=5e-5)
    assert [pairs(t) for t in (5, 8, 12)] == pytest.approx([0.2067, 0.3314, 0.4722], abs=5e-5)


@pytest.mark.parametrize("replication", range(4))
def test_well_mixed_adoption_is_the_discrete_bass_curve(replication: int) -> None:
    """V3: 20,000 people; a share of .5 has a standard error of .0035, the whole curve is shifted by early luck."""
    share = v03.adopted(simulate(Scenario.load("lab.bass"), "control", replication))
    assert share[[5, 10, 15]] == pytest.approx([0.2729, 0.7826, 0.9782], abs=0.01)
    assert share[1:] == pytest.approx(DISCRETE, abs=0.012)
    # what Bass did with sales: dF = p + (q - p) F - q F^2 by least squares
    left = 1.0 - share[:-1]
    (p, q), *_ = np.linalg.lstsq(np.stack([left, share[:-1] * left], axis=1), np.diff(share), rcond=None)
    assert p == pytest.approx(P, rel=0.10)
    assert q == pytest.approx(Q, rel=0.05)


# --- V4: any network lies between pairs and everybody -------------------------------------------------------------

TIMES = (5, 8, 12)
LOW, HIGH = (0.2067, 0.3314, 0.4722), (0.3312, 0.6517, 0.9087)


def small_steps(dt: float, size: int, **changes: Any) -> Scenario:
    lab = {"population.size": size, "days": round(12 / dt), "arrival.p": P * dt, "arrival.q": Q * dt}
    return Scenario.load("lab.bass").with_(lab | {name.replace("__", "."): value for name, value in changes.items()})


def network(folder: Path, kind: str, size: int) -> dict[str, Any]:
    """A graph in which everybody has the same number of friends, or nearly so."""
    if kind == "ring":
        return {"kind": "small_world", "mean_degree": 2, "rewire": 0}
    if kind == "small world":
        return {"kind": "small_world", "mean_degree": 6, "rewire": 0.1}
    degree = {"pairs": 1, "4-regular": 4, "20-regular": 20}[kind]
    ties = nx.random_regular_graph(degree, size, seed=1).edges
    pd.DataFrame(ties, columns=["source", "target"]).to_csv(folder / "ties.csv", index=False)
    return {"kind": "file", "path": str(folder / "ties.csv")}


def on_network(folder: Path, kind: str, size: int, dt: float) -> NDArray[np.float64]:
    """F(5), F(8), F(12); everybody mixed where the kind is `everybody`."""
    lab = small_steps(dt, size)
    if kind != "everybody":
        lab = small_steps(dt, size, graph=network(folder, kind, size), arrival__well_mixed=False)
    return v03.adopted(simulate(lab, "control"))[[round(t / dt) for t in TIMES]]


def check_bounds(folder: Path, kinds: list[str], size: int, dt: float, errors: float) -> None:
    """Inside the published bounds, which pairs and everybody attain.

    Standard errors at 20,000 people, from repeated runs: .006 for pairs, .008 (early luck shifts the whole curve) for
    everybody.
    """
    share = {kind: on_network(folder, kind, size, dt) for kind in kinds}
    for kind, at in share.items():
        assert (at > LOW).all(), kind
        assert (at < HIGH).all(), kind
    for slower, faster in itertools.pairwise(share.values()):
        assert (slower < faster).all()
    scale = errors * math.sqrt(20_000 / size)
    expected = [pairs(t) for t in TIMES], [bass(t) for t in TIMES]
    assert on_network(folder, "pairs", size, dt) == pytest.approx(expected[0], abs=0.006 * scale)
    assert on_network(folder, "everybody", size, dt) == pytest.approx(expected[1], abs=0.008 * scale)


def test_networks_lie_between_pairs_and_everybody(tmp_path: Path) -> None:
    """Steps of .1: half a step late, which is less than the errors here."""
    check_bounds(tmp_path, ["ring", "20-regular"], 10_000, 0.1, 2.5)


@pytest.mark.slow
def test_networks_lie_between_pairs_and_everybody_in_full(tmp_path: Path) -> None:
    """V4: the more friends, and the less they know each other, the faster; two also as others have simulated them."""
    check_bounds(tmp_path, ["ring", "small world", "20-regular"], 40_000, 0.02, 2.0)
    check_bounds(tmp_path, ["ring", "4-regular", "20-regular"], 40_000, 0.02, 2.0)
    assert on_network(tmp_path, "ring", 40_000, 0.02) == pytest.approx([0.246, 0.438, 0.659], abs=0.01)
    assert on_network(tmp_path, "20-regular", 40_000, 0.02) == pytest.approx([0.320, 0.631, 0.895], abs=0.01)


def test_adoption_peaks_when_the_closed_form_says() -> None:
    """In small steps, 20,000 people: F(t*) = 1/2 - p/2q, and the steepest part is there (f = .11059)."""
    dt = 0.05
    share = v03.adopted(simulate(small_steps(dt, 20_000), "control"))
    peak = math.log(Q / P) / (P + Q)
    assert share[round(peak / dt)] == pytest.approx(0.5 - P / (2.0 * Q), abs=0.012)
    wide = round(1.0 / dt)
    slope = share[2 * wide :] - share[: -2 * wide]  # over two units of time
    assert (np.argmax(slope) + wide) * dt == pytest.approx(peak, abs=0.6)
    assert slope.max() == pytest.approx(bass(peak + 1) - bass(peak - 1), abs=0.01)


# --- the rule takes the place of the organic term, and of nothing else -----------------------------------------

RULES: dict[str, dict[str, Any]] = {
    "bass": {"kind": "bass", "p": 0.01, "q": 0.2},
    "mixed": {"kind": "bass", "p": 0.01, "q": 0.2, "well_mixed": True},
    "threshold": {"kind": "threshold", "share": 0.45},
    "dated": {"kind": "dated", "per_day": [3, 0, 5, 2, 4, 1, 0, 0, 3], "share": 0.6, "buys": True},
}
LEADERS = {"kind": "kol_seeding", "seeds": 6, "posts_every": 2}
BUNDLE = [LEADERS, {"kind": "group_buy", "discount": 0.4}, {"kind": "share_coupon", "face": 8.0}]


def lively(**changes: Any) -> Scenario:
    """A small shop in which people come, go, return, invite and follow leaders."""
    fields: dict[str, Any] = {
        "name": "lively", "days": 14, "burn_in_days": 5, "population": {"size": 130, "registered_share": 0.2},
        "catalogue": {"size": 20}, "params": BUSY | {"organic": 0.02}, "strategies": {"bundle": BUNDLE},
    }  # fmt: skip
    return Scenario.from_dict(fields | changes)


def test_the_usual_rule_written_out_is_no_rule_at_all() -> None:
    plain, written = lively(), lively(arrival={"kind": "organic"})
    assert plain == written
    assert plain.digest == written.digest
    assert lively(arrival=RULES["bass"]).digest != plain.digest
    assert_same(simulate(plain, "bundle", events=True), simulate(written, "bundle", events=True))
    assert arrivals.registry()["organic"] is Organic
    assert plain.arrival == Organic()


@pytest.mark.parametrize("engine", ["columnar", "objects"])
def test_without_imitation_bass_is_the_usual_rule(tmp_path: Path, engine: Any) -> None:
    """Bit for bit, with posts and invitations, and where a file says who arrives more often, or never."""
    files = from_files(tmp_path)
    for more in ({}, files):
        usual = lively(**more)
        other = lively(**more, arrival={"kind": "bass", "p": 0.02, "q": 0.0})
        one = simulate(usual, "bundle", events=True, engine=engine)
        assert_same(one, simulate(other, "bundle", events=True, engine=engine))
        assert one.daily["new_organic"].sum() > 5


@pytest.mark.parametrize("rule", RULES)
def test_drivers_agree_on_other_rules(tmp_path: Path, rule: str) -> None:
    for more in ({}, from_files(tmp_path), {"graph": {"kind": "none"}}):
        journals = assert_drivers_agree(lively(arrival=RULES[rule], **more))
        channels = journals["bundle"].shoppers["channel"].value_counts()
        assert channels.get("paid", 0) > 0, "leaders' posts work on top"
        if more.get("graph") != {"kind": "none"}:
            assert channels["organic"] > 0
            assert channels["invited"] > 0, "and so do invitations"


@pytest.mark.parametrize("threads", [2, 5])
@pytest.mark.parametrize("rule", RULES)
def test_number_of_threads_does_not_matter(rule: str, threads: int) -> None:
    asked = lively(arrival=RULES[rule], population={"size": 301, "registered_share": 0.2})
    world = World.build(asked)
    one = simulate(asked, "bundle", world=world, events=True)
    assert_same(one, simulate(asked, "bundle", world=world, events=True, threads=threads))


def test_plain_python_gives_the_same_bits() -> None:
    code = (
        "from tests import test_adoption as t\n"
        "from sim._jit import IS_COMPILED; assert not IS_COMPILED\n"
        "print(*[t.fingerprint(t.simulate(t.tiny(rule), 'bundle', events=True)) for rule in t.RULES])"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=ROOT, env={**os.environ, "NUMBA_DISABLE_JIT": "1", "PYTHONPATH": str(ROOT)},
        capture_output=True, text=True, check=False, timeout=300,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    assert done.stdout.split() == [fingerprint(simulate(tiny(rule), "bundle", events=True)) for rule in RULES]


def tiny(rule: str) -> Scenario:
    small = {"days": 5, "burn_in_days": 3, "population": {"size": 40, "registered_share": 0.2}}
    return lively(**small, catalogue={"size": 8}, arrival=RULES[rule])


def test_who_left_no_longer_counts_as_active() -> None:
    """Bass's share is of people who are active, so where everybody leaves at once imitation adds next to nothing."""
    stay = {"population.size": 3000, "days": 12}
    lab = Scenario.load("lab.bass").with_(stay)
    leaving = lab.with_({"params.churn": 1e6, "params.theta_a": 1000})
    many, few = (simulate(s, "control").daily["new_organic"].sum() / 3000 for s in (lab, leaving))
    assert many > 0.85
    assert few == pytest.approx(1.0 - (1.0 - P) ** 12, abs=0.03)


# --- rules of third parties ---------------------------------------------------------------------------------------

STRANGE = '''
from typing import ClassVar, Literal

from sim._jit import exp
from sim.arrivals import Arrival, coefficient, rule


class Shy(Arrival):
    """The more people she hears and the more have come, the less she comes; followers of leaders a little more."""

    source: ClassVar[str] = "nobody"
    title_zh: ClassVar[str] = "怕生"

    kind: Literal["shy"] = "shy"
    eager: float = coefficient(0.5, "per day", "chance of who hears nobody", "基础概率", ge=0.0, le=1.0)
    crowd: float = coefficient(0.1, "1 / friends", "how friends put her off", "好友影响", ge=0.0, le=5.0)

    @staticmethod
    @rule
    def chance(coefficients, traits, state, n_friends, active_share):
        eager, crowd = coefficients
        return eager * exp(-crowd * n_friends - active_share) + 0.01 * traits.kol - 0.01 * state.n_friends_active
'''


@pytest.fixture
def shy(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """A package with a rule, installed as pip would leave it: a module, and a dist-info that names the entry point."""
    site = tmp_path / "site"
    info = site / "strange_arrivals-1.0.dist-info"
    info.mkdir(parents=True)
    (site / "strange_arrivals.py").write_text(STRANGE, encoding="utf-8")
    (info / "METADATA").write_text("Metadata-Version: 2.1\nName: strange-arrivals\nVersion: 1.0\n")
    (info / "entry_points.txt").write_text("[sim.arrivals]\nshy = strange_arrivals:Shy\n")
    monkeypatch.syspath_prepend(str(site))
    arrivals.registry.cache_clear()
    yield site
    arrivals.registry.cache_clear()
    sys.modules.pop("strange_arrivals", None)


def test_a_third_partys_rule_runs_in_both_drivers_from_a_scenario(shy: Path, tmp_path: Path) -> None:
    (tmp_path / "mine.yaml").write_text(
        "days: 6\nburn_in_days: 2\npopulation: {size: 120, registered_share: 0.3}\ncatalogue: {size: 9}\n"
        "arrival: {kind: shy, crowd: 0.3}\nparams: {churn: 5, a_inv: 0.3}\n"
    )
    asked = Scenario.load(tmp_path / "mine.yaml")
    assert Scenario.from_yaml(asked.to_yaml()) == asked
    assert Scenario.from_yaml(template(asked)) == asked
    journal = assert_drivers_agree(asked)["control"]
    # who registers by herself on the first day, worked out from the world and her luck, without the engine
    world = World.build(asked)
    people, share = world.population, float(world.population.is_registered.mean())
    expected = set()
    for row, identity in enumerate(people.ids.tolist()):
        heard = world.graph.to_networkx()[identity]
        active = sum(bool(people.is_registered[np.flatnonzero(people.ids == friend)[0]]) for friend in heard)
        chance = 0.5 * exp(-0.3 * len(heard) - share) + 0.01 * float(people.traits.kol[row]) - 0.01 * active
        luck = draws.unit(draws.block(world.noise_seed, draws.LIFE, 0, identity, 0)[3])
        if luck < chance and not people.is_registered[row]:
            expected.add(identity)
    registered = journal.shoppers[journal.shoppers["registered_day"] == -2]
    assert set(registered["id"]) == expected
    assert 3 <= len(expected) < 60


def test_a_third_partys_rule_is_known_wherever_ours_are(shy: Path, tmp_path: Path) -> None:
    with pytest.raises(ScenarioError, match="Did you mean 'crowd'"):
        Scenario.from_dict({"arrival": {"kind": "shy", "crowds": 1}})
    assert any("Shy" in str(one) for one in schema()["$defs"]["Arrival"]["oneOf"])
    done = subprocess.run(
        [sys.executable, "-m", "sim", "arrivals", "shy"], cwd=tmp_path, capture_output=True, text=True, check=True,
        env={**os.environ, "PYTHONPATH": os.pathsep.join([str(ROOT), str(shy)]), "COLUMNS": "120"},
    )  # fmt: skip
    assert "how friends put her off" in done.stdout
    assert "Source: nobody." in done.stdout


class Mute(Arrival):
    """Says nothing."""

    kind: str = "mute"


class Again(Arrival):
    """Has a name that is taken."""

    kind: str = "bass"
    chance = staticmethod(lambda *_: 0.0)


class Nameless(Arrival):
    """Has no name."""


@pytest.mark.parametrize(
    ("published", "message"),
    [
        (Mute, "arrival rule without a rule: found 'mute'. Give it a static method"),
        (Again, "two classes of Arrival have the same kind: found 'bass'"),
        (Nameless, "class of Arrival has no kind: found 'Nameless'"),
        (dict, "sim.arrivals holds something else"),
    ],
)
def test_what_is_no_rule_is_refused(published: Any, message: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(arrivals, "_others", lambda: [published])
    arrivals.registry.cache_clear()
    with pytest.raises(InputError, match=message):
        arrivals.registry()
    arrivals.registry.cache_clear()


# --- at the door --------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("kind", KINDS)
def test_says_what_it_is(kind: str) -> None:
    """Every coefficient has a sentence in two languages, a unit and bounds; and somebody proposed the rule."""
    cls = arrivals.registry()[kind]
    assert cls.__doc__
    assert len(cls.__doc__.split()) > 15
    assert cls.source
    assert cls.title_zh
    for name, field in cls.model_fields.items():
        if name == "kind":
            continue
        assert field.description, name
        extra = field.json_schema_extra
        assert isinstance(extra, dict), name
        assert extra.get("zh"), name
        if field.annotation is float:
            assert {Ge, Le} <= {type(one) for one in field.metadata}, name
    if kind == "dated":  # of its list, the chance of the day
        assert cls().coefficients() == (1.0,)
    elif kind != "organic":
        assert len(cls().coefficients()) == len(cls.model_fields) - 1


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("{kind: bas}", r":1 arrival\.kind: unknown kind: found 'bas', allowed bass, .*Did you mean 'bass'"),
        ("{p: 0.1}", r"arrival: missing key 'kind'. Kinds: bass, dated, organic, threshold"),
        ("3", r"arrival: wrong type: found 3, allowed an arrival rule, like"),
        ("{kind: bass, pp: 0.1}", r"arrival\.pp: unknown key.*Did you mean|arrival\.pp: unknown key. Known keys"),
        ("{kind: bass, p: 2}", r"arrival\.p: out of range: found 2, allowed 0 to 1 \(per day\)"),
        ("{kind: threshold, share: many}", r"arrival\.share: wrong type: found 'many', allowed a number, 0 to 1"),
        ("{kind: bass, well_mixed: 1}", r"arrival\.well_mixed: wrong type: found 1, allowed on or off"),
        ("{kind: organic, p: 0.1}", r"arrival\.p: unknown key"),
    ],
)
def test_bad_arrivals_are_refused_with_file_and_line(tmp_path: Path, text: str, message: str) -> None:
    (tmp_path / "a.yaml").write_text(f"arrival: {text}\n")
    with pytest.raises(ScenarioError, match=message) as caught:
        Scenario.load(tmp_path / "a.yaml")
    assert "a.yaml:1 " in str(caught.value)


def test_a_scenario_says_its_rule() -> None:
    usual = Scenario.from_dict({})
    bass_ = usual.with_({"arrival.kind": "bass", "arrival.q": 0.01})
    assert bass_.as_dict()["arrival"] == {"kind": "bass", "p": 0.000082, "q": 0.01, "well_mixed": False}
    assert difference(bass_, bass_.with_({"arrival.p": 0.002})) == ["arrival.p: 8.2e-05 -> 0.002 per day"]
    assert difference(usual, bass_)[0].startswith("arrival: {kind: organic} -> {kind: bass")
    assert bass_.with_({"arrival.kind": "organic"}) == usual
    unused = bass_.with_({"params.organic": 0.01})
    assert any("params.organic is not used" in text for text in unused.warnings())
    assert not any("organic" in text for text in usual.with_({"params.organic": 0.01}).warnings())
    assert "门槛" in template(usual.with_({"arrival.kind": "threshold"}), "zh")
    reference = schema()["properties"]["arrival"]["$ref"].rsplit("/", 1)[1]
    assert {one["$ref"].rsplit("/", 1)[1] for one in schema()["$defs"][reference]["oneOf"]} == {
        "Bass", "Dated", "Organic", "Threshold",
    }  # fmt: skip
