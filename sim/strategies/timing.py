"""When a tactic runs: its days, a trigger on what the shop measures, an end when it loses; imports `money`, pydantic.

Everything here is decided in the morning from the days until yesterday, so it cannot depend on what happens today.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Annotated, Any, Final, NamedTuple, Self

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, WithJsonSchema, model_validator

from sim.errors import did_you_mean
from sim.money import Cents, in_currency

MOST_DAYS: Final = 365  # of a condition, a run, a pause


class Metric(NamedTuple):
    """A measure of one day: a sum of columns of the daily table, in cents or over another column."""

    meaning: str
    zh: str
    unit: str
    plus: tuple[str, ...]
    minus: tuple[str, ...] = ()
    over: tuple[str, ...] = ()  # divided by the sum of these; without any of them there is no value that day


def _money(meaning: str, zh: str, plus: str, *minus: str) -> Metric:
    return Metric(meaning, zh, "currency", (plus,), minus)


#: what a trigger may look at, by the name it has in a scenario; money is in currency there
METRICS: Final[dict[str, Metric]] = {
    "dau": Metric("members who visit", "日活跃会员", "people", ("dau",)),
    "visits": Metric("visits", "访问数", "visits", ("visits",)),
    "new_registrations": Metric("registrations", "新注册数", "people", ("new_registrations",)),
    "new_organic": Metric("registrations by themselves", "自然注册数", "people", ("new_organic",)),
    "new_paid": Metric("registrations after an opinion leader's post", "付费渠道注册数", "people", ("new_paid",)),
    "new_invited": Metric("registrations after an invitation", "邀请注册数", "people", ("new_invited",)),
    "returned": Metric("members who had left and come back", "回流会员", "people", ("returned",)),
    "churned": Metric("members who leave", "流失会员", "people", ("churned",)),
    "n_active": Metric("members who have not left", "在册活跃会员", "people", ("n_active",)),
    "orders": Metric("confirmed orders", "订单数", "orders", ("orders",)),
    "units": Metric("units sold", "销量", "units", ("units",)),
    "gmv": _money("list price of what was ordered", "成交总额（标价）", "gmv_cents"),
    "nmv": _money("what was paid less refunds", "净成交额", "nmv_cents"),
    "cost": _money("what all tactics cost together", "营销总成本", "cost_cents"),
    "gross_profit": _money("nmv less goods and delivery", "毛利", "nmv_cents", "cogs_cents", "fulfilment_cents"),
    "profit": _money(
        "gross profit less expenses", "利润", "nmv_cents", "cogs_cents", "fulfilment_cents", "expense_cents"
    ),
    "share_events": Metric("times something was shared", "分享次数", "shares", ("share_events",)),
    "messages": Metric("personal messages between people", "用户间消息数", "messages", ("messages",)),
    "reviews": Metric("reviews written", "评价数", "reviews", ("reviews",)),
    "returns": Metric("orders sent back", "退货订单数", "orders", ("returns",)),
    "teams_founded": Metric("teams founded", "开团数", "teams", ("teams_founded",)),
    "teams_failed": Metric("teams that closed unfilled", "失败团数", "teams", ("teams_failed",)),
    "conversion": Metric("orders per visit", "转化率", "orders per visit", ("orders",), (), ("visits",)),
    "aov": Metric("gmv per order", "客单价", "currency", ("gmv_cents",), (), ("orders",)),
    "paid_share": Metric(
        "share of registrations that an opinion leader's post brought", "付费注册占比", "share", ("new_paid",), (),
        ("new_registrations",),
    ),
    "return_rate": Metric("share of orders sent back", "退货率", "share", ("returns",), (), ("orders",)),
    "discount_share": Metric("reductions over gmv", "让利占比", "share", ("contra_cents",), (), ("gmv_cents",)),
    "review_mean": Metric("stars per review", "平均评分", "stars", ("stars",), (), ("reviews",)),
    "churn_rate": Metric(
        "share of members who leave", "日流失率", "share", ("churned",), (), ("churned", "n_active")
    ),
}  # fmt: skip


class Past:
    """What the shop measured on the days until yesterday (counted from the end of the burn-in)."""

    def __init__(self, columns: Sequence[str], rows: Sequence[Sequence[int]]) -> None:
        self._place = {name: k for k, name in enumerate(columns)}
        self._rows = rows

    def value(self, name: str, day: int) -> float | None:
        """One measure on one day, money in currency; None where there is nothing to divide by, or no such day."""
        if not 0 <= day < len(self._rows):
            return None
        metric, row = METRICS[name], self._rows[day]
        total = sum(row[self._place[c]] for c in metric.plus) - sum(row[self._place[c]] for c in metric.minus)
        below = sum(row[self._place[c]] for c in metric.over) if metric.over else 1
        if below == 0:
            return None
        return total / (below * 100 if metric.unit == "currency" else below)

    def has_held(self, name: str, below: float | None, above: float | None, first: int, last: int) -> bool:
        """Was the measure below (or above) this on each of these days? A day without a value breaks the row."""
        for day in range(first, last + 1):
            found = self.value(name, day)
            if found is None or (below is not None and found >= below) or (above is not None and found <= above):
                return False
        return True


def _known_metric(name: str) -> str:
    if name in METRICS:
        return name
    if name.removesuffix("_cents") in METRICS:
        raise ValueError(f"triggers are in currency: write '{name.removesuffix('_cents')}'")
    raise ValueError(f"no daily metric is called '{name}'. {did_you_mean(name, METRICS, kind='metrics', most=40)}")


MetricName = Annotated[str, AfterValidator(_known_metric), WithJsonSchema({"type": "string", "enum": list(METRICS)})]


def part_field(
    default: Any, unit: str, description: str, zh: str, *, ge: float | None = None, le: float | None = None
) -> Any:
    """A field of a part of a tactic: default, unit, one sentence in English and in Chinese, bounds."""
    extra = {"unit": unit, "zh": zh}
    return Field(default, description=description, ge=ge, le=le, json_schema_extra=extra)  # type: ignore[arg-type]


def _one_side(below: float | None, above: float | None) -> None:
    if (below is None) == (above is None):
        raise ValueError("give one of below and above")


def _days(n: int) -> str:
    return f"{n} day{'s' if n > 1 else ''}"


def _condition(metric: str, below: float | None, above: float | None, for_days: int) -> str:
    limit = f"below {below:g}" if below is not None else f"above {above:g}"
    unit = METRICS[metric].unit
    return f"{metric} was {limit}{f' ({unit})' if unit != metric else ''} for {_days(for_days)}"


_METRIC_TEXT: Final = f"daily measure looked at: {', '.join(METRICS)}; money in currency"
_FOR_TEXT: Final = "so many days in a row, until yesterday, must be beyond the limit"


class When(BaseModel):
    """A trigger: the tactic runs only after a daily measure was beyond a limit for some days in a row."""

    model_config = ConfigDict(frozen=True, extra="forbid", strict=True)

    metric: MetricName = part_field(..., "", _METRIC_TEXT, f"观察的每日指标：{', '.join(METRICS)}；金额以货币单位计")
    below: float | None = part_field(None, "as the metric", "runs after the metric was below this", "低于该值时触发")
    above: float | None = part_field(None, "as the metric", "runs after the metric was above this", "高于该值时触发")
    for_days: int = part_field(1, "days", _FOR_TEXT, "连续多少天（截至昨日）越过界限", ge=1, le=MOST_DAYS)
    run_days: int = part_field(
        1, "days", "once it starts it runs for so many days without looking again", "触发后持续天数", ge=1, le=3650
    )
    cool_down_days: int = part_field(
        0, "days", "days of rest after that, before it can start again", "之后的冷却天数", ge=0, le=MOST_DAYS
    )

    @model_validator(mode="after")
    def _fits_together(self) -> Self:
        _one_side(self.below, self.above)
        return self

    def in_words(self) -> str:
        """What it waits for, as part of a sentence."""
        pause = f", then rests {_days(self.cool_down_days)}" if self.cool_down_days else ""
        waits = _condition(self.metric, self.below, self.above, self.for_days)
        return f"waits until {waits}; then runs {_days(self.run_days)}{pause}"


class StopLoss(BaseModel):
    """When a tactic is given up for good: it has cost too much lately, or a daily measure stays beyond a limit."""

    model_config = ConfigDict(frozen=True, extra="forbid", strict=True)

    cost_above: Cents | None = part_field(
        None, "currency", "stops after it cost more than this itself, over the last over_days", "自身近期成本上限", ge=0
    )
    over_days: int = part_field(
        7, "days", "days until yesterday over which its own cost is summed", "成本累计天数", ge=1, le=MOST_DAYS
    )
    metric: MetricName | None = part_field(None, "", "daily measure looked at, as in `when`", "观察的每日指标，同 when")
    below: float | None = part_field(None, "as the metric", "stops after the metric was below this", "低于该值即停止")
    above: float | None = part_field(None, "as the metric", "stops after the metric was above this", "高于该值即停止")
    for_days: int = part_field(
        3, "days", f"{_FOR_TEXT}; days before it first ran do not count", "连续多少天越过界限", ge=1, le=MOST_DAYS
    )

    @model_validator(mode="after")
    def _fits_together(self) -> Self:
        if self.metric is not None:
            _one_side(self.below, self.above)
        elif self.below is not None or self.above is not None:
            raise ValueError("below and above need a metric")
        elif self.cost_above is None:
            raise ValueError("give cost_above, or a metric with below or above")
        return self

    def in_words(self) -> str:
        """What ends it, as part of a sentence."""
        reasons = []
        if self.cost_above is not None:
            reasons.append(f"it cost more than {in_currency(self.cost_above)} in {_days(self.over_days)}")
        if self.metric is not None:
            reasons.append(_condition(self.metric, self.below, self.above, self.for_days))
        return f"ends for good once {' or '.join(reasons)}"


class Schedule:
    """When one tactic runs in one run; asked once every morning."""

    def __init__(
        self, is_due: Callable[[int], bool], when: When | None, stop_loss: StopLoss | None,
        cost: Callable[[int, int], int],
    ) -> None:  # fmt: skip
        self._is_due, self._when, self._stop_loss = is_due, when, stop_loss
        self._cost = cost  # what the tactic cost on the days from first to last, in cents
        self._first: int | None = None  # day on which it first ran
        self._runs_until = self._rests_until = 0
        self.is_stopped = False

    def runs(self, day: int, past: Past) -> bool:
        """Does it run today?"""
        self.is_stopped = self.is_stopped or self._has_lost(day, past)
        if self.is_stopped or not self._is_due(day) or not self._is_triggered(day, past):
            return False
        self._first = day if self._first is None else self._first
        return True

    def _has_lost(self, day: int, past: Past) -> bool:
        rule = self._stop_loss
        if rule is None or self._first is None:
            return False
        if rule.cost_above is not None and self._cost(day - rule.over_days, day - 1) > rule.cost_above:
            return True
        if rule.metric is None or day - rule.for_days < self._first:
            return False
        return past.has_held(rule.metric, rule.below, rule.above, day - rule.for_days, day - 1)

    def _is_triggered(self, day: int, past: Past) -> bool:
        rule = self._when
        if rule is None or day < self._runs_until:
            return True
        if day < self._rests_until:
            return False
        if not past.has_held(rule.metric, rule.below, rule.above, day - rule.for_days, day - 1):
            return False
        self._runs_until = day + rule.run_days
        self._rests_until = self._runs_until + rule.cool_down_days
        return True


def festival_days(names: Sequence[str], calendar: Mapping[str, Sequence[int]]) -> frozenset[int]:
    """The days of these festivals."""
    return frozenset(day for name in names for day in calendar[name])
