"""What is asked: load, check, change, name and explain a scenario; imports the world's rooms below it.

`reader` turns YAML into plain data with lines, `parts` and `model` say what is allowed, `refusals`
words the messages, `words` writes a scenario back for people (template, difference, JSON schema).
"""

from __future__ import annotations

from sim.scenario.fields import FieldAbout, describe
from sim.scenario.model import CONTROL, Scenario, content_hash, find, shipped
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
from sim.scenario.reader import parse_assignment, parse_path
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
