"""Grapevine: an open simulator of social shopping. This file is the table of public names; it imports only `version`.

Nothing heavy is imported here: a name is loaded from its module when it is first used, so that
`import sim` takes milliseconds and leaves the process as it found it.
"""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any

from sim.version import RESULTS_VERSION as results_version
from sim.version import __version__

#: public name -> (module, one sentence); the API page of the docs is written from this table
PUBLIC: dict[str, tuple[str, str]] = {
    "Scenario": ("sim.scenario", "What is asked: population, graph, catalogue, strategies, days, seeds."),
    "simulate": ("sim.engines", "One run of one strategy in one world; answers with a Journal."),
    "compare": ("sim.studies.ask", "All strategies of a scenario in paired worlds; answers with the verdict."),
    "explain": ("sim.studies.explain", "Why the strategies of a results folder differ, for whom, who brought whom."),
    "robustness": (
        "sim.studies.robustness",
        "In how many draws and worlds of a sweep each strategy is best, where that flips, what it rests on.",
    ),
    "sensitivity": (
        "sim.studies.sensitivity",
        "Which factors of a sweep move the differences between strategies: Morris, Sobol, or from given data.",
    ),
    "over_assumptions": ("sim.studies.robustness", "A design over what a scenario assumes, for `sweep` to run."),
    "ab_test": (
        "sim.studies.ab_test",
        "A/B tests inside one world, held against the truth there: bias, power, coverage.",
    ),
    "optimise": (
        "sim.studies.optimise",
        "Best levers and split of a budget, several goals, confirmed on fresh worlds.",
    ),
    "sweep": ("sim.studies.ask", "All strategies at every point of a design; answers with Results."),
    "Design": ("sim.design", "A base scenario and the points of it to run: grid, samples, one at a time, CSV."),
    "Experiment": (
        "sim.experiment",
        "Points x strategies x replications into a results folder; goes on where it stopped.",
    ),
    "Results": ("sim.experiment", "A results folder, opened: its tables and its scenario."),
    "World": ("sim.engines", "A scenario made flesh, shared by all strategies of one replication."),
    "Adoption": (
        "sim.engines.adoption",
        "A laboratory of which only adoption is played: the same people on the same days, many times sooner.",
    ),
    "Shop": ("sim.engines.objects", "The same model as readable Mesa agents."),
    "Journal": ("sim.journal", "What one run writes down: tables by day, cohort, shopper, order."),
    "Population": ("sim.population", "Shoppers and their traits as columns."),
    "SocialGraph": ("sim.graph", "Who hears whom: drawn, read from a file, to and from networkx."),
    "Catalogue": ("sim.catalogue", "Products: price, cost, quality, taste."),
    "measure": ("sim.metrics", "Every measure of one run, from its journal."),
    "MEASURES": ("sim.metrics", "Name, unit and definition of every measure."),
    "InputError": ("sim.errors", "Bad input, said in one clear message."),
}

__all__ = [*PUBLIC, "__version__", "results_version"]

if TYPE_CHECKING:  # the same table, for type checkers and editors
    from sim.catalogue import Catalogue as Catalogue
    from sim.design import Design as Design
    from sim.engines import World as World
    from sim.engines import simulate as simulate
    from sim.engines.adoption import Adoption as Adoption
    from sim.engines.objects import Shop as Shop
    from sim.errors import InputError as InputError
    from sim.experiment import Experiment as Experiment
    from sim.experiment import Results as Results
    from sim.graph import SocialGraph as SocialGraph
    from sim.journal import Journal as Journal
    from sim.metrics import MEASURES as MEASURES
    from sim.metrics import measure as measure
    from sim.population import Population as Population
    from sim.scenario import Scenario as Scenario
    from sim.studies.ab_test import ab_test as ab_test
    from sim.studies.ask import compare as compare
    from sim.studies.ask import sweep as sweep
    from sim.studies.explain import explain as explain
    from sim.studies.optimise import optimise as optimise
    from sim.studies.robustness import over_assumptions as over_assumptions
    from sim.studies.robustness import robustness as robustness
    from sim.studies.sensitivity import sensitivity as sensitivity


def __getattr__(name: str) -> Any:
    if name not in PUBLIC:
        raise AttributeError(f"module 'sim' has no attribute {name!r}; public names: {', '.join(sorted(PUBLIC))}")
    value = getattr(importlib.import_module(PUBLIC[name][0]), name)
    globals()[name] = value  # the next look-up does not come here
    return value


def __dir__() -> list[str]:
    return sorted({*globals(), *PUBLIC})
