"""The parts of a scenario: population, graph, catalogue; names of measures and switches. Imports `fields`, `money`."""

from __future__ import annotations

from typing import Annotated, Any, ClassVar, Final, Literal

from pydantic import Discriminator, Field, Tag

from sim.money import Cents
from sim.scenario.fields import Part, about

MEASURE_NAMES: Final = (
    "gmv_cents", "nmv_cents", "gross_profit_cents", "profit_cents", "cost_cents", "roi", "n_orders", "n_buyers",
    "n_registered", "aov_cents", "conversion", "repeat_rate_30d", "repeat_rate_90d", "retention_d1", "retention_d7",
    "retention_d30", "rolling_retention_d30", "retained_share", "dau_mean", "churn_rate_30d", "k_factor",
    "viral_cycle_days", "cac_cents", "ltv_180d_cents", "arpu_cents", "share_rate", "participation",
    "repost_rate", "repost_depth", "review_mean", "team_success_rate", "gini_sales", "top20_share",
    "one_hop_share", "structural_virality", "discount_per_buyer_cents", "pushes_per_month", "messages_per_month",
    "n_let_down", "fatigue_mean",
)  # fmt: skip
"""Every measure a scenario may decide on (the measures themselves are defined a floor above, in `metrics`)."""

GOAL_NAMES: Final = tuple(name.removesuffix("_cents") for name in MEASURE_NAMES)
"""Measures as goals name them: money is in currency, so `profit_cents` is `profit`."""

MONEY_GOALS: Final = frozenset(name.removesuffix("_cents") for name in MEASURE_NAMES if name.endswith("_cents"))

DAYS_NEEDED: Final = {
    "retention_d1": 2, "retention_d7": 8, "retention_d30": 31, "rolling_retention_d30": 61, "repeat_rate_30d": 31,
    "repeat_rate_90d": 91, "churn_rate_30d": 1, "ltv_180d_cents": 181,
}  # fmt: skip
"""Measured days without which a measure has no value; for warnings."""

SWITCHES: Final = ("social", "platform", "product", "personal", "psychological")
MOST_SHOPPERS: Final = 50_000_000
MOST_DAYS: Final = 3650


class PopulationSpec(Part):
    """Who the shoppers are."""

    size: int | None = about(
        "People in the world, registered or not. Left out: as many as the graph's file or `from` has.",
        unit="people",
        zh="人口规模：已注册与未注册的人总数。留空则由关系图文件或 from 文件决定。",
        default=None,
        ge=1,
        le=MOST_SHOPPERS,
    )
    registered_share: float = about(
        "Share of the people who are registered at the start; the rest are prospects who can be invited.",
        unit="share",
        zh="开始时已注册的比例；其余为潜在用户，可被邀请或自行注册。",
        default=0.25,
        ge=0,
        le=1,
    )
    personas: dict[str, float] = about(
        "Share of each persona; together 1. `grapevine personas` says who they are.",
        unit="share",
        zh="各类人群的占比，合计为 1。",
        default_factory=dict,
    )
    demographics: dict[str, dict[str, float]] = about(
        "Shares by age_band, city_tier, gender and region, each together 1: labels to aim at, no rule reads them.",
        unit="share",
        zh="年龄段、城市级别、性别、地区的占比，各自合计为 1；仅用于定向，不影响行为。",
        default_factory=dict,
    )
    source: str | None = about(
        "CSV with one row a shopper: column id, then traits and demographics; those it does not have are drawn.",
        zh="每行一位用户的 CSV：id 列、特征列与人口属性列；缺少的随机生成。",
        default=None,
        alias="from",
        min_length=1,
        max_length=1000,
    )


class AnalyticsSpec(Part):
    """What the shop's own analytics are worth; only tactics that ask for a score use them."""

    risk_accuracy: float | None = about(
        "Correlation of predicted with true churn risk; null: learned from the shop's own log.",
        unit="correlation",
        zh="流失风险预测与真实值的相关系数；null 表示由商家自己的日志学习。",
        default=None,
        ge=0,
        le=1,
    )
    intent_accuracy: float | None = about(
        "Correlation of predicted with true purchase intent; null: learned from the shop's own log.",
        unit="correlation",
        zh="购买意向预测与真实值的相关系数；null 表示由商家自己的日志学习。",
        default=None,
        ge=0,
        le=1,
    )
    mood_accuracy: float = about(
        "Correlation of recognised with true moods (a guess).",
        unit="correlation",
        zh="情绪识别结果与真实情绪的相关系数（假设值）。",
        default=0.6,
        ge=0,
        le=1,
    )


_mean_degree: dict[str, Any] = {
    "description": "Friends a person has on average: ties that matter for shopping, not all contacts.",
    "unit": "friends", "zh": "平均好友数（与购物有关的联系）。", "default": 10.0, "ge": 0, "le": 1_000_000,
}  # fmt: skip


class PowerlawCluster(Part):
    """Few people with many friends, and friends of friends who know each other (Holme & Kim 2002)."""

    title_zh: ClassVar[str] = "少数人好友众多，朋友之间常互相认识"

    kind: Literal["powerlaw_cluster"] = about("Which graph.", zh="关系图类型。", default="powerlaw_cluster")
    mean_degree: float = about(**_mean_degree)
    triangle_share: float = about(
        "Share of ties made with a friend of the friend just made.",
        unit="share",
        zh="与“刚结识好友的好友”建立联系的比例。",
        default=0.3,
        ge=0,
        le=1,
    )


class SmallWorld(Part):
    """Neighbours on a ring with some ties far away (Watts & Strogatz 1998)."""

    title_zh: ClassVar[str] = "环上近邻加少量远距离联系（小世界）"

    kind: Literal["small_world"] = about("Which graph.", zh="关系图类型。", default="small_world")
    mean_degree: float = about(**_mean_degree)
    rewire: float = about(
        "Share of ties that lead to anybody instead of a neighbour.",
        unit="share",
        zh="随机重连的联系比例。",
        default=0.1,
        ge=0,
        le=1,
    )


class RandomGraph(Part):
    """Anybody knows anybody with the same chance (Erdos & Renyi)."""

    title_zh: ClassVar[str] = "任意两人以相同概率认识"

    kind: Literal["random"] = about("Which graph.", zh="关系图类型。", default="random")
    mean_degree: float = about(**_mean_degree)


class Community(Part):
    """Groups whose members mostly know each other (degree-corrected stochastic block model)."""

    title_zh: ClassVar[str] = "社群结构：多数联系在社群内部"

    kind: Literal["community"] = about("Which graph.", zh="关系图类型。", default="community")
    mean_degree: float = about(**_mean_degree)
    n_communities: int | None = about(
        "Communities of equal size; null: one per 100 people.",
        unit="communities",
        zh="社群数量（规模相同）；null 表示每 100 人一个。",
        default=None,
        ge=1,
        le=2**31 - 1,
    )
    share_inside: float = about(
        "Share of ties within the own community.",
        unit="share",
        zh="社群内部联系的比例。",
        default=0.8,
        ge=0,
        le=1,
    )
    exponent: float | None = about(
        "Tail of the number of friends; null: everybody alike.",
        unit="1",
        zh="好友数分布的幂指数；null 表示人人相同。",
        default=3.0,
        ge=2.1,
        le=100,
    )


class Configuration(Part):
    """Numbers of friends follow a power law, ties are otherwise by chance (configuration model)."""

    title_zh: ClassVar[str] = "好友数服从幂律，其余随机"

    kind: Literal["configuration"] = about("Which graph.", zh="关系图类型。", default="configuration")
    exponent: float = about(
        "A person has k friends with probability proportional to k^-exponent.",
        unit="1",
        zh="好友数分布的幂指数。",
        default=2.5,
        ge=0,
        le=100,
    )
    min_degree: int = about("Fewest friends.", unit="friends", zh="最少好友数。", default=3, ge=0, le=1_000_000)
    max_degree: int = about("Most friends.", unit="friends", zh="最多好友数。", default=300, ge=0, le=1_000_000)


class NoGraph(Part):
    """Nobody knows anybody."""

    title_zh: ClassVar[str] = "互不认识"

    kind: Literal["none"] = about("Which graph.", zh="关系图类型。", default="none")


class GraphFile(Part):
    """Your own edge list: one row a tie."""

    title_zh: ClassVar[str] = "自备关系文件：每行一条联系"

    kind: Literal["file"] = about("Which graph.", zh="关系图类型。", default="file")
    path: str = about(
        "CSV (or .csv.gz) with one row a tie; relative to this file.",
        zh="每行一条联系的 CSV（可为 .gz）；相对本文件的路径。",
        min_length=1,
        max_length=1000,
    )
    directed: bool = about(
        "Whether a row means only that the source hears the target (truster hears trustee).",
        zh="是否有向：source 听 target 的（信任者听被信任者）。",
        default=False,
    )
    source: str | None = about(
        "Column of the one person's id; null: column `source`, else the first.",
        zh="起点编号所在列；null 表示 source 列或第一列。",
        default=None,
        min_length=1,
    )
    target: str | None = about(
        "Column of the other person's id; null: column `target`, else the second.",
        zh="终点编号所在列；null 表示 target 列或第二列。",
        default=None,
        min_length=1,
    )
    weight: str | None = about(
        "Column of tie strength; null: column `weight` if the file has one.",
        zh="联系强度所在列；null 表示若有 weight 列则使用。",
        default=None,
        min_length=1,
    )


GraphSpec = Annotated[
    PowerlawCluster | SmallWorld | RandomGraph | Community | Configuration | NoGraph | GraphFile,
    Field(discriminator="kind"),
]

GRAPHS: Final[dict[str, type[Part]]] = {
    "powerlaw_cluster": PowerlawCluster, "small_world": SmallWorld, "random": RandomGraph, "community": Community,
    "configuration": Configuration, "none": NoGraph, "file": GraphFile,
}  # fmt: skip

_MOST_TACTICS_PAID: Final = 50


class CampaignSpec(Part):
    """Money that the tactics of one strategy share."""

    title_zh: ClassVar[str] = "一个策略内各战术共享的预算"

    total: Cents | None = about(
        "Most that all tactics of the strategy may give together, over the whole run; null: no limit.",
        unit="currency",
        zh="整个期间内该策略全部战术合计支出上限；null 表示不限。",
        default=None,
        ge=0,
    )
    per_day: Cents | None = about(
        "Most that they may give together on one day; null: no limit.",
        unit="currency",
        zh="每天合计支出上限；null 表示不限。",
        default=None,
        ge=0,
    )
    shares: Annotated[tuple[float, ...], Field(strict=False)] | None = about(
        "How it is split, a share for every tactic in their order; null: one pot, from which each takes what it needs.",
        unit="share",
        zh="按战术顺序的分配比例；null 表示同一资金池、各取所需。",
        default=None,
        max_length=_MOST_TACTICS_PAID,
    )
    move_days: int | None = about(
        "Every so many days money moves towards tactics whose orders brought more margin per unit of cost, as the "
        "shop's books attribute them (needs shares); null: the split stays.",
        unit="days",
        zh="每隔若干天把预算移向账面每单位成本毛利更高的战术（需要 shares）；null 表示分配不变。",
        default=None,
        ge=1,
        le=365,
    )


_MOST_PRODUCTS: Final = 1_000_000


class DrawnCatalogue(Part):
    """Products made up by the simulator."""

    path: ClassVar[None] = None

    size: int = about("Products on sale.", unit="products", zh="商品数量。", default=60, ge=1, le=_MOST_PRODUCTS)
    median_price: Cents = about(
        "List price in the middle: half of the products cost more.",
        unit="currency",
        zh="标价中位数。",
        default=3000,
        ge=1,
        le=10**8,
    )
    sd_log_price: float = about(
        "Spread of list prices on the log scale; 0: all cost the same.",
        unit="1",
        zh="标价对数的标准差；0 表示价格相同。",
        default=0.7,
        ge=0,
        le=3,
    )


class CatalogueFile(Part):
    """Your own products: one row a product."""

    path: str = about(
        "CSV or .csv.gz: id, price[, unit_cost, quality, category, arousal, sociality, spam_onset, stock, launch_day]; "
        "the rest is drawn.",
        zh="每行一件商品的 CSV（可为 .gz）：id、price 及可选列；缺少的列随机生成。",
        min_length=1,
        max_length=1000,
    )
    columns: dict[str, str] = about(
        "Our column name -> the name in the file, where they differ.",
        zh="列名对应：本系统列名 -> 文件列名。",
        default_factory=dict,
    )
    size: int | None = about(
        "Sell only this many of the file's products, chosen by id, the same in every world; null: all.",
        unit="products",
        zh="只售其中若干件（按编号选取，每个世界相同）；null 表示全部。",
        default=None,
        ge=1,
        le=_MOST_PRODUCTS,
    )


def _catalogue_tag(value: Any) -> str:
    has_path = value.get("path") is not None if isinstance(value, dict) else isinstance(value, CatalogueFile)
    return "file" if has_path else "drawn"


CatalogueSpec = Annotated[
    Annotated[DrawnCatalogue, Tag("drawn")] | Annotated[CatalogueFile, Tag("file")], Discriminator(_catalogue_tag)
]
