"""What people make of each other's words (eq. 21-27): chances and paths against the event log, both drivers alike."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pytest

from sim.engines import World, prepare, simulate
from sim.engines.columnar import Columnar
from sim.engines.talk import Owners
from sim.rules import talk
from tests.busy_worlds import (
    EVERYTHING,
    TALK_TYPES,
    TALKING,
    assert_drivers_agree,
    assert_same,
    events,
    from_files,
    scenario,
)
from tests.by_hand import P
from tests.laboratory import SURE, N, Reals, agree, happened, lab, logistic, people, play, products, rows, spread

FEW = min(N, 8000) // 4


def log_odds(p: float) -> float:
    return math.log(p / (1.0 - p))


def authors_first(n_layers: int, n: int, **columns: Any) -> Any:
    """Layer 0 buys on every visit, the others never; everybody comes every day. Person = layer * n + place."""
    need = np.repeat([SURE] + [-SURE] * (n_layers - 1), n)
    return people(n_layers * n, need=need, stay=-1e-9, **columns)


def chain(n_layers: int, n: int) -> list[tuple[Any, Any, float]]:
    """Each hears who has her place in the layer before, and is heard by her too."""
    later = np.arange(n, n_layers * n)
    return [(later, later - n, 1.0), (later - n, later, 1.0)]


# --- passing on --------------------------------------------------------------------------------------


@pytest.mark.parametrize("tone", ["good", "bad"])
def test_words_are_passed_on_with_their_path(tone: str) -> None:
    """A friend's friend's friend: each passes on with a chance of her own, less with every hand; none sends it back."""
    n, n_layers = FEW, 4
    social = np.tile(spread(n, (0.2, 0.8))[0], n_layers)
    p = {"p_fwd": 0.6, "fwd_fade": 0.7, "fwd_bad": 0.9, "b_n": 0.3, "b_a": 0.4, "s_0": 1000.0, "b_inv": 1e6}
    p |= {"s_const": 1.0 if tone == "good" else -2.0}
    what = products(arousal=1.5)
    journal = play(lab(authors_first(n_layers, n, social=social), what, 6, p, chain(n_layers, n)))
    log = rows(journal, "repost")
    assert (happened(journal, "order").sum(axis=0) == np.repeat([1, 0, 0, 0], n)).all()
    before = np.ones(n, dtype=bool)
    for layer in range(1, n_layers):
        mine = log[log["agent"] // n == layer]
        assert (mine["day"] == layer).all(), "read in the morning, passed on in the evening"
        assert (mine["value"] == layer).all(), "hands it went through"
        assert (mine["other"] == mine["agent"] - n).all(), "from whom she had it"
        passed = np.zeros(n, dtype=bool)
        passed[mine["agent"] - layer * n] = True
        need = 0.3 * (social[:n] - 0.5) / 0.2
        x = log_odds(0.6) + need + 0.4 * 1.5 - 0.7 * (layer - 1) + (0.9 if tone == "bad" else 0.0)
        agree(passed, logistic(x) * before, groups=(social[:n] > 0.5) + 2 * before, at_least=2)
        before = passed
    # a message a day and hand, and none goes back to where the words came from
    messages = rows(journal, "message")
    assert (messages["other"] == messages["agent"] + n).all()
    assert len(messages) == n + int((log["agent"] < 3 * n).sum())


def test_an_author_is_found_from_any_repost_by_going_back_from_hand_to_hand() -> None:
    """The log keeps the path: parent by parent every chain ends with somebody who wrote it herself the day before."""
    asked = scenario(params=TALKING | {"p_ask": 0.0, "p_fwd": 0.3}, days=20, population={"size": 300})
    world = World.build(asked)
    journal = play(world)
    log = events(journal)
    reposts = log[log["type"] == "repost"]
    hands = {(row.agent, row.item, row.day): (row.other, row.value) for row in reposts.itertuples()}
    wrote = log[log["type"].isin(["share", "show"])]
    roots = set(zip(wrote["agent"], wrote["item"], wrote["day"], strict=True))
    again = log[log["type"] == "comment"]  # a post with comments comes up again that evening
    roots |= set(zip(again["other"], again["item"], again["day"], strict=True))
    depths = []
    for (agent, item, day), (parent, value) in hands.items():
        depth = 1
        while (parent, item, day - 1) in hands:
            agent, day, depth = parent, day - 1, depth + 1
            parent = hands[agent, item, day][0]
        assert (parent, item, day - 1) in roots
        assert depth == value
        depths.append(depth)
    assert len(depths) > 100
    assert max(depths) >= 4
    assert journal.daily["reposts"].sum() == (reposts["day"] >= 0).sum()
    assert journal.daily["repost_hands"].sum() == reposts.loc[reposts["day"] >= 0, "value"].sum()


def test_nobody_passes_on_the_same_thing_again_for_a_month() -> None:
    """Her friend writes of one product every day; also who wrote about it herself is silent so long."""
    n, days = 40, 70
    p = {"p_fwd": 0.9, "s_0": 1000.0}
    journal = play(lab(authors_first(2, n), products(), days, p, chain(2, n)))
    log = rows(journal, "repost")
    assert (log["agent"] >= n).all(), "authors hear them but write themselves"
    for _, of_one in log.groupby("agent"):
        gaps = np.diff(of_one["day"])
        assert len(gaps) >= 1
        assert (gaps >= 30).all()
    gaps = log.sort_values(["agent", "day"]).groupby("agent")["day"].diff().dropna()
    assert (gaps == 30).mean() > 0.6, "the first day on which she may, nine in ten do"


def test_of_several_friends_one_is_passed_on_and_nobody_is_favoured() -> None:
    """Two friends wrote the same day: one repost, whose words are a toss of a coin; she spares only that friend."""
    n = FEW
    me = np.arange(2 * n, 3 * n)
    who = people(3 * n, need=np.repeat([SURE, SURE, -SURE], n), stay=-1e-9)
    ties = [(me, me - 2 * n, 1.0), (me, me - n, 1.0), (me - 2 * n, me, 1.0), (me - n, me, 1.0)]
    journal = play(lab(who, products(), 2, {"p_fwd": 0.9, "s_0": 1000.0, "b_inv": 1e6}, ties))
    log = rows(journal, "repost")
    assert log["agent"].is_unique
    assert (log["day"] == 1).all()
    agree(log["other"].to_numpy() < n, np.full(len(log), 0.5))
    back = rows(journal, "message", day=1)
    back = back[back["agent"] >= 2 * n].merge(log, on="agent", suffixes=("", "_of"))
    assert len(back) == len(log)
    assert (back["other"] != back["other_of"]).all()


# --- likes, comments, shows --------------------------------------------------------------------------


def watch(n: int, readers: int, p: dict[str, float], days: int, **columns: Any) -> World:
    """n authors, each with so many friends who see what she posts; only authors buy, once."""
    who = people(n * (1 + readers), need=np.repeat([SURE, -SURE], [n, n * readers]), stay=-1e-9, **columns)
    me = np.arange(n, n * (1 + readers))
    posting = {"s_0": 1000.0, "p_post": 1.0, "r_0": 0.0, "p_b": 1.0, "b_inv": 1e6, "s_const": 1.0}
    return lab(who, products(), days, posting | p, [(me, (me - n) % n, 1.0)])


def test_posts_are_liked_and_likes_please() -> None:
    n, readers = 400, 6
    social = np.tile(spread(n, (0.2, 0.8))[0], 1 + readers)
    p = {"p_like": 0.3, "like_joy": 0.8, "b_n": 0.5, "mood_s": 0.5, "mood_keep": 0.9}
    world = watch(n, readers, p, 2, social=social)
    operations, recorder = prepare(world, "control", events=True)
    run = Columnar(world, operations, recorder)
    run.step(0, None)
    first = run.state.mood.copy()
    assert (first[:n] == 0.5).all(), "joy of her order, 1"
    run.step(1, None)
    assert recorder.log is not None
    (likes,) = [columns for day, kind, columns in recorder.log if kind == "like"]
    liked = np.bincount(likes["row"], minlength=len(social))[n:]
    agree(liked, logistic(log_odds(0.3) + 0.5 * (social[n:] - 0.5) / 0.2), groups=social[n:] > 0.5, at_least=2)
    assert (likes["other"] == (likes["row"] - n) % n).all()
    received = np.bincount(likes["other"], minlength=len(social))
    given = np.bincount(likes["row"], minlength=len(social))
    joy = 0.8 * ((1 - np.exp(-received / 3)) + 0.2 * (1 - np.exp(-given / 3)))
    np.testing.assert_allclose(run.state.mood, 0.9 * first + 0.5 * joy, rtol=1e-12)
    assert (run.state.joy == 0.0).all(), "today's joy is over"


def test_a_post_with_comments_comes_up_again() -> None:
    """Once posted it is seen the next day; after a comment, and only then, the day after that too."""
    n = FEW // 2
    world = watch(n, 2, {"p_like": 0.99, "p_comment": 0.3}, 5)
    journal = play(world)
    comments, likes = happened(journal, "comment"), rows(journal, "like")
    seen = np.zeros((5, 3 * n), dtype=bool)
    seen[1, n:] = True
    for t in (1, 2, 3, 4):
        if t > 1:
            lively = comments[t - 1, n : 2 * n] + comments[t - 1, 2 * n :] > 0
            seen[t, n:] = np.tile(lively, 2)
        agree(comments[t], 0.3 * seen[t], groups=seen[t], at_least=1)
        assert set(likes.loc[likes["day"] == t, "agent"]) <= set(np.flatnonzero(seen[t]))
    assert seen[3].any()
    assert (rows(journal, "comment")["value"] == 1).all()
    quiet = play(watch(n, 2, {"p_like": 0.99}, 5))
    assert set(rows(quiet, "like")["day"]) == {1}


@pytest.mark.parametrize("mood", ["good", "bad"])
def test_satisfied_reviewers_show_what_they_got(mood: str) -> None:
    """A show is a post of its own weight, in place of the ordinary one; who was badly served shows nothing."""
    n = FEW
    social = np.tile(spread(n, (0.2, 0.8))[0], 2)
    s = 1.0 if mood == "good" else -2.0
    p = {
        "p_show": 0.2,
        "v_show": 0.6,
        "v_post": 0.1,
        "b_n": 0.4,
        "b_sat": 0.5,
        "s_const": s,
        "rev_0": 0.5,
        "rev_max": 0.5,
    }
    world = watch(n, 1, p, 2, social=social)
    operations, recorder = prepare(world, "control", events=True)
    run = Columnar(world, operations, recorder)
    run.step(0, None)
    assert recorder.log is not None
    log = {kind: columns["row"] for _, kind, columns in recorder.log}
    reviewed, shown = (np.isin(np.arange(n), log.get(kind, [])) for kind in ("review", "show"))
    chance = logistic(log_odds(0.2) + 0.4 * (social[:n] - 0.5) / 0.2 + 0.5 * s) if mood == "good" else np.zeros(n)
    agree(reviewed, np.full(n, 0.5))
    assert (shown <= reviewed).all()
    assert shown.any() == (mood == "good")
    if mood == "good":
        agree(shown, chance * reviewed, groups=(social[:n] > 0.5) + 2 * reviewed, at_least=2)
    m = run.messages
    weight = np.bincount(m.sender, m.weight, n)[:n] / 65536
    plain = 0.1 if mood == "good" else -0.1 * P.v_bad
    np.testing.assert_allclose(weight, np.where(shown, 0.6, plain), atol=1e-4)


# --- questions and answers ---------------------------------------------------------------------------


def test_dear_products_without_reviews_are_asked_about() -> None:
    """Half of those who buy nothing liked either product: they ask by price and number of reviews."""
    price, n_reviews = np.array([1000, 4000]), np.array([0, 3])
    world = lab(people(N, need=-SURE), products(2, price_cents=price), 1, {"p_ask": 0.1})
    operations, recorder = prepare(world, "control", events=True)
    operations.reviews[:] = n_reviews
    Columnar(world, operations, recorder).step(0, None)
    assert recorder.log is not None
    (asked,) = [columns for _, kind, columns in recorder.log if kind == "question"]
    for j in (0, 1):
        odds = 0.1 / 0.9 * price[j] / 1000 / (1 + n_reviews[j])
        seen = np.isin(np.arange(N), asked["row"][asked["item"] == j])
        agree(seen, np.full(N, 0.5 * odds / (1 + odds)))
    assert len(np.unique(asked["row"])) == len(asked["row"])


def test_who_bought_does_not_ask() -> None:
    journal = play(lab(people(500, need=SURE), products(2), 2, {"p_ask": 0.9}))
    assert (happened(journal, "order") == 1).all()
    assert len(rows(journal, "question")) == 0


@pytest.mark.parametrize("s", [1.0, -2.0])
def test_owners_answer_as_they_found_it(s: float) -> None:
    """Day 0: ten buy. From day 1 on others ask; the latest three owners answer by social need, in their own tone."""
    n, m = 600, 10
    social = np.r_[spread(m, (0.2, 0.8))[0], np.full(n, 0.5)]
    who = people(m + n, need=np.repeat([SURE, -SURE], [m, n]), social=social, stay=-1e-9)
    p = {"p_ask": 0.3, "p_answer": 0.4, "b_n": 0.5, "b_inv": 1e6, "s_const": s, "v_bad": 1.4, "w_inf": 1.0}
    world = lab(who, products(), 5, p)
    operations, recorder = prepare(world, "control", events=True)
    run = Columnar(world, operations, recorder)
    for t in range(3):
        run.step(t, None)
        assert recorder.log is not None
        log = {kind: columns for day, kind, columns in recorder.log if day == t}
        if t == 0:
            assert (log["question"]["row"] >= m).all(), "the others bought"
            assert "answer" not in log, "nobody had it before"
            continue
        owners = [owner for owner, _ in run.talk.owners.latest[0]] if run.talk and run.talk.owners else []
        assert owners == [m - 3, m - 2, m - 1], "of one day the last by id"
        answers = log["answer"]
        askers = log["question"]["row"]
        for owner in owners:
            seen = np.isin(askers, answers["other"][answers["row"] == owner])
            chance = logistic(log_odds(0.4) + 0.5 * (social[owner] - 0.5) / 0.2)
            agree(seen, np.where(askers == owner, 0.0, chance))
        assert (answers["value"] == (1 if s > 0 else -1)).all()
        messages = run.messages
        assert messages.sender.tolist() == answers["row"].tolist(), "no ties here: answers are the only messages"
        value = 0.85 * (1.0 if s > 0 else -1.4)
        assert set(messages.weight.tolist()) == {math.floor(65536 * (870 / 1024) * value / 0.85 + 0.5)}
    run.step(3, None)
    strength = run.inboxes.strength[m:, 0]
    assert (np.sign(strength[strength != 0]) == np.sign(s)).all()
    assert (strength != 0).sum() > 100, "an answer is remembered like what a friend says"


def test_the_latest_three_owners_are_asked_and_never_oneself() -> None:
    owners = Owners(np.array([30, 10, 20, 40]), 2)
    owners.receive(np.array([0, 1, 2, 3]), np.array([0, 0, 0, 0]), np.array([0, 1, 0, 0]))
    assert owners.of(0, -1) == [(2, False), (0, False), (3, False)]  # ids 20, 30, 40
    assert owners.of(1, -1) == []
    owners.receive(np.array([2]), np.array([0]), np.array([1]))
    assert owners.of(0, -1) == [(0, False), (3, False), (2, True)]
    assert owners.of(0, 3) == [(0, False), (2, True)]


# --- reputation --------------------------------------------------------------------------------------


def test_standing_lies_between_half_and_twice() -> None:
    p = P._replace(rep_w=0.1)
    assert talk.standing(p, 0.0) == 1.0
    found = [talk.standing(p, x) for x in (-1e9, -50.0, -5.0, 5.0, 50.0, 1e9)]
    assert found == sorted(found)
    assert found[0] == pytest.approx(0.5)
    assert found[-1] == pytest.approx(2.0)
    assert talk.standing(p, 10.0) == pytest.approx(2**0.5)
    assert talk.standing(p, 7.0) * talk.standing(p, -7.0) == pytest.approx(1.0)
    assert talk.weighed(65536, 1.0) == 65536
    assert talk.weighed(-1001, 0.5) == -500


def test_reputation_comes_from_likes_answers_and_advice() -> None:
    """Worked out again from the event log, day by day."""
    asked = scenario(params=TALKING | {"rep_keep": 0.9}, days=12, burn_in_days=0, population={"size": 250})
    world = World.build(asked)
    operations, recorder = prepare(world, "control", events=True)
    run = Columnar(world, operations, recorder)
    expected: Reals = np.zeros(len(world))
    for t in range(12):
        before = expected.copy()
        run.step(t, None)
        assert recorder.log is not None
        assert run.talk is not None
        log = {kind: columns for day, kind, columns in recorder.log if day == t}
        credit = np.zeros(len(world))
        for kind, who, worth in (("like", "other", 1), ("answer", "row", 3)):
            if kind in log:
                np.add.at(credit, log[kind][who], worth)
        orders = log.get("order", {"row": [], "other": [], "item": []})
        for owner, product, adviser in zip(orders["row"], orders["item"], orders["other"], strict=True):
            if adviser >= 0:
                last = [was_bad for row, was_bad in run.talk.owners.latest[product] if row == owner]  # type: ignore[union-attr]
                credit[adviser] += 0 if not last else -5 if last[0] else 5
                credit[adviser] += 0 if last else math.nan  # she must be among the latest in so small a shop
        expected = 0.9 * before + credit
        known = ~np.isnan(expected)
        np.testing.assert_allclose(run.talk.reputation[known], expected[known], rtol=1e-9, atol=1e-12)
        expected = run.talk.reputation.copy()
    assert (np.abs(expected) > 1.0).sum() > 20


def test_words_weigh_by_standing() -> None:
    """The same posts and messages, once from somebody unknown and once from somebody with reputation 30 or -30."""
    n = 300
    world = watch(n, 1, {"rep_w": 0.05, "rep_keep": 0.5, "v_post": 0.25}, 2)
    run = Columnar(world, *prepare(world, "control"))
    assert run.talk is not None
    run.talk.reputation[:n] = np.repeat([0.0, 30.0, -30.0], n // 3)
    run.step(0, None)
    weight = np.bincount(run.messages.sender, run.messages.weight, n)[:n]
    ratio = 2.0 ** (1.5 / 2.5)
    np.testing.assert_allclose(weight, 0.25 * 65536 * np.repeat([1.0, ratio, 1.0 / ratio], n // 3), atol=1.0)
    assert run.talk.reputation[:n].tolist() == np.repeat([0.0, 15.0, -15.0], n // 3).tolist()


# --- both drivers ------------------------------------------------------------------------------------


def test_drivers_agree_on_what_people_say() -> None:
    asked = scenario(
        params=TALKING, population={"size": 110, "registered_share": 0.6},
        strategies={"everything": EVERYTHING, "reward": {"kind": "review_reward", "reward": 0.5}},
    )  # fmt: skip
    journals = assert_drivers_agree(asked)
    for journal in journals.values():
        assert set(TALK_TYPES) <= set(events(journal)["type"])


def test_drivers_agree_on_what_people_say_in_a_directed_graph(tmp_path: Any) -> None:
    assert_drivers_agree(scenario(params=TALKING, **from_files(tmp_path, True)))


@pytest.mark.parametrize(
    "works", [{"p_fwd": 0.4}, {"p_like": 0.4}, {"p_comment": 0.4}, {"p_ask": 0.4}, {"p_show": 0.4}, {"rep_w": 0.2}]
)
def test_each_works_alone_and_drivers_agree(works: dict[str, float]) -> None:
    silent = dict.fromkeys(("p_fwd", "p_like", "p_comment", "p_ask", "p_show", "rep_w"), 0.0)
    asked = scenario(days=12, params=TALKING | silent | works, population={"size": 80, "registered_share": 0.6})
    found = set(events(assert_drivers_agree(asked)["control"])["type"]) & set(TALK_TYPES)
    kinds = {"p_fwd": "repost", "p_like": "like", "p_comment": "comment", "p_ask": "question", "p_show": "show"}
    wanted = {kinds[name] for name in works if name in kinds} | ({"answer"} if "p_ask" in works else set())
    assert found == wanted


def test_threads_do_not_matter() -> None:
    asked = scenario(params=TALKING, population={"size": 301})
    world = World.build(asked)
    assert_same(
        simulate(asked, "control", world=world, events=True),
        simulate(asked, "control", world=world, events=True, threads=3),
    )


def test_what_is_off_is_not_made() -> None:
    def made(**params: float) -> Any:
        world = World.build(scenario(params=params, population={"size": 30}))
        return Columnar(world, *prepare(world, "control")).talk

    assert made() is None
    assert made(p_answer=0.9, like_joy=1.0, fwd_fade=0.0, v_show=1.0, rep_keep=0.9) is None
    only_standing, only_questions = made(rep_w=0.1), made(p_ask=0.1)
    assert (len(only_standing.reputation), only_standing.owners) == (30, None)
    assert len(only_questions.reputation) == 0
    assert only_questions.owners is not None
