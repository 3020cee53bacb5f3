"""What every strategy has in common: levers, timing, target, budget, hooks; imports `money`, rules' records, pydantic.

A strategy in a scenario is a label for one tactic or several run together; a tactic is one mechanism
(`kind`). All a tactic may do is answer what is offered today, to whom, at what cost. It sees the
board (what the shop knows) and people as a shop sees them, never a shopper's traits.

Hooks take whole tables (arrays), not one shopper at a time: a tactic is then a few lines of NumPy that
both drivers call with the same arguments, and needs no compiler. Use only elementwise arithmetic, and
`draws` with `self.purpose` for luck: results must not depend on how people are ordered or divided.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, fields
from typing import Annotated, Any, ClassVar, Final, Literal, NamedTuple, Self

import numpy as np
from numpy.typing import NDArray
from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field, WithJsonSchema, model_validator

from sim import draws, sorting
from sim._jit import power
from sim.analytics import ScoreName
from sim.day import Day
from sim.demographics import DEMOGRAPHICS
from sim.errors import did_you_mean
from sim.ledger import Budget
from sim.money import Cents, CostClass
from sim.population import PERSONAS
from sim.strategies.arms import Arm
from sim.strategies.people import RFM, Lifecycle, People
from sim.strategies.timing import StopLoss, When, festival_days


def _known_persona(name: str) -> str:
    if name not in PERSONAS:
        raise ValueError(f"no persona is called '{name}'. {did_you_mean(name, PERSONAS, kind='personas')}")
    return name


def _known_value(attribute: str) -> tuple[AfterValidator, WithJsonSchema]:
    """What a value of one of DEMOGRAPHICS must be."""
    known = DEMOGRAPHICS[attribute]

    def check(value: str) -> str:
        if value not in known:
            raise ValueError(f"no {attribute} is called '{value}'. {did_you_mean(value, known, kind='values')}")
        return value

    return AfterValidator(check), WithJsonSchema({"type": "string", "enum": list(known)})


AgeBand = Annotated[str, *_known_value("age_band")]
CityTier = Annotated[str, *_known_value("city_tier")]
Gender = Annotated[str, *_known_value("gender")]
Region = Annotated[str, *_known_value("region")]


def _no_prospects(stages: Any) -> Any:
    if isinstance(stages, (list, tuple)) and "prospect" in stages:
        raise ValueError(
            "prospects are not members, and no tactic reaches them one by one: leaders' posts and invitations do"
        )
    return stages


#: coefficients that a tactic or an event may change for a day (docs/model.md, 8.3); everything else is the shopper's
CONDITIONS: Final = ("e_0", "alpha", "organic", "fail", "s_fail", "ret_0", "p_b", "p_post")
REWARDS: Final = ("share_reward", "invite_gift", "review_reward")  # in rules' Constants; 0 unless a tactic pays them
REPLIES: Final = ("answered",)  # in rules' Constants: share of warnings about the shop that are answered
OUTSIDE: Final = ("rival_price",)  # in rules' Constants; only an event may change it

PersonaName = Annotated[str, AfterValidator(_known_persona), WithJsonSchema({"type": "string", "enum": list(PERSONAS)})]


def lever(
    default: Any, unit: str, description: str, zh: str, *, ge: float | None = None, le: float | None = None
) -> Any:
    """A lever of a tactic: default, unit, one sentence in English and in Chinese, bounds."""
    extra = {"unit": unit, "zh": zh}
    return Field(default, description=description, ge=ge, le=le, json_schema_extra=extra)  # type: ignore[arg-type]


def reduced_cents(cents: NDArray[np.int64], share: float | NDArray[np.float64]) -> NDArray[np.int64]:
    """Prices less a share, rounded as rules.buy.reduced does it for one price."""
    return np.maximum(np.floor(cents * (1.0 - share) + 0.5), 1.0).astype(np.int64)


def chosen_products(ids: NDArray[np.int64], share: float, seed: int, purpose: int) -> NDArray[np.bool_]:
    """A share of the catalogue by lot (rounded to whole products), the same whatever else runs."""
    words = np.empty((len(ids), 4), dtype=np.int64)
    draws.blocks(seed, purpose, 0, ids, np.zeros(len(ids), dtype=np.int64), words)
    chosen = np.zeros(len(ids), dtype=bool)
    chosen[np.lexsort((ids, words[:, 0]))[: math.floor(share * len(ids) + 0.5)]] = True
    return chosen


class Board(NamedTuple):
    """What the shop knows this morning; days count from the end of the burn-in."""

    day: int
    n_products: int
    units: NDArray[np.int64]  # sold until yesterday, per product
    rating: NDArray[np.float64]  # displayed stars
    list_cents: NDArray[np.int64]
    unit_cost_cents: NDArray[np.int64]
    on_sale: NDArray[np.bool_]  # launched and in stock


class Posts(NamedTuple):
    """Opinion leaders who post today: rows of people and positions of products (equal length)."""

    row: NDArray[np.int64]
    product: NDArray[np.int64]
    hype: float


@dataclass
class Contacts:
    """What a tactic or an event does today to members it reaches, one entry for each person it was asked about."""

    pushes: NDArray[np.int64]  # messages: they bring some to visit, tire, remind the inert, and are switched off
    pull: NDArray[np.float64]  # log rate of visiting, or of coming back for who left
    hold: NDArray[np.float64]  # log hazard of leaving (negative: she stays)
    impulse: NDArray[np.float64]  # on mood, times emotional reactivity
    blow: NDArray[np.float64]  # to satisfaction, more for who trusts less (eq. 2c)

    @classmethod
    def none(cls, n: int) -> Self:
        """Nothing for n people."""
        return cls(np.zeros(n, dtype=np.int64), np.zeros(n), np.zeros(n), np.zeros(n), np.zeros(n))

    def add(self, at: NDArray[np.int64], other: Contacts) -> None:
        """Add what is done to some of the people, who stand at these places."""
        for one in fields(self):
            getattr(self, one.name)[at] += getattr(other, one.name)

    def touched(self) -> NDArray[np.bool_]:
        """To whom anything is done at all."""
        return np.logical_or.reduce([getattr(self, one.name) != 0 for one in fields(self)])


class Giveaway(NamedTuple):
    """What is given away today: a share of the members gets one of these products (positions) each, by lot."""

    product: NDArray[np.int64]
    share: float
    handling_cents: int  # of one sample, beside its unit cost


@dataclass
class Desk:
    """What a tactic holds during one run: its place in the bundle, its luck, its purse."""

    index: int  # position in the strategy
    label: str  # strategy it runs under
    ordinal: int  # among tactics of the same kind in this strategy
    seed: int
    book: Callable[[str, CostClass, int], None]  # (line, class, cents): write a cost line today
    budget: Budget
    world: Any  # the World, for tactics that choose people by their place in the graph
    notes: dict[str, Any] = field(default_factory=dict)  # whatever the tactic worked out at its start

    def pay(self, cents: int, line: str) -> None:
        """Pay an expense that the budget is known to reach for."""
        self.budget.reserve(cents)
        self.budget.spend(cents)
        self.book(line, "expense", cents)

    def pay_in_turn(self, cents: NDArray[np.int64], line: str) -> NDArray[np.bool_]:
        """Pay these expenses today, in the order given, as far as the budget reaches; which were paid."""
        paid = np.zeros(len(cents), dtype=bool)
        for k, amount in enumerate(cents.tolist()):
            if amount <= self.budget.available():
                self.pay(amount, line)
                paid[k] = True
        return paid


def _scores(description: str, zh: str) -> Any:
    return Field((), description=description, strict=False, json_schema_extra={"unit": "scores", "zh": zh})


def _group(name: str, zh: str) -> Any:
    text = f"only people of these: {', '.join(DEMOGRAPHICS[name])}"
    zh = f"仅限{zh}：{'、'.join(f'{value}（{group.zh}）' for value, group in DEMOGRAPHICS[name].items())}"
    return Field((), description=text, strict=False, json_schema_extra={"unit": "names", "zh": zh})


_Score = Annotated[int, Field(strict=True, ge=1, le=5)]


class Rfm(BaseModel):
    """Customers by when they last bought, how often and for how much: quintiles among all who ever bought."""

    model_config = ConfigDict(frozen=True, extra="forbid", strict=True)

    recency: tuple[_Score, ...] = _scores("only these scores, 1 to 5; 5 = bought most lately", "最近购买得分（5=最近）")
    frequency: tuple[_Score, ...] = _scores("only these scores, 1 to 5; 5 = most orders", "购买次数得分（5=最多）")
    monetary: tuple[_Score, ...] = _scores("only these scores, 1 to 5; 5 = paid most", "消费金额得分（5=最高）")

    @model_validator(mode="after")
    def _says_something(self) -> Self:
        if not any(getattr(self, name) for name in RFM):
            raise ValueError("give scores for at least one of recency, frequency and monetary, like recency: [4, 5]")
        return self

    def chosen(self, people: People) -> NDArray[np.bool_]:
        """Which of these people are meant; who never bought has no scores."""
        mask = people.n_orders > 0
        for name in RFM:
            if wanted := getattr(self, name):
                mask = mask & np.isin(people.score(name), wanted)
        return mask


class Target(BaseModel):
    """Whom a tactic is for; empty lists mean everybody."""

    model_config = ConfigDict(frozen=True, extra="forbid", strict=True)

    personas: tuple[PersonaName, ...] = Field(
        (), description="only these personas", strict=False, json_schema_extra={"unit": "names", "zh": "仅限这些人群"}
    )
    lifecycle: Annotated[tuple[Lifecycle, ...], BeforeValidator(_no_prospects)] = Field(
        (),
        description="only customers at one of these stages: new (registered < 14 days), silent (not seen for 14 days), "
        "lapsed (not seen for 30), returned (had left, came back today), active (the rest); and beside these "
        "high_value (among the best tenth of buyers by what they paid), loyal (3 orders or more, seen within 14 days)",
        strict=False,
        json_schema_extra={"unit": "names", "zh": "仅限处于该阶段的访客"},
    )
    age_band: tuple[AgeBand, ...] = _group("age_band", "年龄段")
    city_tier: tuple[CityTier, ...] = _group("city_tier", "城市级别")
    gender: tuple[Gender, ...] = _group("gender", "性别")
    region: tuple[Region, ...] = _group("region", "地区")
    rfm: Rfm | None = Field(
        None,
        description="only customers with these scores of recency, frequency and money; empty = all",
        json_schema_extra={"unit": "", "zh": "按 RFM（最近购买、次数、金额）五分位得分筛选；空为不限"},
    )

    risk_above: float | None = Field(
        None,
        description="only who is predicted not to be seen in the next 14 days with a chance above this; empty = all",
        ge=0.0,
        le=1.0,
        json_schema_extra={"unit": "chance", "zh": "仅限预测流失风险（14天内不再来访的概率）高于该值者；空为不限"},
    )
    intent_above: float | None = Field(
        None,
        description="only who is predicted to order in the next 7 days with a chance above this; empty = all",
        ge=0.0,
        le=1.0,
        json_schema_extra={"unit": "chance", "zh": "仅限预测购买意向（7天内下单的概率）高于该值者；空为不限"},
    )
    mood_below: float | None = Field(
        None,
        description="only who seems to be in a mood below this; empty = all",
        ge=-1.0,
        le=1.0,
        json_schema_extra={"unit": "mood", "zh": "仅限识别出的情绪低于该值者（-1 到 1）；空为不限"},
    )
    mood_above: float | None = Field(
        None,
        description="only who seems to be in a mood above this; empty = all",
        ge=-1.0,
        le=1.0,
        json_schema_extra={"unit": "mood", "zh": "仅限识别出的情绪高于该值者（-1 到 1）；空为不限"},
    )

    arm: Arm | None = Field(
        None,
        description="only the treated arm of an experiment (`grapevine ab-test` makes such); empty = no experiment",
        json_schema_extra={"unit": "", "zh": "仅限实验组（grapevine ab-test 自动生成）；空为不做实验"},
    )

    @property
    def reads(self) -> frozenset[ScoreName]:
        """Scores of the shop's analytics that it asks for."""
        asked: dict[ScoreName, float | None] = {
            "risk": self.risk_above, "intent": self.intent_above,
            "mood": self.mood_above if self.mood_below is None else self.mood_below,
        }  # fmt: skip
        return frozenset(name for name, limit in asked.items() if limit is not None)

    def chosen(self, people: People) -> NDArray[np.bool_]:
        """Which of these people are meant."""
        mask = np.ones(len(people.row), dtype=bool)
        if self.personas:
            mask &= np.isin(people.persona, [list(PERSONAS).index(name) for name in self.personas])
        if self.lifecycle:
            mask &= np.logical_or.reduce([people.is_at(stage) for stage in self.lifecycle])
        for name, values in DEMOGRAPHICS.items():
            if wanted := getattr(self, name):
                mask &= np.isin(people.demographic(name), [list(values).index(value) for value in wanted])
        if self.rfm is not None:
            mask &= self.rfm.chosen(people)
        if self.risk_above is not None:
            mask &= people.risk > self.risk_above
        if self.intent_above is not None:
            mask &= people.intent > self.intent_above
        if self.mood_below is not None:
            mask &= people.mood < self.mood_below
        if self.mood_above is not None:
            mask &= people.mood > self.mood_above
        if self.arm is not None:
            mask &= people.books.is_treated(self.arm)[people.row]
        return mask


class Tactic(BaseModel):
    """One mechanism with its levers; subclasses add `kind`, levers and hooks."""

    model_config = ConfigDict(frozen=True, extra="forbid", strict=True)

    #: how good the evidence for its effect is (A randomised field experiment ... D practitioner)
    grade: ClassVar[str] = "D"
    costs: ClassVar[str] = ""  # what it costs, in one sentence
    backfires: ClassVar[str] = ""  # how it can hurt, in one sentence
    title_zh: ClassVar[str] = ""  # its name; then the same three sentences as above in Chinese
    about_zh: ClassVar[str] = ""
    costs_zh: ClassVar[str] = ""
    backfires_zh: ClassVar[str] = ""
    is_for_all: ClassVar[bool] = False  # works on everybody alike, so a target would mean nothing
    reads: ClassVar[tuple[ScoreName, ...]] = ()  # scores of the shop's analytics that its hooks look at

    kind: str
    start: int = lever(0, "day", "first day, counted from the end of the burn-in", "开始日（从预热期结束算起）", ge=0)
    stop: int | None = lever(
        None, "day", "first day on which it is over; empty = never", "结束日（不含）；空为一直进行", ge=1
    )
    every: int = lever(1, "days", "on every n-th day from its start", "每隔几天进行一次", ge=1, le=365)
    dates: tuple[Annotated[int, Field(strict=True, ge=0)], ...] = Field(
        (),
        description="only on these days, counted from the end of the burn-in; empty (with festivals) = every day",
        strict=False,
        json_schema_extra={"unit": "days", "zh": "仅在这些日子进行（从预热期结束算起）；与 festivals 均为空则每天"},
    )
    festivals: tuple[str, ...] = Field(
        (),
        description="only on the days of these festivals of the scenario's calendar, and on `dates`",
        strict=False,
        json_schema_extra={"unit": "names", "zh": "仅在场景日历 calendar 中这些节日（以及 dates）进行"},
    )
    when: When | None = Field(
        None,
        description="a trigger: only after a daily measure was beyond a limit; empty = at once",
        json_schema_extra={"unit": "", "zh": "触发条件：某项每日指标越过界限后才进行；空为无条件"},
    )
    stop_loss: StopLoss | None = Field(
        None,
        description="when it is given up for good: its own cost, or a daily measure beyond a limit; empty = never",
        json_schema_extra={"unit": "", "zh": "止损条件：自身成本过高或某项指标持续越界则永久停止；空为不止损"},
    )
    target: Target = Field(Target(), description="whom it is for", json_schema_extra={"unit": "", "zh": "目标人群"})
    budget: Cents | None = lever(
        None, "currency", "most it may give in the whole run; empty = no cap", "总预算上限", ge=0
    )
    budget_per_day: Cents | None = lever(
        None, "currency", "most it may promise on one day; empty = no cap", "每日预算上限", ge=0
    )

    @model_validator(mode="after")
    def _fits_together(self) -> Self:
        if self.stop is not None and self.stop <= self.start:
            raise ValueError(f"stop ({self.stop}) must come after start ({self.start})")
        if self.every > 1 and (self.dates or self.festivals):
            raise ValueError(f"every ({self.every}) does not go with dates or festivals, which name each day")
        if self.is_for_all and self.target != Target():
            raise ValueError(f"{self.kind} reaches everybody: it cannot have a target")
        return self

    def scores(self) -> frozenset[ScoreName]:
        """Scores of the shop's analytics that it needs: for its hooks and for its target."""
        return frozenset(self.reads) | self.target.reads

    def reads_purchases(self) -> bool:
        """Does it look at who bought which product (`people.books.purchases`)?"""
        return False

    def affords(self, cents: NDArray[np.int64], desk: Desk) -> NDArray[np.bool_]:
        """Which of these reductions of one unit still fit into the budget this morning; the rest is not shown."""
        return cents <= desk.budget.available()

    def is_on(self, day: int) -> bool:
        """Does it run on this day (counted from the end of the burn-in), calendar and trigger apart?"""
        in_time = day >= self.start and (self.stop is None or day < self.stop)
        return in_time and (day - self.start) % self.every == 0

    def days_on(self, calendar: Mapping[str, Sequence[int]], n_days: int) -> list[int]:
        """The days of 0..n_days-1 on which its calendar lets it run."""
        named = None
        if self.dates or self.festivals:
            named = festival_days(self.festivals, calendar) | set(self.dates)
        return [day for day in range(n_days) if self.is_on(day) and (named is None or day in named)]

    def timing_in_words(self, calendar: Mapping[str, Sequence[int]], n_days: int) -> str:
        """What beside start, stop and every says when it runs; empty if nothing does."""
        said = []
        if self.dates or self.festivals:
            days = self.days_on(calendar, n_days)
            said.append(f"runs only on day {', '.join(map(str, days[:10]))}{' ...' if len(days) > 10 else ''}")
        said += [rule.in_words() for rule in (self.when, self.stop_loss) if rule is not None]
        return "; ".join(said)

    def is_turn(self, n: int, board: Board, desk: Desk) -> bool:
        """Does what it does every n days fall on this day, on which it runs?

        Counted from its start; where a calendar or a trigger says when it runs, from the last time it was done.
        """
        if not self.dates and not self.festivals and self.when is None:
            return (board.day - self.start) % n == 0
        last = desk.notes.get("last_turn")
        if last is not None and board.day - last < n:
            return False
        desk.notes["last_turn"] = board.day
        return True

    @classmethod
    def null(cls) -> Self:
        """A valid instance without effect that goes through every hook."""
        raise TypeError(f"{cls.__name__} declares no null instance")

    @classmethod
    def example(cls) -> Self:
        """An instance that acts soon and visibly even in a small shop; the conformance suite runs it."""
        raise TypeError(f"{cls.__name__} declares no example")

    @classmethod
    def overdone(cls) -> Self:
        """An instance that loses money: profit falls below the control's. No strategy is free."""
        raise TypeError(f"{cls.__name__} declares no way to overdo it")

    def purpose(self, site: str, desk: Desk) -> int:
        """Number of this tactic's own draws at one site; never depends on labels."""
        return draws.tactic_purpose(self.kind, site, desk.ordinal)

    def _words(
        self, ids: NDArray[np.int64], board: Board, desk: Desk, site: str, items: NDArray[np.int64] | None
    ) -> NDArray[np.int64]:
        words = np.empty((len(ids), 4), dtype=np.int64)
        day = board.day + desk.world.scenario.burn_in_days
        named = np.zeros(len(ids), dtype=np.int64) if items is None else items
        draws.blocks(desk.world.noise_seed, self.purpose(site, desk), day, ids, named, words)
        return words[:, 0]

    def by_lot(
        self,
        ids: NDArray[np.int64],
        board: Board,
        desk: Desk,
        site: str = "lot",
        items: NDArray[np.int64] | None = None,
    ) -> NDArray[np.int64]:
        """Order of these people (or products) for today, by lot: positions, the first to be served first.

        Where a person can stand there several times, `items` tells her entries apart.
        """
        words = self._words(ids, board, desk, site, items)
        return sorting.order_of(*(() if items is None else (items,)), ids, words)

    def luck(self, ids: NDArray[np.int64], board: Board, desk: Desk, site: str) -> NDArray[np.float64]:
        """A number in (0, 1) for each of these people today, by name."""
        return np.asarray((self._words(ids, board, desk, site, None) + 0.5) * 2.0**-32, dtype=np.float64)

    def begin(self, desk: Desk) -> None:
        """Work out at the start of a run what the whole run needs (whom to hire, which products)."""

    def on_shelf(self, shelf: dict[str, NDArray[Any]], board: Board, desk: Desk) -> None:
        """Change what every visitor sees today; `shelf` holds writable columns named as in rules' Shelf."""

    def on_bargain(self, terms: dict[str, NDArray[Any]], board: Board, desk: Desk) -> None:
        """Let shoppers bargain today; `terms` holds writable columns of products named as in rules' Bargains."""

    def on_offer(
        self, offers: dict[str, NDArray[Any]], people: People, chosen: NDArray[np.bool_], board: Board, desk: Desk
    ) -> None:
        """Change what the chosen visitors are offered; `offers` holds writable columns named as in rules' Offer."""

    def on_post(self, board: Board, desk: Desk) -> Posts | None:
        """Opinion leaders who post today."""
        return None

    def on_sample(self, board: Board, desk: Desk) -> Giveaway | None:
        """What is given away today, without an order, to members it is meant for."""
        return None

    def on_conditions(self, conditions: dict[str, float], board: Board, desk: Desk) -> None:
        """Change what holds for everybody today: coefficients of CONDITIONS, and the rewards of rules' Constants."""

    def on_reach(self, contacts: Contacts, people: People, chosen: NDArray[np.bool_], board: Board, desk: Desk) -> None:
        """Reach members who are not in the shop; `contacts` holds writable columns, `chosen` whom it is meant for."""

    def on_night(self, events: Day, board: Board, desk: Desk) -> None:
        """Pay for what happened today, and write down what tomorrow needs."""

    def commission_share(self) -> float:
        """Share of paid orders caused by this tactic's posts that goes to whoever posted."""
        return 0.0

    def warnings(self, list_cents: NDArray[np.int64], unit_cost_cents: NDArray[np.int64]) -> list[str]:
        """Where money is lost by design, in words."""
        return []


class Contacting(Tactic):
    """A tactic that turns to members one by one, some before others where its money does not reach all."""

    serve_first: Literal["lot", "risk", "intent", "spend"] = lever(
        "lot",
        "",
        "who comes first where the budget does not reach all: by lot, or highest predicted risk of leaving, highest "
        "predicted purchase intent, or who paid most so far",
        "预算不足时的优先顺序：随机，或预测流失风险、预测购买意向、累计消费最高者优先",
    )

    def scores(self) -> frozenset[ScoreName]:
        """Also the one it serves by."""
        asked: dict[str, ScoreName] = {"risk": "risk", "intent": "intent"}
        return super().scores() | {asked[name] for name in (self.serve_first,) if name in asked}

    def in_turn(
        self,
        people: People,
        wanted: NDArray[np.int64],
        board: Board,
        desk: Desk,
        site: str = "lot",
        most: int | None = None,
    ) -> NDArray[np.int64]:
        """These people (positions), the first to be served first; equals by lot.

        With `most` as many as that of them; where that is everybody, nobody comes first.
        """
        if most is not None:
            return wanted if most >= len(wanted) else self.in_turn(people, wanted, board, desk, site)[:most]
        order = wanted[self.by_lot(people.id[wanted], board, desk, site)]
        if self.serve_first == "lot":
            return order
        column = {"risk": "risk", "intent": "intent", "spend": "paid_cents"}[self.serve_first]
        return order[np.argsort(-getattr(people, column)[order], kind="stable")]


class BuysMedia(Tactic):
    """A tactic that buys other people's attention, whose price may rise."""

    media_inflation: float = lever(
        0.0,
        "share per 30 days",
        "how much dearer bought attention gets in 30 days, counted from the end of the burn-in",
        "媒体价格每30天的涨幅（从预热期结束算起）",
        ge=-0.5,
        le=2.0,
    )

    def media_cents(self, cents: NDArray[np.int64], board: Board) -> NDArray[np.int64]:
        """What media of these prices on the first day cost today."""
        if self.media_inflation == 0.0:
            return cents
        grown = power(1.0 + self.media_inflation, board.day / 30.0)
        return np.floor(cents * grown + 0.5).astype(np.int64)

    def media_price(self, cents: int, board: Board) -> int:
        """The same for one price."""
        return int(self.media_cents(np.array([cents]), board)[0])
