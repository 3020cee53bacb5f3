"""Facts hold where they are said to, asked as `grapevine validate` does with fewer worlds; long, so marked slow."""

from __future__ import annotations

import pytest

from sim.studies.facts.known import facts
from sim.studies.validate import validate

#: theory is in tests/test_theory.py, test_adoption.py and test_labs.py as well, where it goes further
BY_STAGE: dict[str, list[str]] = {}
for _fact in facts().values():
    BY_STAGE.setdefault(_fact.tests[0].stage.name, []).append(_fact.id)


@pytest.mark.slow
@pytest.mark.parametrize("stage", BY_STAGE)
def test_no_fact_fails_but_those_whose_reason_is_known(stage: str) -> None:
    """Facts of one stage together: they share the control. A third of the worlds of `--quick`.

    Inconclusive is not failed: how narrow an interval is hangs on the number of worlds.
    """
    worlds = facts()[BY_STAGE[stage][0]].tests[0].stage.quick.worlds
    report = validate(BY_STAGE[stage], changes={"replications": max(worlds // 3, min(worlds, 6))}, jobs=1)
    failed = [answer for answer in report.answers if answer.verdict == "fail" and not answer.fact.stays]
    told = [
        f"{answer.fact.id} {one.check.what}: {one.value} in {one.check.allowed}: {one.verdict}"
        for answer in report.answers
        for one in answer.estimates
    ]
    print(*told, sep="\n")
    assert not failed, [line for line in told if line.endswith("fail")]


@pytest.mark.parametrize("id_", BY_STAGE["exact"])
def test_what_must_hold_exactly_does(id_: str) -> None:
    """Small worlds, every tactic at work."""
    (answer,) = validate([id_], changes={"population.size": 250, "replications": 2}, jobs=1).answers
    exact = [one for one in answer.estimates if one.check.allowed == "0 to 0"]
    assert exact
    assert all(one.value == 0.0 for one in exact), [(one.check.what, one.value) for one in exact]
