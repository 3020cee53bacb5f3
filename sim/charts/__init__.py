"""Charts for people who decide: the same in report, app, notebook and file; imports the rooms below, studies.

Each takes a results folder (its path, `Results`, a `Comparison` or a `Story`, which works everything out only once)
and a language, and gives a Vega-Lite specification as plain data, or None where the folder does not hold what it
shows. Rooms, each importing only from those before it: `words`, `look`; `numbers`, `files`; `findings`; `verdict`,
`over_time`, `why`, `money`; `spread`.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

from sim.charts.files import program, save_chart, still
from sim.charts.look import Chart, Lang, Theme, config
from sim.charts.money import attributed_and_extra, cost_lines, profit_for_cost
from sim.charts.over_time import (
    active_difference,
    active_shoppers,
    cohort_heat_map,
    gmv_difference,
    gmv_per_day,
    retention_by_age,
    retention_difference,
)
from sim.charts.spread import communities, generations, largest_tree, tree_sizes
from sim.charts.verdict import measure_differences, probability_best
from sim.charts.why import personas, same_people, waterfall

#: screen -> its charts, in order; all take (source, lang)
CHARTS: Final[dict[str, tuple[Callable[..., Chart | None], ...]]] = {
    "verdict": (measure_differences, probability_best),
    "over_time": (
        gmv_per_day, gmv_difference, active_shoppers, active_difference, retention_by_age, retention_difference,
        cohort_heat_map,
    ),
    "why": (waterfall,),
    "who": (personas, same_people),
    "spread": (tree_sizes, generations, largest_tree, communities),
    "money": (cost_lines, profit_for_cost, attributed_and_extra),
}  # fmt: skip
#: those that also take `strategy`: one chart for each
BY_STRATEGY: Final = (cohort_heat_map, waterfall, personas, largest_tree, communities)

__all__ = [
    "BY_STRATEGY", "CHARTS", "Chart", "Lang", "Theme", "active_difference", "active_shoppers", "attributed_and_extra",
    "cohort_heat_map", "communities", "config", "cost_lines", "generations", "gmv_difference", "gmv_per_day",
    "largest_tree", "measure_differences", "personas", "probability_best", "profit_for_cost", "program",
    "retention_by_age", "retention_difference", "same_people", "save_chart", "still", "tree_sizes", "waterfall",
]  # fmt: skip
