"""For tests of the scenario loader: the campus of the contract as text and as data; loading it changed or damaged."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import yaml

from sim.errors import ScenarioError
from sim.scenario import Scenario

CAMPUS = """\
name: campus
description: A campus of 20,000; three ways to spend the same budget.
days: 90
burn_in_days: 30
seed: 7
replications: 20
noise_per_world: 4
decide_on: profit_cents
population:
  size: 20000
  registered_share: 0.25
  personas:
    price_hunter: 0.22
    herd_follower: 0.18
    trust_driven: 0.15
    kol_fan: 0.12
    loyal_member: 0.10
    experience_seeker: 0.08
    silent_lurker: 0.15
graph:
  kind: powerlaw_cluster
  mean_degree: 10
  triangle_share: 0.3
catalogue:
  size: 60
arrival:
  kind: bass
  p: 0.001
  q: 0.02
  well_mixed: off
params:
  b_h: 0.30
switches:
  social: on
  platform: on
  product: on
  personal: on
  psychological: on
goals:
  retention_d30: 0.10
  profit: 0.00
events:
- kind: season
  start: 20
  days: 21
  shape: peak
- kind: stock_out
  start: 45
  products: [3, 5]
strategies:
  team_up:
    kind: group_buy
    discount: 0.20
    size: 2
    window_days: 1
  coupons:
  - kind: share_coupon
    face: 5.00
    start: 14
    stop: 60
    budget: 50000
  - kind: coupon
    face: 2.50
    target:
      lifecycle: [silent]
"""
LINES = CAMPUS.splitlines()
TREE: dict[str, Any] = yaml.safe_load(CAMPUS)
CAMPUS_SCENARIO = Scenario.from_yaml(CAMPUS)


def load(text: str | bytes, name: str = "campus.yaml") -> Scenario:
    Path(name).write_bytes(text if isinstance(text, bytes) else text.encode("utf-8", "surrogatepass"))
    return Scenario.load(name if "/" in name else Path(name))


def refused(text: str | bytes) -> ScenarioError:
    with pytest.raises(ScenarioError) as caught:
        load(text)
    assert all(problem.file == "campus.yaml" for problem in caught.value.problems)
    return caught.value


def changed(old: str, new: str) -> str:
    assert CAMPUS.count(old) == 1, old
    return CAMPUS.replace(old, new)
