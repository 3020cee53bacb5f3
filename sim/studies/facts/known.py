"""The facts themselves: statement, source, band, and the function that looks; imports the other rooms of `facts`.

Bands are the published ones and are never moved to where the model happens to lie. Evidence: `paper` (figures read in
the paper or its abstract), `secondary` (in a text that quotes it), `data` (calculated from public data), `memory` (from
memory of the paper). Role: `tuned` (defaults were once chosen with this fact in view, so agreement is fit), `emergent`
(no coefficient holds it).
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from itertools import pairwise
from typing import Any, Final, Literal

import numpy as np

from sim.evidence.buyers import bg_nbd_expected, fit_bg_nbd, fit_sbg, sbg_survival
from sim.metrics import gini, measure
from sim.studies.facts import labs, tables
from sim.studies.facts.fact import Band, Check, Direction, Fact, Test, Value
from sim.studies.facts.play import CONTROL, DIP_DAYS, GIFT_DAYS, PROMOTION_DAYS, PROMOTIONS, SALES, Lab, Shop
from sim.studies.facts.tables import IntArray

FACTS: Final[dict[str, Fact]] = {}
_CLOSED, _OPEN = "base.closed", "base.open"
_Look = Callable[[Any], Sequence[Value]]  # of a Shop, or in a laboratory of a Lab


def _fact(
    id_: str,
    statement: str,
    source: str,
    evidence: str,
    role: Literal["emergent", "tuned", "other"],
    left_out: str = "",
    stays: str = "",
) -> None:
    FACTS[id_] = Fact(id_, statement, source, evidence, role, left_out=left_out, stays=stays)


def _test(
    id_: str, scenario: str, *checks: Check, arms: tuple[str, ...] = (), events: tuple[str, ...] = ()
) -> Callable[[_Look], _Look]:
    def register(look: _Look) -> _Look:
        FACTS[id_].tests.append(Test(scenario, checks, look, arms, events))
        return look

    return register


# --- recommendations -------------------------------------------------------------------------------------------

_fact(
    "F01",
    "One more recommendation helps at first; then, of books, it annoys (peak at 2, slow fall), of films it saturates.",
    "Leskovec, Adamic & Huberman 2007", "secondary", "tuned",
)  # fmt: skip
_NARROW: Final = {"catalogue.path": "recs_narrow.csv"}  # like a book
_SOCIAL: Final = {"catalogue.path": "recs_social.csv"}  # like a film
_PER_NUMBER: Final = 4200  # receivers of each number of recommendations in one world; even


def buyers(lab: Lab, product: Mapping[str, str], per_number: int) -> list[IntArray]:
    """How many bought on the day after n recommendations, n = 0..20: of the receivers with even ids, and odd."""
    graph, people = labs.recommended(per_number)
    orders = lab.play(product, graph=graph, people=people).orders
    (agent,) = tables.ints(orders[orders["day"] == 1], "agent")
    return [labs.by_number(agent[agent % 2 == half], per_number) for half in (0, 1)]


@_test(
    "F01", "lab.recs",
    Band("recommendations at which most buy, narrow product", 2, 4),
    Band("bought after 10 recommendations against the best number, narrow", 0.3, 0.85),
    Direction("bought after 2-3 recommendations less after 0-1, social product"),
    Direction("after 4-6 less after 2-3, social"),
    Direction("after 7-10 less after 4-6, social"),
    Direction("after 10 against after 20, social", above=0.85),
)  # fmt: skip
def one_more_recommendation(lab: Lab) -> Sequence[Value]:
    """Half of the receivers say which number is best and the other half how much better, or its luck would count."""
    narrow, social = (buyers(lab, product, _PER_NUMBER) for product in (_NARROW, _SOCIAL))
    best = [int(np.argmax(half)) for half in narrow]
    at_best = float(narrow[1][best[0]] + narrow[0][best[1]])
    both = narrow[0] + narrow[1]
    after = (social[0] + social[1]) / _PER_NUMBER
    steps = [float(after[low:high].mean()) for low, high in ((0, 2), (2, 4), (4, 7), (7, 11))]
    return [
        float(np.argmax(both)),
        (float(both[10]), at_best),
        *[_less(later, earlier) for earlier, later in pairwise(steps)],
        (float(after[10]), float(after[20])),
    ]


_fact(
    "F02",
    "Of recommendations from one person the first three work alike; then each works less, down to about half.",
    "Leskovec, Adamic & Huberman 2007", "secondary", "other",
    left_out="films, of which the second recommendation from one person already works less",
)  # fmt: skip
_EARLIER: Final = (0, 1, 2, 6, 12, 20, 30)  # messages before
_SILENT_DAYS: Final = 70  # until nothing of them is remembered
_RECEIVERS: Final = 2500


@_test(
    "F02", "lab.recs",
    Band("success of a message after 1 earlier one from that sender against the first", 0.85, 1.1),
    Band("after 2 earlier ones", 0.85, 1.1),
    Band("after 20 earlier ones", 0.35, 0.7),
    Direction("success after 2 less after 6"),
    Direction("after 6 less after 20"),
    Band("numbers of earlier messages after which success is higher than after fewer", 0, 0),
)  # fmt: skip
def one_sender_again(lab: Lab) -> Sequence[Value]:
    """Success: those who buy on the day after the message and, same luck, do not without it.

    The sender writes on m days in a row (she shares for a coupon), is silent until that is forgotten, and writes again.
    """
    success = success_after(lab, _EARLIER, _RECEIVERS)
    by = dict(zip(_EARLIER, success, strict=True))
    rises = sum(b > a for a, b in pairwise(success))
    return [
        *[(by[m], by[0]) for m in (1, 2, 20)],
        (by[2] - by[6]) / _RECEIVERS, (by[6] - by[20]) / _RECEIVERS, float(rises),
    ]  # fmt: skip


def success_after(lab: Lab, earlier: Sequence[int], n_receivers: int) -> list[float]:
    """How many of the receivers one message makes buy, after so many earlier ones from its sender."""
    graph, people = labs.one_sender(n_receivers)
    last = max(earlier) + _SILENT_DAYS  # the day of the message
    writes = {"kind": "share_coupon", "target": {"personas": [labs.SENDER]}}
    bought = []
    for m in (None, *earlier):
        tactics = []
        if m:
            tactics.append({**writes, "start": max(earlier) - m, "stop": max(earlier)})
        if m is not None:
            tactics.append({**writes, "start": last, "stop": last + 1})
        changes = {**_NARROW, "days": last + 2, "strategies": {"writes": tactics}}
        orders = lab.play(changes, "writes", graph=graph, people=people).orders
        bought.append(float((orders["day"] == last + 1).sum()))
    return [with_message - bought[0] for with_message in bought[1:]]


_fact(
    "F03", "A recommendation leads to a purchase in about one of 70 to 200 cases; about a third of buyers recommend.",
    "Leskovec, Adamic & Huberman 2007", "secondary", "tuned",
)  # fmt: skip


@_test(
    "F03", _CLOSED,
    Band("purchases by a recipient within 7 days per message", 0.003, 0.04),
    Band("share of orders followed by a share", 0.05, 0.40),
    events=("message",),
)  # fmt: skip
def yield_of_messages(shop: Shop) -> Sequence[Value]:
    """Any purchase of the product counts, whatever brought it about, as in the source."""
    log = shop.log("message")
    day, receiver, product = tables.ints(log, "day", "other", "item")
    daily = shop[CONTROL].daily
    return [
        tables.message_yield(day, receiver, product, shop[CONTROL].orders, shop.days),
        (float(daily["share_events"].sum()), float(daily["orders"].sum())),
    ]


_fact(
    "F04", "Cascades are tiny, 1.3 people in the mean, with a heavy tail: one in 3,000 to 6,000 reaches a hundred.",
    "Goel, Anderson, Hofman & Watts 2016; Leskovec, Adamic & Huberman 2007", "memory, secondary", "emergent",
)  # fmt: skip
_BRANCHING: Final = 0.25  # R, whom one brings in the mean
_ROOTS, _LUCKS = 1000, 16  # cascades of one run; runs in one graph


def cascades(lab: Lab, lucks: int, n_roots: int = _ROOTS) -> IntArray:
    """Sizes of cascades where everybody's audience is her own and every tie passes on with the same small chance."""
    graph = labs.audiences(lab.seed)
    audience, chance = labs.audience_law()
    per_tie = _BRANCHING / float(audience @ chance)
    # equations 14 (eta 1) and 15: chance per tie = r_0 / mean audience, times acceptance
    reach = per_tie * graph.mean_degree / (1.0 - math.exp(-lab.scenario.coefficients().a_inv))
    changes = {"params.r_0": reach, "days": 20, "noise_per_world": lucks, "replications": lucks * (lab.first + 1)}
    sizes = []
    for luck in range(lucks):
        people = labs.roots(lab.seed, luck, n_roots)
        shoppers = lab.play(changes, replication=lucks * lab.first + luck, graph=graph, people=people).shoppers
        ids, inviter = tables.ints(shoppers, "id", "inviter")
        sizes.append(tables.tree_sizes(ids, inviter, people["registered"] > 0))
    return np.concatenate(sizes)


@_test(
    "F04", "lab.ic",
    Band("mean size of a cascade", 1.30, 1.36),
    Band("cascades of at least 100", 5e-5, 1e-3),
    Direction("largest cascade of 16,000 against the median", above=100),
)  # fmt: skip
def small_cascades(lab: Lab) -> Sequence[Value]:
    """Audiences of 10 to 100,000 by a power law of exponent 2.3; one brings .25 others in the mean."""
    sizes = cascades(lab, _LUCKS)
    return [float(sizes.mean()), float((sizes >= 100).mean()), float(sizes.max() / np.median(sizes))]


_fact(
    "F05", "At least 90 % of adoptions are seeds and about 99 % lie within one hop of a seed.",
    "Goel, Watts & Goldstein 2012", "paper (direction), secondary (figures)", "emergent",
)  # fmt: skip


@_test("F05", _OPEN, Band("first purchases at depth 0, open", 0.80, 1), Band("at depth 0 or 1, open", 0.93, 1))
@_test("F05", _CLOSED, Band("first purchases at depth 0, closed", 0.80, 1), Band("at depth 0 or 1, closed", 0.93, 1))
def depth_of_adoptions(shop: Shop) -> Sequence[Value]:
    """Depth in the referral forest of first purchases."""
    depth = tables.depths(shop[CONTROL].orders)
    n = float(len(depth))
    return [(float((depth == 0).sum()), n), (float((depth <= 1).sum()), n)]


_fact(
    "F08",
    "Seeds with many friends bring most referrals, bridges as many: by reach; their single message works no better.",
    "Hinz, Skiera, Barrot & Becker 2011", "paper (direction, 8 times the worst), secondary (+52 %)", "tuned",
)  # fmt: skip


def referrals(lab: Lab, sort: str) -> tuple[float, float, float]:
    """(people whom seeds of this sort bring, at any remove; whom they bring themselves; their messages to others)."""
    seeds = labs.seeds(lab.graph, sort, lab.seed)
    is_seed = np.isin(lab.graph.ids, seeds).astype(np.int64)
    all_, own, messages = 0, 0, 0
    for r in lab.replications:
        journal = lab.play(replication=r, graph=lab.graph, people={"registered": is_seed}, events=True)
        shoppers, events = journal.shoppers, journal.events
        assert events is not None
        sent = events[(events["type"] == "message") & (events["day"] == 0)]
        all_ += int((shoppers["inviter"] >= 0).sum())
        own += int(shoppers["inviter"].isin(seeds).sum())
        messages += int((~sent["other"].isin(seeds)).sum())
    return float(all_), float(own), float(messages)


@_test(
    "F08", "lab.seeding",
    Band("referrals, hubs against random seeds", 1.2, 4),
    Band("hubs against fringe", 2, 10),
    Band("bridges against hubs", 0.7, 1.3),
    Band("registrations per message of a seed, hubs against random seeds", 0.9, 1.1),
    Band("per message, fringe against random seeds", 0.9, 1.1),
)  # fmt: skip
def seeding(lab: Lab) -> Sequence[Value]:
    """One person of a hundred is a seed, by lot from a pool of one in twenty; messages between seeds do not count."""
    (hub, *hub_own), (bridge, *_), (random, *random_own), (fringe, *fringe_own) = (
        referrals(lab, sort) for sort in labs.SORTS
    )
    per_message = [own / max(messages, 1.0) for own, messages in (hub_own, random_own, fringe_own)]
    return [
        (hub, random), (hub, fringe), (bridge, hub),
        (per_message[0], per_message[1]), (per_message[2], per_message[1]),
    ]  # fmt: skip


_fact(
    "F11",
    "A friend who adopts raises the odds to buy by 50 to 60 %, and more of people with few friends.",
    "Bapna & Umyarov 2015", "paper", "tuned",
)  # fmt: skip


@_test(
    "F11", _CLOSED,
    Band("odds to buy within 30 days what a friend was given, against the same people without the gift", 1.2, 2.2),
    Direction("log of the odds ratio, people with few friends less those with many"),
    arms=("gifts",), events=("sample",),
)  # fmt: skip
def peer_effect(shop: Shop) -> Sequence[Value]:
    """One person of a hundred gets a product by lot, three times; who hears her did not get one herself."""
    exposed = tables.exposed_to_gifts(shop.log("sample", "gifts"), shop.hearers)
    tallies = [tables.bought_after(shop[arm].orders, exposed, GIFT_DAYS) for arm in ("gifts", CONTROL)]
    n_friends = shop.n_friends(exposed["agent"].to_numpy())
    few = n_friends <= np.median(n_friends) if len(exposed) else np.zeros(0, dtype=bool)
    with_, without = (tables.odds(bought) for bought in tallies)
    by_group = [tables.log_odds_ratio(tallies[0][group], tallies[1][group]) for group in (few, ~few)]
    return [None if with_ is None or without is None else (with_, without), _less(*by_group)]


_fact(
    "F12", "Likeness of friends looks like influence: naive measures overstate it by 300 to 700 %.",
    "Aral, Muchnik & Sundararajan 2009", "paper", "emergent",
)  # fmt: skip


@_test(
    "F12", _CLOSED,
    Band("(naive relative risk - 1) / (causal - 1)", 2, 9),
    Direction("naive relative risk where nobody hears of others' orders", above=1.2),
    arms=("unheard",),
)  # fmt: skip
def influence_or_likeness(shop: Shop) -> Sequence[Value]:
    """Causal: the exposed pairs against the same pairs, same luck, in a world where nobody hears of orders."""
    n_people, n_products = len(shop.world), len(shop.world.catalogue)
    orders, twin = shop[CONTROL].orders, shop["unheard"].orders
    naive, causal = tables.contagion(orders, twin, shop.hearers, n_people, n_products, shop.days)
    without, _ = tables.contagion(twin, twin, shop.hearers, n_people, n_products, shop.days)
    return [None if naive is None or causal is None else (naive - 1, causal - 1), without]


# --- what others chose -----------------------------------------------------------------------------------------

_fact(
    "F14", "Seeing what others chose makes success more unequal and less predictable; more so the clearer it is shown.",
    "Salganik, Dodds & Watts 2006", "paper (order), memory (read off figures: Gini, unpredictability)", "tuned",
)  # fmt: skip
#: conditions of the experiment: what of the lab is switched off
_HIDDEN: Final = {"params.b_h": 0.0, "params.w_pop": 0.0}
_SHOWN: Final = {"params.w_pop": 0.0}
_SORTED: Final[dict[str, float]] = {}


def downloads(lab: Lab, condition: Mapping[str, float]) -> IntArray:
    """How often each product was taken, in every parallel world of one draw of products; one row a world."""
    worlds = [lab.play(condition, replication=r).products["units"] for r in lab.replications]
    return np.array(worlds, dtype=np.int64)


@_test(
    "F14", "lab.musiclab",
    Band("draws in which inequality rises with the signal", 0.95, 1),
    Band("Gini of shares: counts shown less hidden", 0.03, 0.20),
    Band("Gini: counts shown and sorted less hidden", 0.12, 0.40),
    Band("unpredictability: counts shown against hidden", 1.15, 2.2),
    Band("unpredictability: counts shown and sorted against hidden", 1.6, 4),
    Band("Spearman of quality (share where hidden) and share where shown and sorted", 0.4, 0.95),
)  # fmt: skip
def music_lab(lab: Lab) -> Sequence[Value]:
    """48 products in eight parallel worlds of 700 people who come one after the other, under three conditions."""
    taken = [downloads(lab, condition) for condition in (_HIDDEN, _SHOWN, _SORTED)]
    a, b, c = (float(np.mean([gini(world) for world in worlds])) for worlds in taken)
    shares = [worlds / worlds.sum(axis=1, keepdims=True) for worlds in taken]
    u_a, u_b, u_c = (tables.unpredictability(worlds) for worlds in shares)
    quality = shares[0].mean(axis=0)
    alike = float(np.mean([tables.spearman(quality, world) for world in shares[2]]))
    return [float(a < b < c), _less(b, a), _less(c, a), (u_b, u_a), (u_c, u_a), alike]


# --- prices ----------------------------------------------------------------------------------------------------

_fact(
    "F23", "The own-price elasticity of a brand is about -2.6 (mean of 1,851 estimates; an older mean is -1.8).",
    "Bijmolt, van Heerde & Pieters 2005; Tellis 1988", "paper", "tuned",
)  # fmt: skip


def _own(shop: Shop) -> float | None:
    lot = shop.lot("some_cheaper")
    sold = [tables.units(shop[arm].orders, lot) for arm in ("some_cheaper", CONTROL)]
    return tables.elasticity(sold[0], sold[1], 0.10)


@_test("F23", _CLOSED, Band("own-price elasticity", -4, -1.5), arms=("some_cheaper",))
def own_price(shop: Shop) -> Sequence[Value]:
    """Ten of 60 products 10 % cheaper for the whole time, not shown more often."""
    return [_own(shop)]


def _promoted(shop: Shop) -> tuple[int, int, int, int]:
    """Units in the promotions: promoted products with and without promotion, then all others likewise."""
    found = [0, 0, 0, 0]
    for ordinal, start in enumerate(PROMOTIONS):
        lot, last = shop.lot("promotion", ordinal), start + PROMOTION_DAYS - 1
        for k, arm in enumerate(("promotion", CONTROL)):
            orders = shop[arm].orders
            own = tables.units(orders, lot, start, last)
            found[k] += own
            found[2 + k] += tables.units(orders, None, start, last) - own
    return found[0], found[1], found[2], found[3]


_fact(
    "F24", "A short promotion moves more than a lasting price: elasticity about -3.6 (20 % off sells 73 % more).",
    "Bijmolt et al. 2005 as cited by van Heerde & Neslin 2008", "secondary", "other",
)  # fmt: skip


@_test(
    "F24", _CLOSED,
    Band("units of promoted products, lift", 0.40, 2.50),
    Direction("elasticity of a lasting cut less that of the promotion"),
    arms=("some_cheaper", "promotion"),
)  # fmt: skip
def promotion(shop: Shop) -> Sequence[Value]:
    """Ten of 60 products 20 % off for 4 days with promotion slots, three times in a run."""
    treated, control, _, _ = _promoted(shop)
    own, short = _own(shop), tables.elasticity(treated, control, 0.20)
    return [(float(treated - control), float(control)), None if own is None or short is None else own - short]


_fact(
    "F25", "Demand for the whole shop is much less elastic; most of what a promoted product gains is switching.",
    "Gupta 1988; van Heerde, Gupta & Wittink 2003", "secondary; memory for 33 % in units", "tuned",
)  # fmt: skip


@_test(
    "F25", _CLOSED,
    Band("storewide price elasticity", -1.8, -0.4),
    Band("storewide against own elasticity", 0, 0.6),
    Band("share of a promotion's gain in units taken from other products", 0.30, 0.85),
    arms=("all_cheaper", "some_cheaper", "promotion"),
)  # fmt: skip
def switching(shop: Shop) -> Sequence[Value]:
    """Everything 10 % cheaper for the whole time; and who lost what the promoted products of F24 gained."""
    sold = [tables.units(shop[arm].orders) for arm in ("all_cheaper", CONTROL)]
    store, own = tables.elasticity(sold[0], sold[1], 0.10), _own(shop)
    treated, control, others, others_control = _promoted(shop)
    ratio = None if store is None or own is None else (store, own)
    return [store, ratio, (float(others_control - others), float(treated - control))]


_fact(
    "F26", "After a promotion sales dip: 4 to 25 % of what it brought is lost again.",
    "van Heerde, Leeflang & Wittink 2000", "paper", "emergent",
)  # fmt: skip


@_test("F26", _CLOSED, Band("units lost in the next 28 days per unit gained", 0.03, 0.30), arms=("sale",))
def dip(shop: Shop) -> Sequence[Value]:
    """Everything 25 % off for 4 days, twice in a run, against the twin without."""
    gained = lost = 0
    for start in SALES:
        end = start + PROMOTION_DAYS
        sale, usual = shop["sale"].orders, shop[CONTROL].orders
        gained += tables.units(sale, None, start, end - 1) - tables.units(usual, None, start, end - 1)
        after = end + DIP_DAYS - 1
        lost += tables.units(usual, None, end, after) - tables.units(sale, None, end, after)
    return [(float(lost), float(gained))]


# --- visits and staying ----------------------------------------------------------------------------------------

_fact(
    "F27", "About 2 to 3 % of visits end in an order, more where the visitor has ordered before.",
    "industry reports (Oberlo, Dojo Business, VWO)", "secondary", "tuned",
    left_out="visits brought about by a friend against visits from advertising: visits carry no cause in the model",
)  # fmt: skip


@_test(
    "F27", _OPEN,
    Band("orders per visit", 0.01, 0.05),
    Direction("orders per visit after the first order, less before it"),
    events=("visit",),
)  # fmt: skip
def conversion(shop: Shop) -> Sequence[Value]:
    """All visits of the year; those of shoppers who ordered on an earlier day against the others."""
    daily, orders = shop[CONTROL].daily, shop[CONTROL].orders
    visit_day, visitor = tables.ints(shop.log("visit"), "day", "agent")
    with_, without = tables.conversion_by_history(visit_day, visitor, orders)
    return [(float(daily["orders"].sum()), float(daily["visits"].sum())), with_ - without]


_fact(
    "F28", "Retention of a cohort rises with tenure though nobody changes: those who would leave have left (sBG).",
    "Fader & Hardie 2007", "secondary (counts), data (fit)", "emergent",
)  # fmt: skip
_WEEKS: Final = 12


@_test(
    "F28", _OPEN,
    Band("Spearman of week-on-week retention with tenure", 0.8, 1),
    Band("sBG fit: mean absolute error of survival, relative", 0, 0.05),
    Band("sBG fit: a", 0, 1.5),
    events=("lapse",),
)  # fmt: skip
def sorting(shop: Shop) -> Sequence[Value]:
    """Weekly survival (not yet lapsed) of those who register, pooled over cohorts followed for twelve weeks."""
    ids, registered = shop.registrants
    lapses = shop.log("lapse")
    first = lapses.groupby("agent")["day"].min().reindex(ids).to_numpy(dtype=np.float64)
    alive, n = tables.survival(registered, np.where(np.isnan(first), np.inf, first), shop.days, _WEEKS)
    if n == 0 or (alive == 0).any():
        return [None, None, None]
    share = alive / n
    retention = share / np.concatenate([[1.0], share[:-1]])
    rises = tables.spearman(retention, np.arange(_WEEKS))
    a, b = fit_sbg(alive, n)
    return [rises, float(np.abs(sbg_survival(a, b, _WEEKS) / share - 1).mean()), a]


_fact(
    "F29", "Of new users of a shopping app 20 to 27 % are back after 1 day, 8 to 14 % after 7, 4 to 8 % after 30.",
    "AppsFlyer, Adjust; CleverTap 2019; Localytics 2015-17", "memory; anchors secondary", "tuned",
)  # fmt: skip


@_test(
    "F29", _OPEN,
    Band("visits exactly 1 day after registering (D1)", 0.18, 0.40),
    Band("7 days after (D7)", 0.08, 0.20),
    Band("30 days after (D30)", 0.03, 0.12),
    Band("D30 / D7", 0.4, 0.75),
    Band("any visit 30 to 59 days after", 0.15, 0.45),
    Direction("D1 less D7"),
    Direction("D7 less D30"),
    events=("visit",),
)  # fmt: skip
def day_n_retention(shop: Shop) -> Sequence[Value]:
    """Classic retention of those who register during the year, and the share seen in the second month."""
    found = measure(shop[CONTROL])
    d1, d7, d30 = (_number(found[f"retention_d{age}"]) for age in (1, 7, 30))
    ids, registered = shop.registrants
    visit_day, visitor = tables.ints(shop.log("visit"), "day", "agent")
    second_month = tables.returned_between(registered, ids, visit_day, visitor, shop.days, 30, 59)
    return [d1, d7, d30, None if d30 is None or d7 is None else (d30, d7), second_month, _less(d1, d7), _less(d7, d30)]


# --- buying again ----------------------------------------------------------------------------------------------

_fact(
    "F30", "Most buyers buy once; the chance of a next order rises with the number of orders.",
    "CDNOW, weeks 1-39", "data", "emergent",
)  # fmt: skip


@_test(
    "F30", _OPEN,
    Band("buyers with a single order day", 0.40, 0.75),
    Band("chance of a 2nd order day", 0.25, 0.60),
    Band("chance of a 5th after the 4th", 0.60, 0.85),
    Band("buyers who order again within 90 days", 0.15, 0.45),
    Direction("2nd to 3rd step of the ladder less the 1st"),
    Direction("3rd less 2nd"),
    Direction("4th less 3rd"),
)  # fmt: skip
def order_ladder(shop: Shop) -> Sequence[Value]:
    """All who buy during the year; days with an order count, as in the source."""
    steps = tables.ladder(shop[CONTROL].orders)
    chance = [a / b if b else None for a, b in steps]
    once = (steps[0][1] - steps[0][0], steps[0][1])
    rises = [_less(chance[k + 1], chance[k]) for k in range(3)]
    return [once, steps[0], steps[3], _number(measure(shop[CONTROL])["repeat_rate_90d"]), *rises]


_fact(
    "F31", "A cohort's buying slows down to a plateau; BG/NBD describes it.",
    "CDNOW, weeks 1-39; Fader, Hardie & Lee 2005", "data", "emergent",
)  # fmt: skip


@_test(
    "F31", _OPEN,
    Band("members ordering in the 6th against the 1st four weeks after the first order", 0.35, 0.8),
    Direction("fall from window to window (slope, sign changed)"),
    Band("BG/NBD fitted to the first half: repeats forecast / actual in the second", 0.85, 1.15),
)  # fmt: skip
def slowing_down(shop: Shop) -> Sequence[Value]:
    """Those who register and first order during the year, so that their first order is their first."""
    orders = shop[CONTROL].orders
    ids, _ = shop.registrants
    windows = tables.windows_after_first(orders, ids, shop.days)
    shares = [a / b if b else 0.0 for a, b in windows]
    half = shop.days // 2
    x, t_x, t, members = tables.histories(orders, ids, half // 2, half - 1)
    if len(x) < 20 or x.sum() == 0:
        return [(windows[5][0], windows[0][0]), -tables.slope(shares), None]
    fitted = fit_bg_nbd(x, t_x, t)
    rest = shop.days - half
    forecast = bg_nbd_expected(*fitted, t + rest) - bg_nbd_expected(*fitted, t)
    later = tables.order_days(orders[orders["agent"].isin(members)])
    actual = float((later["day"] >= half).sum())
    return [(windows[5][0], windows[0][0]), -tables.slope(shares), (float(np.sum(forecast)), actual)]


_fact(
    "F32", "The top 20 % of buyers bring about two thirds of revenue.",
    "McCarthy & Winer 2019; Kim, Singh & Winer 2017; Sharp et al. 2019; CDNOW", "paper; data", "tuned",
)  # fmt: skip


@_test(
    "F32", _OPEN,
    Band("revenue from the top 20 % of buyers in a year", 0.55, 0.78),
    Band("Gini of revenue over buyers", 0.50, 0.75),
    Direction("top 20 % in a year less in its first quarter"),
)  # fmt: skip
def best_customers(shop: Shop) -> Sequence[Value]:
    """What buyers paid less refunds."""
    year = tables.spending(shop[CONTROL].orders, shop.days - 1)
    quarter = tables.spending(shop[CONTROL].orders, shop.days // 4 - 1)
    top = tables.top_share(year)
    return [top, gini(year), _less(top, tables.top_share(quarter))]


# --- what sells, who invites -----------------------------------------------------------------------------------

_fact(
    "F33", "Sales over products are long-tailed; seeing what others buy concentrates them.",
    "Leskovec et al. 2007; Lee & Hosanagar 2019", "paper", "emergent",
    left_out="collaborative filtering raises concentration: a strategy's fact (S1)",
)  # fmt: skip


@_test(
    "F33", _CLOSED,
    Band("Gini of units over products", 0.35, 0.80),
    Direction("Gini less that without herding", above=0.05),
    arms=("no_herding",),
)  # fmt: skip
def long_tail(shop: Shop) -> Sequence[Value]:
    """With herding as it is and with b_h at 0."""
    with_, without = (gini(shop[arm].products["units"].to_numpy(dtype=np.int64)) for arm in (CONTROL, "no_herding"))
    return [with_, _less(with_, without)]


_fact(
    "F35", "Most apps have a viral coefficient of .15 to .25, famous programmes .35 to .5; a cycle days to weeks.",
    "practitioners (bloomitize.com, digithelm.com)", "secondary", "other",
    stays="the median lag is that of members who stay for months and share whenever they order; no coefficient makes "
    "new members invite sooner, and a rule for that would need a source",
)  # fmt: skip


@_test(
    "F35", _OPEN,
    Band("invited registrations per registration, no incentive", 0.01, 0.25),
    Direction("the same with share coupons, less without"),
    Band("median days from the inviter's registration to the invitee's", 1, 14),
    arms=("share_coupon",),
)  # fmt: skip
def viral_coefficient(shop: Shop) -> Sequence[Value]:
    """Registrations of the year; with share coupons of the default face."""
    counts = []
    for arm in (CONTROL, "share_coupon"):
        daily = shop[arm].daily
        counts.append((float(daily["new_invited"].sum()), float(daily["new_registrations"].sum())))
    k, k_coupon = (a / b if b else None for a, b in counts)
    return [counts[0], _less(k_coupon, k), _number(measure(shop[CONTROL])["viral_cycle_days"])]


def _number(value: int | float | None) -> float | None:
    return None if value is None else float(value)


def _less(a: float | None, b: float | None) -> float | None:
    return None if a is None or b is None else a - b
