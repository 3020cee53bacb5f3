"""What the shop predicts: learned scores against what happens, set accuracy against the truth; who is served first."""

from __future__ import annotations

import itertools
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray
from scipy import stats

from sim.analytics import (
    AWAY_DAYS,
    INTENT_AT_FIRST,
    INTENT_DAYS,
    PRIOR_MEMBERS,
    RISK_AT_FIRST,
    RISK_DAYS,
    Books,
    Learner,
    blurred,
)
from sim.engines import World, prepare, simulate
from sim.engines.columnar import Columnar
from sim.engines.operations import Operations
from sim.errors import ScenarioError
from sim.rules.records import ACTIVE, NEVER
from sim.scenario import Scenario, template
from sim.strategies.people import People
from sim.strategies.tactic import Tactic, Target
from tests.busy_worlds import assert_drivers_agree
from tests.test_strategies import GENEROUS, run, scenario

Floats = NDArray[np.float64]
ASKS = {"kind": "coupon", "target": {"risk_above": 1.0, "intent_above": 1.0, "mood_below": -1.0}}  # nobody


def auc(score: Floats, happened: NDArray[np.bool_]) -> float:
    """Chance that one to whom it happened has a higher score than one to whom it did not."""
    ranks = stats.rankdata(score)
    n = int(happened.sum())
    return float((ranks[happened].sum() - n * (n + 1) / 2) / (n * (len(score) - n)))


class Watched:
    """A run that is stopped on some mornings to ask for everybody's scores; then what happened is looked up."""

    def __init__(self, asked: Scenario, mornings: tuple[int, ...]) -> None:
        world = World.build(asked)
        operations, recorder = prepare(world, "s")
        run = Columnar(world, operations, recorder)
        self.seen: dict[int, dict[str, Floats]] = {}
        self.last_visit: dict[int, NDArray[np.int64]] = {}
        morning, books = operations.morning, operations.customers

        def watch(t: int) -> Any:
            shelf = morning(t)
            if t in mornings:
                rows = np.flatnonzero(books.registered_day != NEVER)
                people = People(rows, world.population.ids[rows], t, books, np.zeros(len(rows), dtype=bool))
                truth = run._truth(t)
                self.seen[t] = {
                    "row": rows, "risk": people.risk, "intent": people.intent, "mood": people.mood,
                    "true_risk": truth.risk[rows], "true_intent": truth.intent[rows], "true_mood": truth.mood[rows],
                    "is_active": run.state.status[rows] == ACTIVE,
                }  # fmt: skip
            visited.append(books.last_visit_day.copy())
            ordered.append(books.last_order_day.copy())
            return shelf

        visited: list[NDArray[np.int64]] = []
        ordered: list[NDArray[np.int64]] = []
        operations.morning = watch  # type: ignore[method-assign]
        run.run()
        for t, found in self.seen.items():
            rows = found["row"].astype(np.int64)
            found["was_not_seen"] = visited[t + RISK_DAYS][rows] < t
            found["has_ordered"] = ordered[t + INTENT_DAYS][rows] >= t

    def all(self, name: str) -> Any:
        """One column, all mornings together."""
        return np.concatenate([found[name] for found in self.seen.values()])


def shop(**more: Any) -> Scenario:
    """2,500 members for a hundred days; the tactic asks for all scores and acts on nobody."""
    data: dict[str, Any] = {
        "days": 70, "burn_in_days": 30, "population": {"size": 2500, "registered_share": 1.0},
        "params": {"alpha": -2.0, "churn": 3.0},
    }  # fmt: skip
    return scenario({"s": ASKS}, **(data | more))


@pytest.fixture(scope="module")
def learned() -> Watched:
    return Watched(shop(), (50, 65, 80))


# --- learned -----------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("score", "outcome"), [("risk", "was_not_seen"), ("intent", "has_ordered")])
def test_learned_scores_are_calibrated_and_better_than_chance(learned: Watched, score: str, outcome: str) -> None:
    """In each fifth of the scores as many as predicted; the order is far better than a lot, and not perfect."""
    predicted, happened = learned.all(score), learned.all(outcome)
    assert 0.02 < happened.mean() < 0.98
    order = np.argsort(predicted, kind="stable")
    for fifth in np.array_split(order, 5):
        sd = max((happened[fifth].mean() * (1 - happened[fifth].mean()) / len(fifth)) ** 0.5, 0.003)
        assert predicted[fifth].mean() == pytest.approx(happened[fifth].mean(), abs=5 * sd + 0.03)
    assert predicted.mean() == pytest.approx(happened.mean(), abs=0.03)
    assert 0.65 < auc(predicted, happened) < 0.99


def test_the_truth_predicts_better_than_what_is_learned(learned: Watched) -> None:
    """What is called the truth is one: at least as good an order as the books give, and calibrated for members."""
    for score, outcome in (("risk", "was_not_seen"), ("intent", "has_ordered")):
        happened = learned.all(outcome)
        assert auc(learned.all(f"true_{score}"), happened) > auc(learned.all(score), happened)
    active = learned.all("is_active")
    risk, gone = learned.all("true_risk")[active], learned.all("was_not_seen")[active]
    assert risk.mean() == pytest.approx(gone.mean(), abs=0.03)


def books(registered: list[int], visited: list[int], ordered: list[int]) -> Books:
    columns = [np.array(values, dtype=np.int64) for values in (registered, visited, ordered)]
    zeros = np.zeros(len(registered), dtype=np.int64)
    return Books(*columns, zeros, zeros)


def test_before_anything_is_judged_scores_are_what_is_expected_at_first() -> None:
    """By days away; a prospect stands where a new member does."""
    learner = Learner(RISK_DAYS, RISK_AT_FIRST, 1)
    away = [1, 3, 5, 8, 15, 31]
    shown = books([-100] * 6 + [NEVER], [10 - a for a in away] + [NEVER], [NEVER] * 7)
    learner.start_day(10, shown, np.zeros(7, dtype=np.int64), np.zeros(7, dtype=bool))
    assert learner.score(np.arange(7)).tolist() == pytest.approx([*RISK_AT_FIRST, RISK_AT_FIRST[0]])
    assert len(RISK_AT_FIRST) == len(INTENT_AT_FIRST) == len(AWAY_DAYS) + 1


def test_shares_by_hand() -> None:
    """Two kinds of members, judged after one day: shares drawn towards the whole, the whole towards the first guess."""
    learner = Learner(1, np.full(6, 0.5), 2)
    kind = np.array([0] * 100 + [1] * 300)
    happened = np.arange(400) % 4 == 0
    happened[:100] = True
    members = books([-100] * 400, [9] * 400, [NEVER] * 400)
    learner.start_day(10, members, kind, happened)  # nobody stood anywhere yesterday
    learner.start_day(10, members, kind, happened)
    m = PRIOR_MEMBERS
    whole = (175 + m * 0.5) / (400 + m)
    expected = [(100 + m * whole) / (100 + m), (75 + m * whole) / (300 + m)]
    assert learner.score(np.array([0, 399])).tolist() == pytest.approx(expected)


def test_scores_do_not_depend_on_the_order_of_people(learned: Watched) -> None:
    """The same people in another order: the same score each."""
    ids = np.arange(500) * 3
    truth, order = np.random.default_rng(0).random(500), np.random.default_rng(1).permutation(500)
    one = blurred(truth, 0.6, 5, 0, "risk", ids)
    assert (blurred(truth[order], 0.6, 5, 0, "risk", ids[order]) == one[order]).all()


# --- set ---------------------------------------------------------------------------------------------------


def normal_scores(values: Floats) -> Floats:
    found: Floats = stats.norm.ppf((stats.rankdata(values) - 0.5) / len(values))
    return found


@pytest.mark.parametrize("accuracy", [0.0, 0.3, 0.7, 0.95])
def test_a_set_accuracy_is_the_correlation(accuracy: float) -> None:
    """Of normal scores; the values dealt out are the truth's own."""
    truth, ids = np.random.default_rng(3).gamma(0.5, size=20_000), np.arange(20_000)
    reading = blurred(truth, accuracy, 9, 0, "risk", ids)
    assert sorted(reading) == sorted(truth)
    found = np.corrcoef(normal_scores(reading), normal_scores(truth))[0, 1]
    assert found == pytest.approx(accuracy, abs=4 * (1 - accuracy**2) / 20_000**0.5 + 0.003)
    assert abs(np.corrcoef(reading, blurred(truth, 0.0, 9, 0, "intent", ids))[0, 1]) < 0.03 or accuracy > 0


def test_accuracy_one_is_the_truth_and_errors_differ_by_name() -> None:
    truth, ids = np.random.default_rng(3).random(300), np.arange(300)
    assert (blurred(truth, 1.0, 9, 0, "risk", ids) == truth).all()
    equal = np.array([0.0] * 200 + [0.5] * 100)
    assert (blurred(equal, 1.0, 9, 4, "mood", ids) == equal).all()
    readings = [blurred(truth, 0.5, seed, day, "mood", ids) for seed, day in ((9, 0), (9, 1), (8, 0))]
    assert all((one != other).any() for one, other in itertools.pairwise(readings))


def test_a_run_reads_what_is_true_as_well_as_asked() -> None:
    asked = shop(analytics={"risk_accuracy": 0.8, "intent_accuracy": 0.5, "mood_accuracy": 1.0})
    watched = Watched(asked, (40, 60))
    for found in watched.seen.values():
        n = len(found["row"])
        for name, accuracy in (("risk", 0.8), ("intent", 0.5)):
            together = np.corrcoef(normal_scores(found[name]), normal_scores(found[f"true_{name}"]))[0, 1]
            assert together == pytest.approx(accuracy, abs=5 / n**0.5)
        assert (found["mood"] == found["true_mood"]).all()
    early, late = watched.seen.values()
    both = np.isin(late["row"], early["row"])  # errors about risk stay with a member
    residual = [normal_scores(f["risk"]) - 0.8 * normal_scores(f["true_risk"]) for f in (early, late)]
    assert np.corrcoef(residual[0], residual[1][both])[0, 1] > 0.5


def test_better_analytics_find_more_of_who_leaves() -> None:
    """Recall among the tenth at the highest risk rises with the accuracy."""
    caught = []
    for accuracy in (0.0, 0.5, 1.0):
        watched = Watched(shop(analytics={"risk_accuracy": accuracy}), (60,))
        found = watched.seen[60]
        top = np.argsort(-found["risk"], kind="stable")[: len(found["row"]) // 3]
        caught.append(found["was_not_seen"][top].mean())
    assert caught[0] + 0.05 < caught[1] < caught[2] - 0.05


# --- in use ------------------------------------------------------------------------------------------------


def test_nothing_is_predicted_where_nobody_asks(monkeypatch: pytest.MonkeyPatch) -> None:
    operations, _ = prepare(World.build(scenario({"s": GENEROUS["push"]})), "s")
    assert not operations.analytics.needed
    assert not operations.analytics.learners
    assert not operations.analytics.needs_truth
    people = People(np.arange(3), np.arange(3), 0, operations.customers, np.zeros(3, dtype=bool))
    with pytest.raises(RuntimeError, match="must say so in its class variable `reads`"):
        _ = people.risk


def test_a_tactic_may_say_what_its_hooks_read(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Tactic, "reads", ("mood",))
    operations, _ = prepare(World.build(scenario({"s": GENEROUS["coupon"]})), "s")
    assert operations.analytics.needed == {"mood"}
    assert operations.analytics.needs_truth


def test_targets_by_score_reach_those_only(monkeypatch: pytest.MonkeyPatch) -> None:
    """Messages go to members above the limit; a higher limit reaches fewer."""
    seen: list[int] = []
    original = Operations.reach

    def reach(self: Operations, t: int) -> Any:
        found = original(self, t)
        if found is not None:
            risk = self.customers.predicted("risk", found.row)
            assert (risk > limit).all()
            seen.append(len(found.row))
        return found

    monkeypatch.setattr(Operations, "reach", reach)
    counts = []
    for limit in (0.5, 0.8):
        seen.clear()
        run(GENEROUS["push"] | {"target": {"risk_above": limit}})
        counts.append(sum(seen))
    assert counts[0] > counts[1] > 0


@pytest.mark.parametrize("first", ["risk", "intent", "spend"])
def test_short_money_goes_to_whom_the_score_puts_first(first: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Whoever is left out has at most the score of whoever is served."""
    served = []
    original = Operations.reach

    def reach(self: Operations, t: int) -> Any:
        found = original(self, t)
        if found is not None and len(found.row):
            members = self.customers.members()
            score = self.customers.paid_cents if first == "spend" else None
            of = (
                (lambda rows: score[rows])
                if score is not None
                else (lambda rows: self.customers.predicted(first, rows))
            )  # type: ignore[arg-type]
            left = np.setdiff1d(members, found.row)
            assert len(left) > len(found.row)
            assert of(left).max() <= of(found.row).min()
            served.append(len(found.row))
        return found

    monkeypatch.setattr(Operations, "reach", reach)
    journal = run({"kind": "push", "cost": 0.5, "budget_per_day": 10.0, "serve_first": first})
    assert set(served) == {20}
    assert len(served) == 25
    monkeypatch.undo()
    by_lot = run({"kind": "push", "cost": 0.5, "budget_per_day": 10.0})
    assert not journal.daily.equals(by_lot.daily)


@pytest.mark.parametrize("kind", ["kol_seeding", "live_stream"])
def test_bought_media_get_dearer(kind: str) -> None:
    """Fees on day 24 are 1.5^(24/30) of those on day 0; without a word on it nothing moves."""
    still = {"kind": kind, "commission": 0.0} | ({"seeds": 3, "posts_every": 1} if kind == "kol_seeding" else {})
    usual, dear = (run(still | more).ledger.query("line == 'fees'") for more in ({}, {"media_inflation": 0.5}))
    before, after = (table.set_index("day")["amount_cents"] for table in (usual, dear))
    assert after[0] == before[0]
    assert after[24] == pytest.approx(before[24] * 1.5 ** (24 / 30), abs=2)
    assert (after.diff().dropna() > 0).all()


@pytest.mark.parametrize(
    ("what", "message"),
    [
        ({"kind": "push", "target": {"risk_above": 2}}, r"target\.risk_above: out of range: found 2, allowed 0 to 1"),
        ({"kind": "push", "serve_first": "rsk"}, r"serve_first: unknown value: found 'rsk'.*Did you mean 'risk'"),
        ({"kind": "coupon", "serve_first": "risk"}, r"serve_first: unknown key"),
        ({"kind": "coupon", "media_inflation": 0.1}, r"media_inflation: unknown key"),
    ],
    ids=str,
)
def test_refusals(what: dict[str, Any], message: str) -> None:
    with pytest.raises(ScenarioError, match=message):
        scenario({"s": what})


def test_refusals_of_accuracy() -> None:
    with pytest.raises(ScenarioError, match=r"analytics\.risk_accuracy: out of range: found 1\.2, allowed 0 to 1"):
        scenario(analytics={"risk_accuracy": 1.2})
    with pytest.raises(ScenarioError, match=r"analytics\.risk: unknown key"):
        scenario(analytics={"risk": 0.2})


def test_what_says_nothing_asks_the_same_question() -> None:
    plain = scenario({"s": {"kind": "push"}})
    spelt = scenario(
        {"s": {"kind": "push", "serve_first": "lot", "target": {"risk_above": None}}},
        analytics={"risk_accuracy": None, "mood_accuracy": 0.6},
    )
    assert spelt.digest == plain.digest
    assert plain.with_({"analytics.mood_accuracy": 0.7}).digest != plain.digest
    assert plain.with_({"strategies.s.serve_first": "risk"}).digest != plain.digest
    for lang in ("en", "zh"):
        assert Scenario.from_yaml(template(spelt, lang)) == spelt  # type: ignore[arg-type]


def test_moods_above_and_below_part_people() -> None:
    """Comfort for the sad, a reward for the happy, and who is neither."""
    people: Any = SimpleNamespace(row=np.arange(4), mood=np.array([-0.5, 0.1, 0.3, 0.6]))
    assert Target(mood_below=0.1).chosen(people).tolist() == [True, False, False, False]
    assert Target(mood_above=0.1).chosen(people).tolist() == [False, False, True, True]
    assert Target(mood_above=0.1, mood_below=0.6).chosen(people).tolist() == [False, False, True, False]
    assert Target(mood_above=0.0).reads == Target(mood_below=0.0).reads == {"mood"}
    plain = scenario({"s": GENEROUS["coupon"]})
    assert scenario({"s": GENEROUS["coupon"] | {"target": {"mood_above": None}}}).digest == plain.digest


@pytest.mark.parametrize("analytics", [{}, {"risk_accuracy": 0.5, "intent_accuracy": 0.9}], ids=["learned", "set"])
def test_drivers_agree_on_scores(analytics: dict[str, float]) -> None:
    asked = scenario(
        {
            "aimed": [
                GENEROUS["push"] | {"target": {"risk_above": 0.3}, "budget_per_day": 0.5, "serve_first": "risk"},
                GENEROUS["push"] | {"target": {"mood_below": 0.1}, "serve_first": "spend", "budget": 3.0},
                GENEROUS["coupon"] | {"target": {"intent_above": 0.05}},
            ]
        },
        analytics=analytics,
        population={"size": 150, "registered_share": 0.6},
        params={"alpha": -1.0},
    )
    journal = assert_drivers_agree(asked, ("aimed",))["aimed"]
    assert set(journal.ledger["tactic"]) == {"aimed.push_1", "aimed.push_2", "aimed.coupon"}
    assert simulate(asked, "aimed").daily.equals(journal.daily)
