"""What may be asked: the fields of a scenario and their checks; imports `kinds`, `parts`, `fields`, `params`."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Annotated, Any, Final, Self

from pydantic import ConfigDict, Field, field_validator, model_validator

from sim.demographics import DEMOGRAPHICS, full_shares
from sim.errors import InputError, did_you_mean
from sim.money import to_cents
from sim.scenario.fields import Part, about
from sim.scenario.kinds import arrival_kinds, event_kinds, of_kind, tactic_of, usual_arrival
from sim.scenario.parts import (
    GOAL_NAMES,
    MEASURE_NAMES,
    MONEY_GOALS,
    MOST_DAYS,
    SWITCHES,
    AnalyticsSpec,
    CampaignSpec,
    CatalogueSpec,
    DrawnCatalogue,
    GraphFile,
    GraphSpec,
    PopulationSpec,
    PowerlawCluster,
)
from sim.scenario.reader import Path_
from sim.scenario.refusals import raise_all, refusal

CONTROL: Final = "control"
USUAL_SIZE: Final = 10_000
MOST_STRATEGIES: Final = 1000
MOST_TACTICS: Final = 50
MOST_EVENTS: Final = 100
_LABEL: Final = re.compile(r"[\w\-]{1,40}\Z")
_Days = Annotated[
    tuple[Annotated[int, Field(strict=True, ge=0, lt=MOST_DAYS)], ...], Field(strict=False)
]  # a list in a file
NAME: Final = re.compile(r"\w[\w.\- ]{0,59}\Z")


class Question(Part):
    """The fields of a scenario: each says what it means, in which unit, and what is allowed."""

    model_config = ConfigDict(
        frozen=True,
        extra="forbid",
        strict=True,
        allow_inf_nan=False,
        populate_by_name=True,
        arbitrary_types_allowed=True,
    )

    name: str = about(
        "Names the scenario and its results folder.", zh="场景名称，也是结果文件夹的名称。", default="scenario"
    )
    description: str = about(
        "One sentence on the question asked.", zh="一句话说明要回答的问题。", default="", max_length=4000
    )
    days: int = about(
        "Measured days, after the burn-in.",
        unit="days",
        zh="测量天数（预热之后）。",
        default=90,
        ge=1,
        le=MOST_DAYS,
    )
    burn_in_days: int = about(
        "Days before the measured ones, excluded from every measure; strategies start after them.",
        unit="days",
        zh="预热天数：不计入任何指标，策略在其后开始。",
        default=30,
        ge=0,
        le=1000,
    )
    seed: int = about(
        "Seed of all worlds; another seed is another set of worlds.",
        zh="随机种子：不同种子即不同的一组世界。",
        default=1,
        ge=0,
        le=2**63 - 1,
    )
    replications: int = about(
        "Times every strategy is run; replication r lives in world r // noise_per_world.",
        unit="runs per strategy",
        zh="每个策略的重复次数；第 r 次重复属于第 r // noise_per_world 个世界。",
        default=20,
        ge=1,
        le=100_000,
    )
    noise_per_world: int = about(
        "Replications that share one world (people, graph, products) and differ in daily luck.",
        unit="runs per world",
        zh="共享同一世界（人群、关系图、商品）而日常随机性不同的重复次数。",
        default=4,
        ge=1,
        le=100_000,
    )
    decide_on: str = about(
        "The measure on which the verdict decides, subject to the goals.",
        zh="结论依据的指标（须满足 goals）。",
        default="profit_cents",
    )
    margin: float = about(
        "Strategies are practically equal if they differ by at most this share of the control's mean of decide_on.",
        unit="share",
        zh="视为“几乎相同”的界限：差异不超过对照组均值的这一比例即视为没有差异。",
        default=0.001,
        ge=0.0,
        le=1.0,
    )
    population: PopulationSpec = about(
        "Who the shoppers are.", zh="人群。", default=PopulationSpec(), validate_default=True
    )
    graph: GraphSpec = about("Who knows whom.", zh="关系图：谁认识谁。", default=PowerlawCluster())
    catalogue: CatalogueSpec = about("What is on sale.", zh="商品目录。", default=DrawnCatalogue())
    arrival: Any = about(
        "How prospects come to register by themselves; `grapevine arrivals` lists the rules.",
        zh="潜在用户如何自行注册；grapevine arrivals 列出全部规则。",
        default_factory=usual_arrival,
    )
    params: dict[str, float] = about(
        "Coefficients of the model that differ from their defaults; `grapevine params` lists all with sources.",
        zh="与默认值不同的模型系数；grapevine params 列出全部系数及来源。",
        default_factory=dict,
    )
    switches: dict[str, bool] = about(
        "Whole blocks of influence: off sets all their coefficients to 0.",
        zh="整块影响机制的开关：关闭即其系数全为 0。",
        validate_default=True,
        default_factory=dict,
    )
    goals: dict[str, float] = about(
        "What must be reached, measure by measure, in the units people use (money in currency).",
        zh="各指标须达到的目标（金额以货币单位计）。",
        default_factory=dict,
    )
    events: list[Any] = about(
        "What befalls every strategy alike, the control too: shocks and seasons; `grapevine events` lists the kinds.",
        zh="所有策略（含对照组）共同遭遇的冲击与季节；grapevine events 列出全部类型。",
        default_factory=list,
    )
    calendar: dict[str, _Days] = about(
        "Festivals: name -> days, counted from the end of the burn-in; tactics run on them by `festivals: [name]`.",
        unit="days",
        zh="节日日历：名称 -> 日期列表（从预热期结束算起）；战术用 festivals: [名称] 在这些日子进行。",
        default_factory=dict,
    )
    analytics: AnalyticsSpec = about(
        "How well the shop knows its members: who is about to leave, who will buy, who is in what mood.",
        zh="商家的用户分析能力：流失预警、购买意向、情绪识别的准确度。",
        default=AnalyticsSpec(),
    )
    strategies: dict[str, tuple[Any, ...]] = about(
        "Label -> one tactic, or a list of tactics run together. `control` (no tactic) always exists.",
        zh="策略名称 -> 一个战术，或同时运行的战术列表；control（无战术）始终存在。",
        default_factory=dict,
    )

    budgets: dict[str, CampaignSpec] = about(
        "Label of a strategy -> money that its tactics share.",
        zh="策略名称 -> 其各战术共享的预算。",
        default_factory=dict,
    )

    # --- checks that one field alone cannot make ----------------------------------------------------

    @model_validator(mode="before")
    @classmethod
    def _default_size(cls, data: Any) -> Any:
        """Without a word on the population it has the usual size, unless a graph's file says who there is."""
        if isinstance(data, dict) and "population" not in data:
            graph = data.get("graph")
            is_file = isinstance(graph, GraphFile) or (isinstance(graph, dict) and graph.get("kind") == "file")
            return data if is_file else {**data, "population": {"size": USUAL_SIZE}}
        return data

    @field_validator("name")
    @classmethod
    def _check_name(cls, name: str) -> str:
        if not NAME.match(name):
            raise_all([refusal("not a name", found=name, allowed="up to 60 letters, digits, spaces, _ - and .")])
        return name.strip()

    @field_validator("population", mode="after")
    @classmethod
    def _check_population(cls, population: PopulationSpec) -> PopulationSpec:
        shares = _persona_shares()
        given = population.personas
        problems = [
            refusal("unknown persona", ("personas", name), hint=did_you_mean(name, shares, kind="personas"))
            for name in given
            if name not in shares
        ]
        problems += [
            refusal("out of range", ("personas", name), found=share, allowed="0 to 1")
            for name, share in given.items()
            if not 0 <= share <= 1
        ]
        total = sum(given.values())
        if given and not problems and abs(total - 1.0) > 1e-6:
            problems.append(
                refusal("shares of personas do not sum to 1", ("personas",), found=float(f"{total:.6g}"), allowed="1")
            )
        problems += _wrong_demographics(population.demographics)
        raise_all(problems)
        full = {name: given.get(name, 0.0) for name in shares} if given else dict(shares)
        return population.model_copy(update={"personas": full, "demographics": full_shares(population.demographics)})

    @field_validator("arrival", mode="before")
    @classmethod
    def _check_arrival(cls, given: Any) -> Any:
        problems: list[Any] = []
        made = of_kind(given, (), problems, arrival_kinds(), "an arrival rule, like {kind: threshold, share: 0.2}")
        raise_all(problems)
        return made

    @field_validator("params")
    @classmethod
    def _check_params(cls, given: dict[str, float]) -> dict[str, float]:
        from sim.params import COEFFICIENTS

        problems = []
        for name, value in given.items():
            row = COEFFICIENTS.get(name)
            if row is None:
                hint = did_you_mean(name, COEFFICIENTS, kind="coefficients")
                problems.append(refusal("unknown coefficient", (name,), hint=hint))
            elif not row.least <= value <= row.most:
                allowed = f"{row.least:g} to {row.most:g}" + (f" ({row.unit})" if row.unit not in ("", "1") else "")
                allowed += f", usually {row.low:g} to {row.high:g}"
                problems.append(refusal("out of range", (name,), found=value, allowed=allowed))
        raise_all(problems)
        return given

    @field_validator("switches")
    @classmethod
    def _check_switches(cls, given: dict[str, bool]) -> dict[str, bool]:
        raise_all(
            [
                refusal("unknown switch", (name,), hint=did_you_mean(name, SWITCHES, kind="switches"))
                for name in given
                if name not in SWITCHES
            ]
        )
        return {name: given.get(name, True) for name in SWITCHES}

    @field_validator("goals")
    @classmethod
    def _check_goals(cls, given: dict[str, float]) -> dict[str, float]:
        problems = []
        for name, value in given.items():
            if name not in GOAL_NAMES:
                hint = (
                    f"Goals are in currency: write '{name.removesuffix('_cents')}'."
                    if name in MEASURE_NAMES
                    else did_you_mean(name, GOAL_NAMES, kind="measures")
                )
                problems.append(refusal("unknown measure", (name,), hint=hint))
            elif name in MONEY_GOALS:
                try:
                    to_cents(value)
                except InputError as error:
                    problems.append(refusal(error.problem, (name,), found=value, allowed=error.allowed or ""))
        raise_all(problems)
        return given

    @field_validator("decide_on")
    @classmethod
    def _check_decide_on(cls, name: str) -> str:
        if name not in MEASURE_NAMES:
            in_cents = f"{name}_cents"
            known = in_cents in MEASURE_NAMES
            hint = f"Did you mean '{in_cents}'?" if known else did_you_mean(name, MEASURE_NAMES, kind="measures")
            raise_all([refusal("unknown measure", found=name, hint=hint)])
        return name

    @field_validator("events", mode="before")
    @classmethod
    def _check_events(cls, given: Any) -> list[Any]:
        example = "an event, like {kind: season, start: 30, days: 14}"
        if given is None:
            return []
        if not isinstance(given, (list, tuple)):
            raise_all([refusal("wrong type", found=given, allowed=f"a list; each entry {example}")])
        if len(given) > MOST_EVENTS:
            raise_all([refusal("too many events", found=len(given), allowed=f"at most {MOST_EVENTS}")])
        problems: list[Any] = []
        kinds = event_kinds()
        made = [of_kind(one, (i,), problems, kinds, example) for i, one in enumerate(given)]
        raise_all(problems)
        return made

    @field_validator("calendar")
    @classmethod
    def _check_calendar(cls, given: dict[str, tuple[int, ...]]) -> dict[str, tuple[int, ...]]:
        problems = [
            refusal("not a name of a festival", (name,), allowed="up to 40 letters, digits, _ and -")
            for name in given
            if not _LABEL.match(name)
        ]
        problems += [
            refusal("a festival without a day", (name,), allowed="a list of days, like [20, 21]")
            for name, days in given.items()
            if not days
        ]
        raise_all(problems)
        return {name: tuple(sorted(set(days))) for name, days in given.items()}

    @field_validator("strategies", mode="wrap")
    @classmethod
    def _check_strategies(cls, given: Any, _: Any) -> dict[str, tuple[Any, ...]]:
        if not isinstance(given, dict):
            raise_all([refusal("wrong type", found=given, allowed="a mapping: label -> tactic, or a list of tactics")])
        if len(given) > MOST_STRATEGIES:
            raise_all([refusal("too many strategies", found=len(given), allowed=f"at most {MOST_STRATEGIES:,}")])
        problems: list[Any] = []
        made: dict[str, tuple[Any, ...]] = {}
        for label, raw in given.items():
            if not isinstance(label, str) or not _LABEL.match(label):
                problems.append(refusal("not a label", (str(label),), allowed="up to 40 letters, digits, _ and -"))
            elif label == CONTROL:
                if raw not in ([], (), {}, None):
                    hint = "It is the shop as it is; give your strategy another label."
                    problems.append(refusal("control cannot have tactics", (label,), hint=hint))
            elif isinstance(raw, (list, tuple)):
                if len(raw) > MOST_TACTICS:
                    problems.append(
                        refusal("too many tactics", (label,), found=len(raw), allowed=f"at most {MOST_TACTICS}")
                    )
                    continue
                made[label] = tuple(tactic_of(one, (label, i), problems) for i, one in enumerate(raw))
            else:
                made[label] = (tactic_of(raw, (label,), problems),)
        raise_all(problems)
        return made

    @model_validator(mode="after")
    def _check_together(self) -> Self:
        problems = []
        if self.days + self.burn_in_days > MOST_DAYS:
            problems.append(
                refusal(
                    "too many days with the burn-in",
                    ("days",),
                    found=self.days + self.burn_in_days,
                    allowed=f"days + burn_in_days at most {MOST_DAYS:,}",
                )
            )
        size, graph = self.population.size, self.graph
        if size is None and self.population.source is None and not isinstance(graph, GraphFile):
            hint = "It can be left out only if graph.kind is file, or population.from names a file."
            problems.append(refusal("missing key", ("population", "size"), hint=hint))
        if size is not None:
            tag = getattr(graph, "kind", "")
            for name in ("mean_degree", "min_degree"):
                value = getattr(graph, name, None)
                if value is not None and value >= size and value > 0:
                    hint = "Lower it, or write graph: {kind: none}."
                    allowed = f"less than population.size, {size:,}"
                    problems.append(
                        refusal(
                            "more friends than people", ("graph", tag, name), found=value, allowed=allowed, hint=hint
                        )
                    )
            n_communities = getattr(graph, "n_communities", None)
            if n_communities is not None and n_communities > size:
                allowed = f"at most population.size, {size:,}"
                problems.append(
                    refusal(
                        "more communities than people",
                        ("graph", tag, "n_communities"),
                        found=n_communities,
                        allowed=allowed,
                    )
                )
        low, high = getattr(graph, "min_degree", None), getattr(graph, "max_degree", None)
        if low is not None and high is not None and low > high:
            problems.append(
                refusal(
                    "above max_degree", ("graph", "configuration", "min_degree"), found=low, allowed=f"at most {high}"
                )
            )
        for path, tactic in self._each_tactic():
            start, stop = getattr(tactic, "start", 0), getattr(tactic, "stop", None)
            if isinstance(start, int) and start >= self.days:
                allowed = f"0 to {self.days - 1} (days counted from the end of the burn-in)"
                problems.append(refusal("starts after the last day", (*path, "start"), found=start, allowed=allowed))
            if isinstance(stop, int) and isinstance(start, int) and stop <= start:
                allowed = f"after start, which is {start}"
                problems.append(refusal("stops before it starts", (*path, "stop"), found=stop, allowed=allowed))
            problems += [
                refusal("after the last day", (*path, "dates", k), found=day, allowed=f"0 to {self.days - 1}")
                for k, day in enumerate(getattr(tactic, "dates", ()))
                if day >= self.days
            ]
            hint = "" if self.calendar else "Name it in the scenario: calendar: {singles_day: [20, 21]}."
            problems += [
                refusal(
                    "no festival of this name in calendar",
                    (*path, "festivals", k),
                    found=name,
                    hint=hint or did_you_mean(name, self.calendar, kind="festivals"),
                )
                for k, name in enumerate(getattr(tactic, "festivals", ()))
                if name not in self.calendar
            ]
            wanted = getattr(getattr(tactic, "target", None), "personas", None) or ()
            problems += [
                refusal(
                    "unknown persona",
                    (*path, "target", "personas"),
                    found=name,
                    hint=did_you_mean(name, self.population.personas),
                )
                for name in wanted
                if name not in self.population.personas
            ]
        problems += self._wrong_budgets()
        for i, event in enumerate(self.events):
            if event.start >= self.days:
                allowed = f"0 to {self.days - 1} (days counted from the end of the burn-in)"
                path = ("events", i, "start")
                problems.append(refusal("starts after the last day", path, found=event.start, allowed=allowed))
        raise_all(problems)
        return self

    def _wrong_budgets(self) -> list[Any]:
        problems = []
        for label, given in self.budgets.items():
            path = ("budgets", label)
            if label not in self.strategies:
                hint = did_you_mean(label, self.strategies, kind="strategies")
                problems.append(refusal("no such strategy", path, hint=hint))
                continue
            n = len(self.strategies[label])
            if given.total is None and given.per_day is None:
                problems.append(refusal("a budget without a limit", path, allowed="total, per_day or both"))
            if given.shares is None:
                if given.move_days is not None:
                    hint = "Write the split to begin with, like shares: [0.5, 0.5]."
                    problems.append(refusal("nothing to move", (*path, "move_days"), found=given.move_days, hint=hint))
                continue
            if len(given.shares) != n:
                allowed = f"{n}, one for every tactic of {label}"
                problems.append(
                    refusal("wrong number of shares", (*path, "shares"), found=len(given.shares), allowed=allowed)
                )
            problems += [
                refusal("out of range", (*path, "shares", k), found=share, allowed="0 to 1")
                for k, share in enumerate(given.shares)
                if not 0 <= share <= 1
            ]
            if abs(sum(given.shares) - 1.0) > 1e-6:
                total = float(f"{sum(given.shares):.6g}")
                problems.append(refusal("shares do not sum to 1", (*path, "shares"), found=total, allowed="1"))
        return problems

    def _each_tactic(self) -> Iterator[tuple[Path_, Any]]:
        for label, tactics in self.strategies.items():
            for i, tactic in enumerate(tactics):
                yield (("strategies", label) if len(tactics) == 1 else ("strategies", label, i)), tactic


def _wrong_demographics(given: dict[str, dict[str, float]]) -> list[Any]:
    problems = []
    for name, shares in given.items():
        path = ("demographics", name)
        if name not in DEMOGRAPHICS:
            hint = did_you_mean(name, DEMOGRAPHICS, kind="attributes")
            problems.append(refusal("unknown attribute of people", path, hint=hint))
            continue
        known, before = DEMOGRAPHICS[name], len(problems)
        problems += [
            refusal("unknown value", (*path, value), hint=did_you_mean(value, known, kind="values"))
            for value in shares
            if value not in known
        ]
        problems += [
            refusal("out of range", (*path, value), found=share, allowed="0 to 1")
            for value, share in shares.items()
            if not 0 <= share <= 1
        ]
        total = sum(shares.values())
        if len(problems) == before and abs(total - 1.0) > 1e-6:
            problems.append(refusal("shares do not sum to 1", path, found=float(f"{total:.6g}"), allowed="1"))
    return problems


def _persona_shares() -> dict[str, float]:
    from sim.population import PERSONAS

    return {name: float(persona.share) for name, persona in PERSONAS.items()}
