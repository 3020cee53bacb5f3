"""A second implementation of the model, written from docs/model.md alone: plain Python, no rule of `sim.rules`.

It takes people, ties, products, constants, coefficients and seeds from a World (section 5) and shares with the package
only the keyed random numbers (`sim.draws`) and the functions of `sim._jit`. Numbers in comments are its sections.
"""

from __future__ import annotations

import math
from types import SimpleNamespace as Record
from typing import Any

from sim import draws
from sim._jit import exp, log, logistic, power
from sim.draws import gumbel, normal, pair, tactic_purpose, unit

NEVER = -32768
TEAM = 1 << 32  # added to the item of a draw that belongs to a team (4.2)
BROWSE, TASTE, POPULAR, FRIEND, LEADER, RECOMMENDED, PROMOTED = range(7)
CAUSES = ("browse", "taste", "popular", "friend", "kol", "recommendation", "promotion")
COUNTED = (
    *("visits", "new_organic", "new_paid", "new_invited", "returned", "churned", "orders", "units"),
    *("gmv_cents", "paid_cents", "refund_cents", "cogs_cents", "fulfilment_cents", "expense_cents", "share_events"),
    *("messages", "reviews", "stars", "returns", "teams_founded", "teams_succeeded", "teams_failed"),
)  # sums of the day (9)
GOOD, BAD, ASK, POST, BAD_POST, OWN = range(6)
PERSONAL = (GOOD, BAD, ASK)
START, ORGANIC, PAID, INVITED = range(1, 5)
PERSONAS = (
    "silent_lurker",
    "price_hunter",
    "herd_follower",
    "kol_fan",
    "experience_seeker",
    "loyal_member",
    "trust_driven",
)
TRAITS = ("price", "herd", "trust", "social", "emotion", "kol", "intensity", "need", "stay", "arrive")


def nearest(x: float) -> int:
    """The only rounding of the model: nearest, half up."""
    return math.floor(x + 0.5)


class Budget:
    """8.2: what a tactic has spent, holds in reserve and has promised today."""

    def __init__(self, cap: int | None, per_day: int | None) -> None:
        self.cap, self.per_day = cap, per_day
        self.spent = self.reserved = self.promised = 0

    def available(self) -> float:
        run = math.inf if self.cap is None else self.cap - self.spent - self.reserved
        today = math.inf if self.per_day is None else self.per_day - self.promised
        return max(min(run, today), 0)

    def reserve(self, amount: int) -> bool:
        if amount > self.available():
            return False
        self.reserved += amount
        self.promised += amount
        return True

    def spend(self, amount: int) -> None:
        self.reserved -= amount
        self.spent += amount

    def release(self, amount: int, today: bool = True) -> None:
        self.reserved -= amount
        if today:
            self.promised -= amount


class SecondOpinion:
    """One run. After `run()`: `daily` (one dict a measured day), `orders` and `events` (tuples)."""

    def __init__(self, world: Any, label: str) -> None:
        self.world, self.label = world, label
        self.scenario, self.p, self.c = world.scenario, world.params, world.constants
        self.burn_in = self.scenario.burn_in_days
        self.arrival = self.scenario.as_dict()["arrival"]
        self.slots = int(self.p.attention)
        self.daily: list[dict[str, int]] = []
        self.orders: list[tuple[Any, ...]] = []
        self.events: list[tuple[Any, ...]] = []
        self.mail: list[Record] = []  # messages sent last night
        self.teams: list[Record] = []  # open teams
        self._people()
        self._products()
        self._tactics()

    # --- 2 and 5: what the World gives -----------------------------------------------------------------------

    def _people(self) -> None:
        population, graph = self.world.population, self.world.graph
        traits = population.traits
        self.people = []
        for row, identity in enumerate(population.ids.tolist()):
            registered = bool(population.is_registered[row])
            first, end = int(graph.indptr[row]), int(graph.indptr[row + 1])
            person = Record(
                row=row,
                id=identity,
                **{name: float(getattr(traits, name)[row]) for name in TRAITS},
                taste=[float(getattr(traits, f"taste_{k}")[row]) for k in range(3)],
                persona=PERSONAS[int(population.persona[row])],
                audience=[
                    Record(row=int(graph.audience[e]), strength=int(graph.strength[e]), n_sent=0)
                    for e in range(first, end)
                ],
                n_heard=int(graph.n_heard[row]),
                status="active" if registered else "prospect",
                channel=START if registered else 0,
                registered_day=-int(population.tenure_days[row]) if registered else NEVER,
                last_visit_day=NEVER,
                last_buy_day=NEVER,
                lapsed_day=NEVER,
                n_orders=0,
                satisfaction=0.0,
                mood=0.0,
                fatigue=0.0,
                joy=0.0,
                left=0,
                left_day=0,
                n_friends_active=0,
                heard=0,
                seen=0,
                valence=0,
                n_posts=0,
                kol_product=-1,
                kol_day=0,
                kol_hype=0.0,
                kol_tactic=-1,
                team=None,
                invited_by=None,
                inbox={},  # by position of the product
                inbox_day=0,
            )
            self.people.append(person)
        for person in self.people:
            if person.status == "active":
                for tie in person.audience:
                    self.people[tie.row].n_friends_active += 1

    def _products(self) -> None:
        catalogue = self.world.catalogue
        self.products = []
        for j, identity in enumerate(catalogue.id.tolist()):
            product = Record(
                id=identity,
                list=int(catalogue.price_cents[j]),
                cost=int(catalogue.unit_cost_cents[j]),
                quality=float(catalogue.quality[j]),
                taste=[float(x) for x in catalogue.taste[j]],
                arousal=float(catalogue.arousal[j]),
                sociality=float(catalogue.sociality[j]),
                onset=float(catalogue.spam_onset[j]),
                stock=int(catalogue.stock[j]),
                launch_day=int(catalogue.launch_day[j]),
                units=0,
                reviews=0,
                stars=0,
                closed=0,
                filled=0,
                joins=0,
                team_days=0,
            )
            product.log_price = log(product.list / self.c.p_ref)
            self.products.append(product)

    def _tactics(self) -> None:
        strategy = self.scenario.strategies.get(self.label, ())  # nothing: the control
        kinds = [spec.kind for spec in strategy]
        self.tactics = []
        for index, spec in enumerate(strategy):
            ordinal = kinds[:index].count(spec.kind)
            name = self.label
            if len(strategy) > 1:
                name += f".{spec.kind}" + (f"_{ordinal + 1}" if kinds.count(spec.kind) > 1 else "")
            tactic = Record(
                index=index,
                spec=spec,
                kind=spec.kind,
                ordinal=ordinal,
                name=name,
                budget=Budget(spec.budget, spec.budget_per_day),
                lot=set(),
                seeds=[],
            )
            if spec.kind in ("price_cut", "group_buy", "product_sampling"):  # products by lot (8.1)
                ranked = sorted(
                    range(len(self.products)),
                    key=lambda j, tactic=tactic: (
                        self.lot_word(tactic, "products", self.products[j].id),
                        self.products[j].id,
                    ),
                )
                tactic.lot = set(ranked[: nearest(spec.products * len(self.products))])
            if spec.kind == "kol_seeding":
                sizes = self.world.audience_sizes()
                score = {
                    "degree": lambda q, sizes=sizes: int(sizes[q.row]),
                    "random": lambda q: 0,
                    "trait": lambda q: q.kol,
                }[spec.choose]
                ranked = sorted(
                    self.people,
                    key=lambda q, tactic=tactic, score=score: (-score(q), self.lot_word(tactic, "seeds", q.id), q.id),
                )
                tactic.seeds = ranked[: spec.seeds]
                tactic.sizes = sizes
            self.tactics.append(tactic)

    def lot_word(self, tactic: Record, site: str, agent: int) -> int:
        purpose = tactic_purpose(tactic.kind, site, tactic.ordinal)
        return draws.block(self.world.world_seed, purpose, 0, agent, 0)[0]

    # --- 4: draws of a day -----------------------------------------------------------------------------------

    def words(self, purpose: int, agent: int, item: int = 0) -> tuple[int, int, int, int]:
        return draws.block(self.world.noise_seed, purpose, self.t, agent, item)

    def u(self, purpose: int, agent: int, item: int = 0) -> float:
        return unit(self.words(purpose, agent, item)[0])

    def log_event(self, person: Record, kind: str, item: int = -1, other: int = -1, value: int = 0) -> None:
        self.events.append((self.d, person.id, kind, item, other, value))

    # --- 3: the day ------------------------------------------------------------------------------------------

    def run(self) -> SecondOpinion:
        for t in range(self.burn_in + self.scenario.days):
            self.t, self.d = t, t - self.burn_in
            self.on = [
                tactic
                for tactic in self.tactics
                if self.d >= tactic.spec.start
                and self.d >= 0
                and (tactic.spec.stop is None or self.d < tactic.spec.stop)
                and (self.d - tactic.spec.start) % tactic.spec.every == 0
            ]
            self.day = dict.fromkeys(COUNTED, 0)
            self.shelf_of_the_day()  # 0a
            self.leaders_post()  # 0b
            self.hear()  # 0c
            visitors = self.arrive_return_visit()  # 1-3
            self.remember(visitors)  # 4
            samples = self.give_samples()  # 4b
            offers = self.offer(visitors)  # 5a
            choices = [c for c in (self.look_and_choose(q, offers[q.row]) for q in visitors) if c]  # 5b, 6a
            for q in visitors:
                q.last_visit_day = self.t
            alone, founders = self.settle(choices, offers)  # 6b
            team_orders, let_down = self.close_teams()  # 6c
            confirmed = alone + team_orders
            for order in confirmed:  # 7-8
                self.fulfil(order)
            for sample in samples:
                self.receive(sample)
            for q, product in let_down:  # 7b
                self.experience(q, self.p.s_team)
                self.log_event(q, "let_down", product.id)
            self.share(confirmed + samples, founders, offers)  # 9
            self.feel_and_leave()  # 10-11b
            self.night(confirmed, samples, offers)  # 12
            self.book()  # 13
        return self

    # --- 7.0, 8.1: shelf -------------------------------------------------------------------------------------

    def shelf_of_the_day(self) -> None:
        p, products, n = self.p, self.products, len(self.products)
        for tactic in self.tactics:
            tactic.budget.promised = 0
        x = [log(1 + product.units) for product in products]
        mean = sum(x) / n
        sd = math.sqrt(sum((value - mean) * (value - mean) for value in x) / n)
        volume = [log(1 + product.reviews) for product in products]
        mean_volume = sum(volume) / n
        shop_success = (0.5 * 4 + sum(q.filled for q in products)) / (4 + sum(q.closed for q in products))
        shop_joins = (0.7 * 4 + sum(q.joins for q in products)) / (4 + sum(q.team_days for q in products))
        for j, product in enumerate(products):
            product.z = (x[j] - mean) / (sd + 0.3)
            product.rating = (4.2 * 5 + product.stars) / (5 + product.reviews)
            gain = product.rating - 4.2
            gain = gain if gain < 0 else 0.7 * gain
            product.appeal = p.b_q * gain + p.b_v * (volume[j] - mean_volume)
            product.on_sale = product.launch_day <= max(self.d, 0) and product.stock != 0
            product.price, product.cut, product.promoted, product.terms = product.list, None, False, None
            product.team_success = (shop_success * 4 + product.filled) / (4 + product.closed)
            product.team_joins = (shop_joins * 4 + product.joins) / (4 + product.team_days)
            opened = [team for team in self.teams if team.product == j]
            opened.sort(
                key=lambda team: (
                    self.words(draws.PUBLIC_TEAM, team.founder.id, pair(team.founded, products[team.product].id))[0],
                    team.founder.id,
                    team.founded,
                )
            )
            product.public = opened[:3]
        for tactic in self.on:
            spec = tactic.spec
            for j in sorted(tactic.lot):
                product = products[j]
                if tactic.kind == "price_cut":
                    price = max(nearest(product.list * (1 - spec.discount)), 1)
                    if product.list - price > tactic.budget.available():
                        continue
                    if price < product.price:
                        product.price, product.cut = price, tactic
                    if spec.promoted and spec.discount > 0:
                        product.promoted = True
                if tactic.kind == "group_buy":
                    price = max(nearest(product.price * (1 - spec.discount)), 1)
                    present = product.terms.spec.discount if product.terms else 0.0
                    if spec.discount > present and product.price - price <= tactic.budget.available():
                        product.terms = tactic
        self.any_promoted = any(product.promoted for product in products)

    # --- 7.8b: leaders' posts --------------------------------------------------------------------------------

    def leaders_post(self) -> None:
        reached: dict[int, list[tuple[Any, ...]]] = {}
        on_sale = [j for j, product in enumerate(self.products) if product.on_sale]
        for tactic in self.on:
            spec = tactic.spec
            if tactic.kind != "kol_seeding" or not on_sale or (self.d - spec.start) % spec.posts_every:
                continue
            for leader in tactic.seeds:
                size = int(tactic.sizes[leader.row])
                fee = spec.fee_base + nearest(spec.fee_per_follower * (power(size, 0.8) if size else 0.0))
                if not self.pay(tactic, fee):
                    continue
                j = max(on_sale, key=lambda j, leader=leader: (dot(leader.taste, self.products[j].taste), -j))
                item = pair(leader.id, self.products[j].id)
                for row in self.world.hearers(leader.row):
                    word = self.words(draws.KOL_TIE, self.people[row].id, item)[0]
                    reached.setdefault(int(row), []).append((word, item, tactic.index, j, spec.hype))
        for row, posts in reached.items():
            q = self.people[row]
            _, _, q.kol_tactic, q.kol_product, q.kol_hype = min(posts)
            q.kol_day = self.t
            if q.status == "prospect":
                q.n_posts = len(posts)

    def pay(self, tactic: Record, amount: int) -> bool:
        """Fees, commissions and costs of serving are reserved and spent at once."""
        if not tactic.budget.reserve(amount):
            return False
        tactic.budget.spend(amount)
        self.day["expense_cents"] += amount
        return True

    # --- 7.1: arriving, returning, visiting ------------------------------------------------------------------

    def hear(self) -> None:
        for message in self.mail:
            if message.kind in PERSONAL:
                q = self.people[message.receiver]
                q.heard += 1
                q.seen += 1
                q.valence += -1 if message.kind == BAD else 1

    def usual_chance(self, q: Record, share_active: float) -> float:
        """o of (15b), by the scenario's arrival rule."""
        rule = self.arrival
        of_friends = q.n_friends_active / q.n_heard if q.n_heard else 0.0
        if rule["kind"] == "bass":
            return float(rule["p"] + rule["q"] * (share_active if rule["well_mixed"] else of_friends))
        if rule["kind"] == "threshold":
            return float(q.n_heard > 0 and of_friends >= rule["share"])
        if rule["kind"] == "dated":
            day, n = self.t - self.scenario.burn_in_days, [share * rule["share"] for share in rule["per_day"]]
            if not 0 <= day < len(n) or n[day] == 0.0:
                return 0.0
            if rule["share"] == 1.0 and not any(n[day + 1 :]):
                return 1.0
            return n[day] / (sum(rule["per_day"]) - sum(n[:day]))
        return float(self.p.organic)

    def arrive_return_visit(self) -> list[Record]:
        p, t = self.p, self.t
        visitors = []
        self.arrived, self.back = [], []
        share_active = sum(q.status == "active" for q in self.people) / len(self.people)  # as of last night
        for q in self.people:
            w0, q.word_lapse, w2, w3 = self.words(draws.LIFE, q.id)
            visits = False
            if q.status == "prospect":
                channel, inviter = 0, None
                if q.invited_by is not None:
                    channel, inviter, q.invited_by = INVITED, q.invited_by, None
                else:
                    organic = min(self.usual_chance(q, share_active) * q.arrive, 1)
                    chance = 1 - (1 - organic) * exp(-(q.n_posts * p.a_kol * q.kol / self.c.kol))
                    if unit(w3) < chance:
                        channel = ORGANIC if unit(w3) < organic else PAID
                if channel:
                    q.status, q.channel, q.registered_day, visits = "active", channel, t, True
                    self.arrived.append(q)
                    self.day[("", "", "new_organic", "new_paid", "new_invited")[channel]] += 1
                    self.log_event(q, "register", other=-1 if inviter is None else inviter.id, value=channel)
            elif q.status == "lapsed":
                rate = p.om_0 * exp(-(t - q.lapsed_day) / p.om_tau + p.b_fr * log(1 + q.n_orders))
                if unit(w2) < 1 - exp(-rate):
                    q.status, visits = "active", True
                    self.back.append(q)
                    self.day["returned"] += 1
                    self.log_event(q, "return")
            else:
                rate = q.intensity * exp(p.e_in * min(q.heard, 3) + p.e_e * q.emotion * q.mood)
                visits = unit(w0) < 1 - exp(-rate)
            if visits:
                visitors.append(q)
                self.log_event(q, "visit")
        self.day["visits"] = len(visitors)
        return visitors

    # --- 7.4: remembering ------------------------------------------------------------------------------------

    def remember(self, visitors: list[Record]) -> None:
        here = {q.row for q in visitors}
        taken: dict[int, list[Record]] = {}
        for message in self.mail:
            q = self.people[message.receiver]
            if message.kind in (POST, BAD_POST):
                item = pair(self.people[message.sender].id, self.products[message.product].id)
                if q.row not in here or self.u(draws.POST_SEEN, q.id, item) >= self.p.p_b:
                    continue
                q.seen += 1
                q.valence += 1 if message.kind == POST else -1
            if message.kind == OWN and q.status != "active":
                continue
            taken.setdefault(q.row, []).append(message)
        for row, messages in taken.items():
            self.take_in(self.people[row], messages)

    def take_in(self, q: Record, messages: list[Record]) -> None:
        fade = exp((self.t - q.inbox_day) * log(self.p.delta_r))
        q.inbox_day = self.t
        for j in list(q.inbox):
            entry = q.inbox[j]
            entry.strength = nearest(entry.strength * fade)
            if abs(entry.strength) < 328:
                del q.inbox[j]
        groups: dict[int, list[Record]] = {}
        for message in messages:
            groups.setdefault(message.product, []).append(message)
        known = [j for j in sorted(groups) if j in q.inbox]
        for j in known + [j for j in sorted(groups) if j not in known]:
            group = groups[j]
            total = sum(message.weight for message in group)
            if j not in q.inbox:
                if abs(total) < 328:
                    continue
                if len(q.inbox) == 8:
                    weakest = min(q.inbox, key=lambda i: self.weakness(q, i, q.inbox[i].strength))
                    if self.weakness(q, weakest, q.inbox[weakest].strength) >= self.weakness(q, j, total):
                        continue
                    del q.inbox[weakest]
                q.inbox[j] = Record(strength=0, count=0, sender=None, sender_day=NEVER, team=None)
            entry = q.inbox[j]
            personal = [message for message in group if message.kind in PERSONAL]
            entry.strength = max(min(entry.strength + total, 1 << 30), -(1 << 30))
            entry.count = min(entry.count + sum(message.sender != entry.sender for message in personal), 30_000)
            ranked = sorted(personal, key=lambda m: self.words(draws.WINNER, q.id, self.name_of(m))[0])
            if ranked:
                entry.sender, entry.sender_day = ranked[0].sender, self.t
            asked = [message for message in ranked if message.team is not None]
            if asked:
                entry.team = asked[0].team

    def name_of(self, message: Record) -> int:
        return pair(self.people[message.sender].id, self.products[message.product].id)

    def weakness(self, q: Record, j: int, strength: int) -> tuple[int, float]:
        return abs(strength), self.u(draws.INBOX_TIE, q.id, self.products[j].id)

    # --- 7.3b: samples ---------------------------------------------------------------------------------------

    def give_samples(self) -> list[Record]:
        given: dict[int, Record] = {}
        for tactic in self.on:
            if tactic.kind != "product_sampling":
                continue
            spec = tactic.spec
            on_sale = [j for j, product in enumerate(self.products) if product.on_sale]
            if spec.product is not None:
                listed = [j for j in on_sale if self.products[j].id == spec.product]
            elif spec.choose == "best_seller":
                listed = sorted(on_sale, key=lambda j: -self.products[j].units)[:1]
            else:
                listed = [j for j in on_sale if j in tactic.lot]
            if not listed:
                continue
            purpose = tactic_purpose(tactic.kind, "sample", tactic.ordinal)
            drawn = []
            for q in self.people:
                w0, w1, _, _ = self.words(purpose, q.id)
                meant = q.status == "active" and q.row not in given and self.is_target(spec.target, q)
                if meant and unit(w0) < spec.share:
                    drawn.append((w0, q.id, q, listed[(w1 * len(listed)) >> 32]))
            drawn.sort(key=lambda one: one[:2])
            served, left = [], {j: product.stock for j, product in enumerate(self.products)}
            for _, _, q, j in drawn:
                if left[j] != 0:
                    left[j] -= 1
                    served.append((q, j))
            for q, j in served:
                product = self.products[j]
                amount = product.cost + spec.handling
                if self.pay(tactic, amount):
                    product.stock -= product.stock > 0
                    given[q.row] = Record(person=q, j=j, product=product, hype=0.0, in_team=False, is_sample=True)
                    self.log_event(q, "sample", product.id, value=amount)
        return [given[row] for row in sorted(given)]

    # --- 8.1, 8.2, 7.7: offers, coupons handed out, unlocking ------------------------------------------------

    def offer(self, visitors: list[Record]) -> dict[int, Record]:
        offers = {
            q.row: Record(
                row=q.row,
                share=0.0,
                share_tactic=None,
                money=0,
                money_min=0,
                money_tactic=None,
                used=0,
                unlock=0,
                unlock_min=0,
                unlock_tactic=None,
                unlocks=False,
                weight=0.0,
                accuracy=0.0,
                team_tactics=set(),
                favourite=None,
            )
            for q in visitors
        }
        for tactic in self.on:
            spec = tactic.spec
            chosen = [offers[q.row] for q in visitors if self.is_target(spec.target, q)]
            if tactic.kind == "coupon":
                dearest = max(q.list - max(nearest(q.list * (1 - spec.discount)), 1) for q in self.products)
                for o in chosen:
                    if spec.discount > o.share and dearest <= tactic.budget.available():
                        o.share, o.share_tactic = spec.discount, tactic
                    if spec.face > o.money:
                        o.money, o.money_min, o.money_tactic = spec.face, least_price(spec), tactic
            if tactic.kind == "share_coupon":
                for o in chosen:
                    if spec.face > o.unlock:
                        o.unlock, o.unlock_min, o.unlock_tactic = spec.face, least_price(spec), tactic
            if tactic.kind == "group_buy":
                for o in chosen:
                    o.team_tactics.add(tactic.index)
            if tactic.kind == "recommendation":
                serving = spec.cost_per_day + nearest(spec.cost_per_1000 * len(chosen) / 1000)
                for o in chosen if self.pay(tactic, serving) else []:
                    if spec.weight > o.weight:
                        o.weight = spec.weight
                        o.accuracy = spec.accuracy if spec.by == "taste" else -1.0
        for tactic in self.on:
            asking = [(o.money, self.people[o.row], 0, 0, o) for o in offers.values() if o.money_tactic is tactic]
            granted = self.grant(tactic, "issue", asking)
            for _, _, _, _, o in asking:
                if o.row not in granted:
                    o.money, o.money_min, o.money_tactic = 0, 0, None
        for tactic in self.on:
            asking = [
                (o.unlock, self.people[o.row], 0, 0, o)
                for o in offers.values()
                if o.unlock_tactic is tactic and self.is_willing(self.people[o.row], o.unlock)
            ]
            granted = self.grant(tactic, "unlock", asking)
            for _, q, _, _, o in asking:
                if q.row in granted:
                    o.unlocks = True
                    if o.money >= o.unlock:
                        tactic.budget.release(o.unlock)
                        continue
                    if o.money_tactic:
                        o.money_tactic.budget.release(o.money)
                    o.money, o.money_min, o.money_tactic = o.unlock, o.unlock_min, tactic
        return offers

    def is_target(self, target: Any, q: Record) -> bool:
        tenure = self.t - q.registered_day
        away = min(self.t - q.last_visit_day, tenure)
        stage = "active"
        if away >= 14:
            stage = "silent"
        if away >= 30:
            stage = "lapsed"
        if tenure < 14:
            stage = "new"
        if q in self.back:
            stage = "returned"
        return (not target.personas or q.persona in target.personas) and (
            not target.lifecycle or stage in target.lifecycle
        )

    def is_willing(self, q: Record, face: int) -> bool:
        hassle = 100 * self.p.h_0 * self.c.price / q.price
        x = self.p.s_u + self.social_need(q) + self.p.b_rw * log(1 + face / hassle)
        return self.u(draws.UNLOCK, q.id) < logistic(x)

    def grant(self, tactic: Record, site: str, requests: list[tuple[Any, ...]]) -> set[int]:
        """Rows whose requests (amount, person, item of the draw, mode, ..) are granted, by keyed priority (8.2)."""
        purpose = tactic_purpose(tactic.kind, site, tactic.ordinal)
        requests = sorted(requests, key=lambda r: (self.words(purpose, r[1].id, r[2])[0], r[1].id, r[3]))
        return {request[1].row for request in requests if tactic.budget.reserve(request[0])}

    # --- 7.2: exposure ---------------------------------------------------------------------------------------

    def look(self, q: Record, o: Record) -> dict[int, int]:
        """Products she sees, in slot order, with the source of their slot."""
        p, products = self.p, self.products
        race = []
        for j, entry in q.inbox.items():
            strength = self.remembered(q, entry)
            if strength > 0.05 and products[j].on_sale:
                race.append((-log(self.u(draws.FRIEND_SLOT, q.id, products[j].id)) / strength, j))
        friends = [j for _, j in sorted(race)]
        kol = 0.0
        if q.kol_product >= 0 and products[q.kol_product].on_sale:
            kol = p.w_kol * q.kol * self.presence(q)
        promo = p.w_promo if self.any_promoted else 0.0
        placed, friend = kol + o.weight + promo, p.w_fr * len(friends)
        organic = p.w_s + p.w_pop + p.w_new
        p1, p2 = placed / (placed + friend + organic), friend / (friend + organic)
        p3, p4 = p.w_s / organic, p.w_pop / (p.w_pop + p.w_new)
        shown: dict[int, int] = {}
        for slot in range(self.slots):
            w0, w1, w2, w3 = self.words(draws.SLOT_SOURCE, q.id, slot)
            if unit(w0) < p1:
                v0, v1, _, _ = self.words(draws.SLOT_PLACED, q.id, slot)
                if unit(v0) * (kol + o.weight + promo) < kol:
                    source = LEADER
                else:
                    source = RECOMMENDED if unit(v1) * (o.weight + promo) < o.weight else PROMOTED
            elif unit(w1) < p2:
                source = FRIEND
            elif unit(w2) < p3:
                source = TASTE
            else:
                source = POPULAR if unit(w3) < p4 else BROWSE
            if source == FRIEND:
                j = friends.pop(0) if friends else None
            elif source == LEADER:
                j = q.kol_product
            else:
                j = self.propose(q, o, source, slot)
            if j is not None and j not in shown:
                shown[j] = source
        return shown

    def propose(self, q: Record, o: Record, source: int, slot: int) -> int | None:
        n = len(self.products)
        for attempt in range(16):
            met = []
            for word in self.words(draws.SLOT_ITEM, q.id, pair(attempt, 256 * source + slot)):
                j, luck = divmod(word * n, 2**32)
                if self.fits(source, j):
                    error = 0.0 if source == RECOMMENDED else self.p.look_error * (2 * (luck / 2.0**32) - 1)
                    met.append((self.score(q, o, source, j) + error, j))
            if met:
                best = max(seen for seen, _ in met)
                return next(j for seen, j in met if seen == best)
        for step in range(n):
            if self.fits(source, (j + step) % n):
                return (j + step) % n
        return None

    def fits(self, source: int, j: int) -> bool:
        product = self.products[j]
        return bool(product.on_sale and (source != PROMOTED or product.promoted))

    def score(self, q: Record, o: Record, source: int, j: int) -> float:
        product = self.products[j]
        if source in (BROWSE, PROMOTED):
            return 0.0
        if source == POPULAR:
            return glance(product.z)
        if source == RECOMMENDED and o.accuracy < 0:
            return float(product.z)
        if source == TASTE:
            return dot(q.taste, [glance(x) for x in product.taste]) * 0.5773502691896258
        score = match(q, product)
        if source == RECOMMENDED:
            noise = normal(draws.u01(self.world.world_seed, draws.PERSONAL_NOISE, 0, q.id, product.id))
            score = o.accuracy * score + math.sqrt(1 - o.accuracy * o.accuracy) * noise
        return score

    def remembered(self, q: Record, entry: Record) -> float:
        return entry.strength * exp((self.t - q.inbox_day) * log(self.p.delta_r)) / 65536

    def presence(self, q: Record) -> float:
        return exp((self.t - q.kol_day) * log(max(self.p.p_fade, 1e-9)))

    # --- 7.3: purchase ---------------------------------------------------------------------------------------

    def look_and_choose(self, q: Record, o: Record) -> Record | None:
        p, t = self.p, self.t
        shown = self.look(q, o)
        if not shown:
            return None
        total, best, favourite, choice = 0.0, -math.inf, -math.inf, None
        for j, source in shown.items():
            product = self.products[j]
            u = self.utility(q, j)
            unit_price, coupon = product.price, 0
            if o.share > 0:
                lower = max(nearest(product.price * (1 - o.share)), 1)
                if lower < unit_price:
                    unit_price, coupon = lower, 1
            if o.money > 0 and product.price >= o.money_min and max(product.price - o.money, 1) < unit_price:
                unit_price, coupon = max(product.price - o.money, 1), 2
            v_alone = u + self.price_term(q, product, unit_price)
            total += exp(v_alone)
            if v_alone > favourite:
                favourite, o.favourite = v_alone, j
            alone = v_alone + gumbel(self.u(draws.CHOICE, q.id, product.id))
            entry = q.inbox.get(j)
            parent = None
            if source == FRIEND and entry is not None and entry.sender is not None and t - entry.sender_day <= 7:
                parent = self.people[entry.sender]
            this = Record(
                person=q,
                day=t,
                j=j,
                product=product,
                source=source,
                parent=parent,
                unit=unit_price,
                shelf=product.price,
                coupon=coupon,
                hype=q.kol_hype if source == LEADER else 0.0,
                kol_tactic=q.kol_tactic if source == LEADER else -1,
                team=None,
                in_team=False,
                would_found=False,
                cut=product.cut,
                held=[],
                is_sample=False,
            )
            if alone > best:
                best, choice = alone, this
            if product.terms and product.terms.index in o.team_tactics and q.team is None:
                team, v_team, v_found, team_price = self.team_alternative(q, product, j, u)
                total += exp(v_team)
                luck = gumbel(self.u(draws.CHOICE, q.id, product.id + TEAM))
                if v_team + luck > best:
                    best = v_team + luck
                    choice = Record(**vars(this))
                    choice.in_team, choice.team, choice.team_price = True, team, team_price
                    choice.would_found = v_found + luck > alone
        inclusive = log(total) - log(self.slots)
        chance = logistic(
            p.alpha
            + q.need
            + p.mu * inclusive
            - p.b_inv * exp(-(t - q.last_buy_day) / p.tau_inv)
            + p.b_s * q.satisfaction
            + p.b_e * q.emotion * q.mood
        )
        w0, w1, _, _ = self.words(draws.BUY, q.id)
        if choice is None or unit(w0) >= chance:
            return None
        choice.quantity = 1 + (min(int(log(unit(w1)) / log(p.q_more)), 19) if p.q_more > 0 else 0)
        return choice

    def utility(self, q: Record, j: int) -> float:
        p, c, product = self.p, self.c, self.products[j]
        u = p.b_m * match(q, product) + product.appeal
        u = u + p.b_h * (q.herd / c.herd) * product.z
        u = u - p.b_abs * (q.price / c.price) * product.log_price
        entry = q.inbox.get(j)
        if entry is not None:
            r, n = self.remembered(q, entry), entry.count
            if r != 0 or n > 0:
                sign = (r > 0) - (r < 0)
                u = u + (sign * p.b_r * (1 - exp(-product.sociality * abs(r))) - p.b_sp * max(0.0, n - product.onset))
        if q.kol_product == j:
            u = u + p.b_k * q.kol * self.presence(q)
        return u

    def price_term(self, q: Record, product: Record, price: int) -> float:
        if price == product.list:
            return 0.0
        return -self.p.b_p * (q.price / self.c.price) * log(price / product.list)

    # --- 7.10: teams -----------------------------------------------------------------------------------------

    def team_alternative(self, q: Record, product: Record, j: int, u: float) -> tuple[Any, float, float, int]:
        p, spec = self.p, product.terms.spec
        team_price = max(nearest(product.price * (1 - spec.discount)), 1)
        save = -log(team_price / product.price)
        plain = u + self.price_term(q, product, product.price)
        beta = p.b_p * q.price / self.c.price

        def value(pi: float) -> float:
            return plain + pi * beta * save - (1 - pi) * p.c_fail - p.c_w * (1 - q.social)

        candidates = list(product.public) if spec.strangers else []
        entry = q.inbox.get(j)
        if entry is not None and entry.team in self.teams and entry.team not in candidates:
            candidates.append(entry.team)
        best = None
        for team in candidates:
            pi = product.team_success
            if spec.progress:
                mean = product.team_joins * (team.closing - self.t + 1)
                pi = poisson_at_least(mean, team.size - (len(team.seats) + 1))
            rank = (-pi, self.u(draws.TEAM_CHOICE, q.id, pair(team.founder.id, product.id)))
            if pi > 0 and team.product == j and (best is None or rank < best[0]):
                best = (rank, team, pi)
        found = value(product.team_success)
        if best is None or found > value(best[2]):
            return None, found, found, team_price
        return best[1], value(best[2]), found, team_price

    # --- 7.3 stock, 7.10 settling, 8.2, 8.3 ------------------------------------------------------------------

    def settle(self, choices: list[Record], offers: dict[int, Record]) -> tuple[list[Record], list[Record]]:
        served = []
        for choice in sorted(
            choices, key=lambda c: (self.words(draws.STOCK, c.person.id, c.product.id)[0], c.person.id)
        ):
            product = choice.product
            if product.stock < 0 or choice.quantity <= product.stock:
                product.stock -= choice.quantity if product.stock >= 0 else 0
                served.append(choice)
        served.sort(key=lambda c: c.person.row)

        for team in self.teams:  # seats
            joiners = [c for c in served if c.in_team and c.team is team]
            joiners.sort(
                key=lambda c: (
                    self.words(draws.SEAT, c.person.id, pair(c.team.founder.id, c.product.id))[0],
                    c.person.id,
                )
            )
            for choice in joiners[team.capacity - len(team.seats) :]:
                choice.team, choice.in_team = None, choice.would_found

        for tactic in self.tactics:  # funds
            self.fund_teams(tactic, "team_cut", [c for c in served if c.in_team and c.cut is tactic])
        for tactic in self.tactics:
            self.fund_teams(tactic, "team", [c for c in served if c.in_team and c.product.terms is tactic])

        founders = []
        for choice in served:
            if not choice.in_team:
                continue
            q, product = choice.person, choice.product
            if choice.team is None:
                spec = product.terms.spec
                choice.team = Record(
                    founder=q,
                    product=choice.j,
                    founded=self.t,
                    closing=self.t + spec.window_days,
                    size=spec.size,
                    capacity=spec.capacity if spec.capacity is not None else spec.size,
                    seats=[],
                )
                self.teams.append(choice.team)
                founders.append(choice)
                self.day["teams_founded"] += 1
                self.log_event(q, "found", product.id)
            else:
                product.joins += 1
                self.log_event(q, "join", product.id, other=choice.team.founder.id)
            choice.team.seats.append(choice)
            choice.paid, choice.tactic = choice.team_price * choice.quantity, product.terms
            q.team = choice.team

        alone = [choice for choice in served if not choice.in_team]
        self.sell_alone(alone, offers)
        return alone, founders

    def fund_teams(self, tactic: Record, site: str, choices: list[Record]) -> None:
        asking = []
        for c in choices:
            amount = (c.product.list - c.shelf) if site == "team_cut" else (c.shelf - c.team_price)
            if amount * c.quantity > 0:
                asking.append((amount * c.quantity, c.person, c.product.id, 1, c))
        granted = self.grant(tactic, site, asking)
        for amount, q, _, _, c in asking:
            if q.row in granted:
                c.held.append((tactic, amount))
            else:
                for other, held in c.held:
                    other.budget.release(held)
                c.in_team, c.team, c.held = False, None, []

    def sell_alone(self, alone: list[Record], offers: dict[int, Record]) -> None:
        for c in alone:
            c.price, c.off, c.tactic = c.shelf, (c.shelf - c.unit if c.coupon == 1 else 0), c.cut
        for tactic in self.tactics:
            cuts = [
                ((c.product.list - c.shelf) * c.quantity, c.person, c.product.id, 0, c)
                for c in alone
                if c.cut is tactic
            ]
            granted = self.grant(tactic, "cut", cuts)
            for amount, q, _, _, c in cuts:
                if q.row in granted:
                    tactic.budget.spend(amount)
                else:
                    c.price, c.tactic = c.product.list, None
            shares = [
                (c.off * c.quantity, c.person, c.product.id, 0, c)
                for c in alone
                if c.coupon == 1 and offers[c.person.row].share_tactic is tactic
            ]
            granted = self.grant(tactic, "share", shares)
            for amount, q, _, _, c in shares:
                if q.row in granted:
                    tactic.budget.spend(amount)
                else:
                    c.off, c.coupon = 0, 0
        for c in alone:
            o = offers[c.person.row]
            full = c.price * c.quantity
            c.paid = full - c.off * c.quantity
            if c.coupon == 1:
                c.tactic = o.share_tactic
            if c.coupon == 2:
                c.paid, c.tactic = max(full - o.money, 1), o.money_tactic
                o.used = full - c.paid

    def close_teams(self) -> tuple[list[Record], list[tuple[Record, Record]]]:
        team_orders, let_down, still_open = [], [], []
        for team in self.teams:
            product = self.products[team.product]
            product.team_days += team.founded < self.t
            if len(team.seats) < team.capacity and team.closing > self.t:
                still_open.append(team)
                continue
            filled = len(team.seats) >= team.size
            product.closed += 1
            product.filled += filled
            self.day["teams_succeeded" if filled else "teams_failed"] += 1
            for seat in team.seats:
                seat.person.team = None
                for tactic, amount in seat.held:
                    if filled:
                        tactic.budget.spend(amount)
                    else:
                        tactic.budget.release(amount, today=False)
                if filled:
                    team_orders.append(seat)
                else:
                    product.stock += seat.quantity if product.stock >= 0 else 0
                    let_down.append((seat.person, product))
        self.teams = still_open
        team_orders.sort(key=lambda seat: (seat.day, seat.person.row))
        return team_orders, let_down

    # --- 7.5, 7.6: fulfilment, reviews -----------------------------------------------------------------------

    def experience(self, q: Record, s: float) -> None:
        q.satisfaction = self.p.s_keep * q.satisfaction + (1 - self.p.s_keep) * s
        q.joy = q.joy + min(max(s, -1.0), 1.0)

    def item(self, order: Record) -> int:
        """Item of a delivery's own draws (4.2)."""
        return int(order.product.id) + (2 * TEAM if order.is_sample else TEAM if order.in_team else 0)

    def receive(self, order: Record) -> int:
        """What orders and samples have in common; answers with the word that decides on sending back."""
        p, q, product = self.p, order.person, order.product
        w0, w1, w2, w3 = self.words(draws.FULFIL, q.id, self.item(order))
        s = p.s_const + p.s_quality * product.quality + p.s_match * match(q, product) + p.s_luck * normal(unit(w0))
        s = s - (p.s_fail if unit(w1) < p.fail else 0.0) - p.s_hype * max(0.0, order.hype)
        order.s = s
        self.experience(q, s)
        q.last_buy_day = self.t
        order.stars = 0
        x = p.rev_2 * s * s * (p.rev_neg if s < 0 else 1.0)
        if unit(w3) < min(p.rev_max, p.rev_0 + x):
            own = p.star_0 + p.star_s * s
            order.stars = min(max(nearest(own + p.om_h * q.herd * max(0.0, product.rating - own)), 1), 5)
            self.day["reviews"] += 1
            self.day["stars"] += order.stars
            self.log_event(q, "review", product.id, value=order.stars)
        return w2

    def fulfil(self, order: Record) -> None:
        p, q, product = self.p, order.person, order.product
        w2 = self.receive(order)
        s = order.s
        back = p.ret_0 > 0 and unit(w2) < logistic(log(p.ret_0 / (1 - p.ret_0)) + (p.ret_1 if s < p.s_bad else 0.0))
        q.n_orders += 1
        cost, shipping = product.cost * order.quantity, int(100 * p.ship + 0.5)
        parent = order.parent.id if order.parent else -1
        self.log_event(q, "order", product.id, other=parent, value=order.paid)
        if back:
            self.log_event(q, "send_back", product.id)
        day = self.day
        day["orders"] += 1
        day["units"] += order.quantity
        day["gmv_cents"] += product.list * order.quantity
        day["paid_cents"] += order.paid
        day["refund_cents"] += order.paid if back else 0
        day["cogs_cents"] += cost - (nearest(cost * p.resale) if back else 0)
        day["fulfilment_cents"] += shipping
        day["returns"] += back
        if self.d >= 0:
            self.orders.append(
                (
                    self.d,
                    q.id,
                    product.id,
                    "team" if order.in_team else "solo",
                    order.quantity,
                    product.list * order.quantity,
                    order.paid,
                    cost,
                    shipping,
                    CAUSES[order.source],
                    parent,
                    back,
                    order.paid if back else 0,
                    order.tactic.name if order.tactic else "",
                )
            )

    # --- 7.7: sharing, inviting ------------------------------------------------------------------------------

    def social_need(self, q: Record) -> float:
        return self.p.b_n * (q.social - self.c.social) / 0.2

    def share(self, confirmed: list[Record], founders: list[Record], offers: dict[int, Record]) -> None:
        p = self.p
        self.mail = []
        unlockers = [o for o in offers.values() if o.unlocks and o.favourite is not None]
        quiet = {o.row for o in unlockers} | {c.person.row for c in founders}
        talks, posts = [], []  # (sender, kind, position, team)
        for order in confirmed:
            q, product = order.person, order.product
            if q.row in quiet:
                continue
            w0, w1, _, _ = self.words(draws.SHARE, q.id, self.item(order))
            x = p.s_0 + self.social_need(q) + p.b_sat * order.s + p.b_a * product.arousal
            if unit(w0) < logistic(x):
                bad = order.s < p.s_bad
                talks.append((q, BAD if bad else GOOD, order.j, None))
                self.log_event(q, "share", product.id, value=3 if order.is_sample else 0)
                if unit(w1) < p.p_post:
                    posts.append((q, BAD_POST if bad else POST, order.j))
        for o in unlockers:
            talks.append((self.people[o.row], GOOD, o.favourite, None))
            self.log_event(self.people[o.row], "share", self.products[o.favourite].id, value=1)
        for c in founders:
            talks.append((c.person, ASK, c.j, c.team))
            self.log_event(c.person, "share", c.product.id, value=2)
        self.day["share_events"] = len(talks)

        for q, kind, j, team in talks:
            audience = len(q.audience)
            if not audience:
                continue
            reach = p.r_0 * power(audience / self.c.degree, p.eta)
            chance = min(1.0, reach / audience)
            for tie in q.audience:
                receiver = self.people[tie.row]
                item = pair(receiver.id, self.products[j].id)
                if self.u(draws.MESSAGE, q.id, item) < chance:
                    self.send(q, tie, kind, j, team)
                    self.day["messages"] += 1
                    self.log_event(q, "message", self.products[j].id, other=receiver.id)
        for q, kind, j in posts + [(order.person, OWN, order.j) for order in confirmed]:
            for tie in q.audience:
                self.send(q, tie, kind, j, None)
        invitations: dict[int, list[Record]] = {}
        for message in self.mail:
            if message.kind in PERSONAL:
                message.tie.n_sent = min(message.tie.n_sent + 1, 255)
            if message.kind in (GOOD, ASK) and self.people[message.receiver].status == "prospect":
                invitations.setdefault(message.receiver, []).append(self.people[message.sender])
        for row, senders in invitations.items():
            q = self.people[row]
            if self.u(draws.ACCEPT, q.id) < 1 - exp(-len(senders) * p.a_inv):
                q.invited_by = min(senders, key=lambda s, q=q: (self.words(draws.INVITER, q.id, s.id)[0], s.id))

    def send(self, q: Record, tie: Record, kind: int, j: int, team: Record | None) -> None:
        p = self.p
        w = 1.0
        if kind in (GOOD, BAD):
            w = p.w_inf + (1 - p.w_inf) * exp(-max(0, tie.n_sent - 3) / p.m_f)
        v = (1.0, -p.v_bad, 1.0, p.v_post, -p.v_post * p.v_bad, p.v_own)[kind]
        weight = nearest(65536 * ((tie.strength / 1024) * (self.people[tie.row].trust / self.c.trust) * w * v))
        self.mail.append(
            Record(kind=kind, sender=q.row, receiver=tie.row, product=j, weight=weight, team=team, tie=tie)
        )

    # --- 7.8, 7.9: mood, fatigue, leaving --------------------------------------------------------------------

    def feel_and_leave(self) -> None:
        p, t = self.p, self.t
        leaving = []
        for q in self.people:
            if q.status == "active":
                contagion = p.k_e * (q.valence / max(q.seen, 1) - q.mood) if q.seen > 0 else 0.0
                q.mood = min(max(p.mood_keep * q.mood + p.mood_s * q.joy + contagion, -1.0), 1.0)
                q.fatigue = p.fat_keep * q.fatigue + p.fat_ask * q.heard
                left = min(q.left * exp(-(t - q.left_day) / 30) / 2.0**32, 2.0)
                dev = q.n_friends_active / q.n_heard - self.c.active_share if q.n_heard else 0.0
                x = -p.g_s * q.satisfaction + p.g_n * left - p.g_a * dev + p.g_f * max(0.0, q.fatigue - p.f_1)
                if unit(q.word_lapse) < 1 - exp(p.churn * exp(x) * q.stay):
                    leaving.append(q)
            q.joy, q.heard, q.seen, q.valence, q.n_posts = 0.0, 0, 0, 0, 0
        for q in leaving:
            q.status, q.lapsed_day = "lapsed", t
            self.log_event(q, "lapse")
        self.day["churned"] = len(leaving)
        for q in self.arrived + self.back:
            for tie in q.audience:
                self.people[tie.row].n_friends_active += 1
        for q in leaving:
            for tie in q.audience:
                friend = self.people[tie.row]
                friend.n_friends_active -= 1
                if t - q.registered_day >= 30:
                    friend.left = int(friend.left * exp(-(t - friend.left_day) / 30)) + tie.strength * 2**22
                    friend.left_day = t

    # --- 8.2, 9: night, tables -------------------------------------------------------------------------------

    def night(self, confirmed: list[Record], samples: list[Record], offers: dict[int, Record]) -> None:
        for tactic in self.tactics:
            owed = [c for c in confirmed if c.kol_tactic == tactic.index and c.source == LEADER]
            purpose = tactic_purpose(tactic.kind, "commission", tactic.ordinal)
            for c in sorted(
                owed, key=lambda c: (self.words(purpose, c.person.id, c.product.id)[0], c.person.id, c.in_team)
            ):
                self.pay(tactic, nearest(c.paid * tactic.spec.commission))
        for o in offers.values():
            if o.money_tactic:
                o.money_tactic.budget.spend(o.used)
                o.money_tactic.budget.release(o.money - o.used)
        for c in confirmed:
            c.product.units += c.quantity
        for c in confirmed + samples:
            c.product.reviews += c.stars > 0
            c.product.stars += c.stars

    def book(self) -> None:
        if self.d < 0:
            return
        day = {"day": self.d, **self.day, "dau": self.day["visits"]}
        for name, status in (("n_prospects", "prospect"), ("n_active", "active"), ("n_lapsed", "lapsed")):
            day[name] = sum(q.status == status for q in self.people)
        day["new_registrations"] = day["new_organic"] + day["new_paid"] + day["new_invited"]
        day["nmv_cents"] = day["paid_cents"] - day["refund_cents"]
        day["contra_cents"] = day["gmv_cents"] - day["paid_cents"]
        day["cost_cents"] = day["contra_cents"] + day["expense_cents"]
        self.daily.append(day)


def dot(a: list[float], b: list[float]) -> float:
    return a[0] * b[0] + a[1] * b[1] + a[2] * b[2]


def glance(x: float) -> float:
    return max(-32767, min(math.floor(4096 * x + 0.5), 32767)) / 4096


def match(q: Record, product: Record) -> float:
    return dot(q.taste, product.taste) * 0.5773502691896258


def least_price(spec: Any) -> int:
    return int(spec.min_price) if spec.min_price is not None else 4 * int(spec.face)


def poisson_at_least(mean: float, k: int) -> float:
    """P(Poisson(mean) >= k)."""
    if k <= 0:
        return 1.0
    term = total = exp(-mean)
    for i in range(1, k):
        term = term * (mean / i)
        total += term
    return max(0.0, 1 - total)
