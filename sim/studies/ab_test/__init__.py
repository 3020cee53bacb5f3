"""What an A/B test inside one world would find, against what is true there; imports experiment, engines, scenario.

An experimenter who gives a strategy to half of the shoppers sees the other half influenced too: friends share, teams
need members, ratings are read by all. Here the truth is known, from twins: the same world with everybody treated, and
with nobody. So a design (what is randomised) can be judged by what its tests would have said.

Rooms, each importing only from those before it: `estimate`, `planning`; `tables`; `words`; `study`.
"""

from __future__ import annotations

from sim.studies.ab_test.study import AbTest, ab_test

__all__ = ["AbTest", "ab_test"]
