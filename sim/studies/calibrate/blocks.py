"""Which data tell which coefficients: blocks of the model, each fitted only to data that identify it.

The table follows docs/model.md, "Coefficients" (identifiable from). A coefficient whose block meets no such data keeps
its prior, and the report says so; influence is never fitted to aggregates.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Final, NamedTuple

import numpy as np

from sim.studies.calibrate.inference import Mask


class Block(NamedTuple):
    """Coefficients that the same data tell; `families` are those of `sim.evidence.FAMILIES`."""

    name: str
    name_zh: str
    paths: tuple[str, ...]
    families: tuple[str, ...]
    needs: str
    needs_zh: str


_BUYING: Final = ("repeat_in_week", "ever_repeated", "cohort_retention", "ladder", "gap_days")
_VISITING: Final = ("visits_per_day", "visits_per_visitor", "retention_d30", "conversion")

BLOCKS: Final = (
    Block(
        "leaving and buying", "流失与购买",
        ("params.alpha", "params.nu_sd", "params.theta_a", "params.theta_b", "params.churn", "params.b_inv",
         "params.tau_inv", "params.om_0", "params.om_tau"),
        _BUYING, "orders with customers and dates", "带客户与日期的订单",
    ),
    Block(
        "baskets", "客单",
        ("params.q_more", "catalogue.median_price", "catalogue.sd_log_price"),
        ("order_value", "top_20_share"), "orders with values", "带金额的订单",
    ),
    Block(
        "visiting", "访问", ("params.lam", "params.lam_sd", "params.e_0"), _VISITING, "visits", "访问记录",
    ),
    Block(
        "sharing", "分享", ("params.s_0", "params.r_0", "params.eta", "params.a_inv"),
        ("fan_out", "tie_reuse", "shared_again"), "shares and invitations", "分享与邀请记录",
    ),
    Block(
        "teams", "拼团", ("params.c_fail", "params.c_w"), ("team_success",), "group-buys with their outcome", "带结果的拼团记录",
    ),
    Block(
        "prices", "价格", ("params.b_p", "params.mu", "params.b_abs"), (), "a price test", "价格实验",
    ),
    Block(
        "influence", "社会影响",
        ("params.b_r", "params.b_h", "params.w_fr", "params.w_pop", "params.b_sp", "params.g_n", "params.g_a",
         "params.v_own", "params.v_post"),
        (), "a randomised experiment", "随机实验",
    ),
)  # fmt: skip

#: pairs and triples of which data of the usual kind tell only a combination
KNOWN_RIDGES: Final = (
    (("params.lam", "params.alpha"), "visits", "without visits only buying per day is seen: often and hesitant, or seldom and eager",
     "没有访问记录时，只能看到每天的购买：常来而犹豫，或少来而果断，无法区分"),
    (("params.lam_sd", "params.nu_sd"), "visits", "people differ in visiting or in needing: without visits orders do not say which",
     "人与人的差别来自访问还是需求，没有访问记录无法区分"),
    (("params.theta_a", "params.theta_b"), "", "both shapes of leaving: orders tell the early losses, not the tail",
     "流失分布的两个形状参数：订单只反映早期流失"),
    (("params.b_inv", "params.tau_inv"), "", "how much need a purchase meets, and for how long", "一次购买满足多少需求、持续多久"),
    (("params.alpha", "params.nu_sd"), "", "the mean and the spread of need: the ladder of orders parts them", "需求的均值与离散：靠订单阶梯区分"),
    (("params.s_0", "params.r_0", "params.a_inv"), "shares", "the invited are the product of all three", "邀请人数是三者之积"),
)  # fmt: skip


def block_of(path: str) -> Block | None:
    """The block of a coefficient; None where no data of a study file can tell it."""
    return next((block for block in BLOCKS if path in block.paths), None)


def tells(paths: Sequence[str], measures: Iterable[str]) -> Mask:
    """Coefficients x summaries: may this family tell this coefficient?"""
    names = list(measures)
    table = np.zeros((len(paths), len(names)), dtype=np.bool_)
    for j, path in enumerate(paths):
        block = block_of(path)
        if block is not None:
            table[j] = [name in block.families for name in names]
    return table


def used_families() -> frozenset[str]:
    """Families of targets that tell anything."""
    return frozenset(family for block in BLOCKS for family in block.families)
