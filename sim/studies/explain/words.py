"""The words of an explanation, English and Chinese: names of factors and templates of sentences; imports nothing."""

from __future__ import annotations

from typing import Final

#: factor -> (English, Chinese); what each is: docs/explain.md
FACTOR_NAMES: Final[dict[str, tuple[str, str]]] = {
    "acquisition": ("organic and paid new shoppers", "自然与付费新客"),
    "referral": ("invited new shoppers", "受邀新客"),
    "retention": ("retention", "留存"),
    "activation": ("share of members who come", "到访会员占比"),
    "frequency": ("visit frequency", "访问频率"),
    "conversion": ("conversion", "转化率"),
    "buying": ("share of people who buy", "购买人数占比"),
    "repeat": ("orders a buyer", "人均订单数"),
    "order_value": ("order value", "客单价"),
    "reductions": ("reductions", "让利"),
    "returns": ("returns", "退货"),
    "expenses": ("expenses", "费用"),
}

EN: Final[dict[str, str]] = {
    "list": ", ",
    "interval": "95 % interval {low} to {high}",
    "no_interval": "no interval from so few worlds",
    "total": "{measure} {diff} a run ({interval})",
    "unclear": "{measure}: no difference that can be told from zero ({diff}, {interval})",
    "same": "{measure} exactly the same",
    "gmv": "GMV",
    "profit": "Profit",
    "part": "{name} {diff} ({share} %)",
    "part_plain": "{name} {diff}",
    "from": ", from {parts}",
    "against": "; against it {parts}",
    "not_certain": "; not certain: {parts}",
    "but_clear": "{total}; clear parts of it: {parts}.",
    "total_only": "{total}.",
    "buyers": "In buyers: their number makes {buyers} % of the GMV difference, orders a buyer {repeat} %, order value "
    "{value} %.",
    "personas": "By persona, most from {parts}.",
    "attributed_some": "{n} orders a run name it, but only {extra} ({interval}) were extra: {share} %; the others "
    "would have been placed anyway.",
    "attributed_equal": "{n} orders a run name it, and about as many were extra: {extra} ({interval}).",
    "attributed_beyond": "{n} orders a run name it, and more were extra: {extra} ({interval}); it also works on orders "
    "that do not name it.",
    "attributed_unclear": "{n} orders a run name it; that any were extra cannot be told ({extra}, {interval}).",
    "attributed_fewer": "{n} orders a run name it, yet there were fewer orders in all: {extra} ({interval}).",
    "attributed_nothing": "No order names it; the difference in orders is {extra} a run ({interval}).",
    "purchases": "Shoppers' first orders {first} ({first_interval}), later ones {later} ({later_interval}).",
    "pulled": "{on} orders on its days, {after} ({interval}) after them: {share} % were only pulled forward.",
    "not_pulled": "{on} orders on its days, {after} ({interval}) after them: no sign that orders were pulled forward.",
    "lasting": "{on} orders on its days, {after} ({interval}) after them: the effect outlasts it.",
    "twins": "Of the same people with the same luck, {persuadables} ordered only under it, {sleeping_dogs} only under "
    "the control, {sure_things} under both.",
    "net": "Net share of buyers {net} ({interval}).",
    "luck": "Of all people {share} order in only one of two runs of the control that differ in luck alone: who is a "
    "persuadable says what a strategy did under this luck, not what a person is. The net shares are free of that.",
    "no_luck": "What luck alone does to the classes is not known: the results are of another version of the model, or a file "
    "that the scenario names is gone, so nothing can be played again.",
    "no_people": "The folder keeps {keep} only: nothing is said of people, products and trees of invitations.",
    "referral": "{mine} shoppers a run come by invitation (control: {theirs}), in {trees} trees of at most {largest} people "
    "and depth {depth}.",
}

ZH: Final[dict[str, str]] = {
    "list": "、",
    "interval": "95% 区间 {low} 至 {high}",
    "no_interval": "世界太少，无法给出区间",
    "total": "{measure}每次运行 {diff}（{interval}）",
    "unclear": "{measure}：差异与零无法区分（{diff}，{interval}）",
    "same": "{measure}完全相同",
    "gmv": "成交总额（GMV）",
    "profit": "利润",
    "part": "{name} {diff}（{share}%）",
    "part_plain": "{name} {diff}",
    "from": "，来自{parts}",
    "against": "；反向作用：{parts}",
    "not_certain": "；不确定：{parts}",
    "but_clear": "{total}；其中可确认的部分：{parts}。",
    "total_only": "{total}。",
    "buyers": "按买家看：买家人数占 GMV 差异的 {buyers}%，人均订单 {repeat}%，客单价 {value}%。",
    "personas": "按人群看，主要来自{parts}。",
    "attributed_some": "每次运行有 {n} 个订单标有该策略，但只有 {extra} 个（{interval}）是新增的，占 {share}%；其余本来也会下单。",
    "attributed_equal": "每次运行有 {n} 个订单标有该策略，新增订单大致相当：{extra} 个（{interval}）。",
    "attributed_beyond": "每次运行有 {n} 个订单标有该策略，新增更多：{extra} 个（{interval}）；它也带来了未标记的订单。",
    "attributed_unclear": "每次运行有 {n} 个订单标有该策略；无法确认有新增订单（{extra}，{interval}）。",
    "attributed_fewer": "每次运行有 {n} 个订单标有该策略，但订单总数反而减少：{extra} 个（{interval}）。",
    "attributed_nothing": "没有订单标有该策略；每次运行订单差异为 {extra} 个（{interval}）。",
    "purchases": "首购 {first} 单（{first_interval}），复购 {later} 单（{later_interval}）。",
    "pulled": "活动日 {on} 单，之后 {after} 单（{interval}）：{share}% 只是提前下单。",
    "not_pulled": "活动日 {on} 单，之后 {after} 单（{interval}）：没有提前下单的迹象。",
    "lasting": "活动日 {on} 单，之后 {after} 单（{interval}）：效果在活动后延续。",
    "twins": "同样的人、同样的运气：{persuadables} 只在该策略下购买，{sleeping_dogs} 只在对照组购买，{sure_things} 两边都买。",
    "net": "购买人数占比净增 {net}（{interval}）。",
    "luck": "对照组的两次运行仅运气不同，就有 {share} 的人只在其中一次购买：这些类别说明策略在此运气下做了什么，而不是人是什么样；"
    "净增比例不受此影响。",
    "no_luck": "无法得知仅凭运气对这些类别的影响：结果来自另一模型版本，或场景所用文件已不在，无法重新运行。",
    "no_people": "该文件夹只保存 {keep}：无法说明人群、商品和邀请树。",
    "referral": "每次运行有 {mine} 人受邀注册（对照组 {theirs}），形成 {trees} 棵邀请树，最大 {largest} 人，最深 {depth} 代。",
}
