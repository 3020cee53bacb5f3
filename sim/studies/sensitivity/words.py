"""The words of a sensitivity answer, English and Chinese: names of methods, templates of sentences; imports nothing."""

from __future__ import annotations

from typing import Final

METHOD_NAMES: Final[dict[str, tuple[str, str]]] = {
    "morris": ("Morris's elementary effects", "Morris 基本效应"),
    "sobol": ("Sobol indices", "Sobol 指数"),
    "given_data": ("RBD-FAST and PAWN, from given data", "由已有数据估计的 RBD-FAST 与 PAWN"),
}

EN: Final[dict[str, str]] = {
    "list": ", ",
    "basis_morris": "{method}: {n} trajectories through {d} factors, {r} replications a point. mu* is the mean change of the difference "
    "when a factor goes over its whole range.",
    "basis_sobol": "{method}: {n} blocks over {d} factors, {r} replications a point. ST is the share of the variance that a factor "
    "is part of, S1 the share it makes alone.",
    "basis_given_data": "{method}: {n} points of {d} factors, {r} replications a point. S1 is the share of the variance that a factor makes "
    "alone; what factors do together is not seen.",
    "left_out": "{n} of them lack runs and are left out.",
    "luck": "{share} of the variance between points is how they take luck and worlds: other replications would change that part, and the "
    "indices with it.",
    "most": "{label}, {measure}: most by {parts}.",
    "part": "{name} {value} [{low}, {high}]",
    "none": "{label}, {measure}: no factor can be told from nothing.",
    "same": "{label}, {measure}: the same at every point.",
    "unknown": "{label}, {measure}: not known in every run.",
    "small": "{n} of {d} factors cannot be told from nothing.",
    "together": "Alone the factors make {alone} of the variance; the rest is what they do together, and error.",
    "pairs": "Together most: {parts}.",
    "curved": "Effects that depend on the other factors or bend (sigma above half of mu*): {names}.",
    "settled": "Settled: from half of the data to all of it no index moved by more than {moved} of the largest, and the widest interval "
    "is {half} of it.",
    "not_settled": "Not settled: from half of the data to all of it an index moved by {moved} of the largest, and the widest interval is "
    "{half} of it. {more}",
    "too_few": "Too little data to see whether it has settled. {more}",
    "more_morris": "Take more trajectories.",
    "more_sobol": "Take twice the base.",
    "more_given_data": "Take more points.",
    "instead": "For indices with interactions: `grapevine sweep {file}` ({n} points), then `grapevine sensitivity` on its folder; to screen "
    "many factors cheaply: `grapevine sweep {screen}` ({n_screen} points).",
}

ZH: Final[dict[str, str]] = {
    "list": "、",
    "basis_morris": "{method}：{n} 条轨迹，{d} 个因素，每点 {r} 次重复。mu* 是某因素走完整个范围时差异的平均变化。",
    "basis_sobol": "{method}：{n} 组，{d} 个因素，每点 {r} 次重复。ST 是某因素参与的方差份额，S1 是其单独的份额。",
    "basis_given_data": "{method}：{n} 个点，{d} 个因素，每点 {r} 次重复。S1 是某因素单独的方差份额；因素之间的共同作用看不到。",
    "left_out": "其中 {n} 个缺少运行，未计入。",
    "luck": "各点之间方差的 {share} 来自各点对运气和世界的不同反应：换一批重复，这部分及相应指数都会改变。",
    "most": "{label}，{measure}：影响最大的是{parts}。",
    "part": "{name} {value} [{low}, {high}]",
    "none": "{label}，{measure}：没有因素的作用可与零区分。",
    "same": "{label}，{measure}：在每个点都相同。",
    "unknown": "{label}，{measure}：并非每次运行都能给出。",
    "small": "{d} 个因素中有 {n} 个与零无法区分。",
    "together": "各因素单独合计占方差的 {alone}；其余是共同作用和误差。",
    "pairs": "共同作用最大的是：{parts}。",
    "curved": "作用随其他因素变化或非线性（sigma 大于 mu* 的一半）：{names}。",
    "settled": "已稳定：数据从一半增至全部，指数变动不超过最大指数的 {moved}，最宽区间为其 {half}。",
    "not_settled": "尚未稳定：数据从一半增至全部，有指数变动达最大指数的 {moved}，最宽区间为其 {half}。{more}",
    "too_few": "数据太少，无法判断是否稳定。{more}",
    "more_morris": "请增加轨迹。",
    "more_sobol": "请把 base 加倍。",
    "more_given_data": "请增加点数。",
    "instead": "若要含交互作用的指数：`grapevine sweep {file}`（{n} 个点），再对其文件夹运行 `grapevine sensitivity`；若要低成本筛选"
    "众多因素：`grapevine sweep {screen}`（{n_screen} 个点）。",
}
