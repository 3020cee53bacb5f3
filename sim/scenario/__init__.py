"""What is asked: load, check, change, name and explain a scenario; imports the world's rooms below it.

`reader` turns YAML into plain data with lines; `fields`, `parts`, `kinds` and `question` say what is allowed,
`refusals` words the messages. `model` loads, changes and names a scenario, with the help of `shipped`, `files`
and `changes`; `words` writes it back for people (template, difference, JSON schema).
"""

from __future__ import annotations

from sim.scenario.fields import FieldAbout, describe
from sim.scenario.files import content_hash
from sim.scenario.model import Scenario
from sim.scenario.parts import (
    GOAL_NAMES,
    GRAPHS,
    MEASURE_NAMES,
    MONEY_GOALS,
    SWITCHES,
    CatalogueFile,
    DrawnCatalogue,
    GraphFile,
    PopulationSpec,
)
from sim.scenario.question import CONTROL
from sim.scenario.reader import parse_assignment, parse_path
from sim.scenario.shipped import find, shipped
from sim.scenario.words import difference, schema, template

__all__ = [
    "CONTROL",
    "GOAL_NAMES",
    "GRAPHS",
    "MEASURE_NAMES",
    "MONEY_GOALS",
    "SWITCHES",
    "CatalogueFile",
    "DrawnCatalogue",
    "FieldAbout",
    "GraphFile",
    "PopulationSpec",
    "Scenario",
    "content_hash",
    "describe",
    "difference",
    "find",
    "parse_assignment",
    "parse_path",
    "schema",
    "shipped",
    "template",
]
