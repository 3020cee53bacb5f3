"""Facts hold where they are said to, asked as `grapevine validate --quick` does; long, so marked slow."""

from __future__ import annotations

import pytest

from sim.studies.facts.known import facts
from sim.studies.validate import validate

#: theory at this size is in tests/test_theory.py, test_adoption.py and test_labs.py, where it goes further
ASKED = [
    id_ for id_, fact in facts().items() if not id_.startswith("V") or {t.stage.name for t in fact.tests} == {"exact"}
]


@pytest.mark.slow
@pytest.mark.parametrize("id_", ASKED)
def test_no_fact_fails_but_those_whose_reason_is_known(id_: str) -> None:
    """Inconclusive is not failed: how narrow an interval is hangs on the number of worlds."""
    (answer,) = validate([id_], jobs=1).answers
    told = [f"{one.check.what}: {one.value} in {one.check.allowed}: {one.verdict}" for one in answer.estimates]
    print(answer.verdict, *told, sep="\n")
    assert answer.verdict != "fail" or answer.fact.stays, told


@pytest.mark.parametrize("id_", [id_ for id_ in ASKED if id_.startswith("V")])
def test_what_must_hold_exactly_does(id_: str) -> None:
    """One small world, every tactic at work."""
    (answer,) = validate([id_], changes={"population.size": 250, "replications": 2}, jobs=1).answers
    exact = [one for one in answer.estimates if one.check.allowed == "0 to 0"]
    assert exact
    assert all(one.value == 0.0 for one in exact), [(one.check.what, one.value) for one in exact]
