"""The answer of `grapevine data check`: what the data hold, what is odd in them; imports `findings`, `quality`."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from sim.evidence.findings import Evidence, evidence_of
from sim.evidence.intake import Intake
from sim.evidence.quality import quality, remarks
from sim.evidence.study import Study


@dataclass(frozen=True)
class Answer:
    """What the data hold (`evidence`), what is odd in them (`quality`, and in words `remarks`)."""

    evidence: Evidence
    quality: dict[str, Any]
    remarks: list[str]

    def as_dict(self) -> dict[str, Any]:
        """Plain data."""
        evidence, window = self.evidence, self.evidence.window
        study = evidence.study
        return {
            "study": study.name, "source": study.source, "terms": study.terms, "currency": study.currency,
            "time_zone": study.time_zone,
            "sections": {name: section.as_dict() for name, section in evidence.sections.items()},
            "window": None if window is None else {
                "from": str(window.start), "to": str(window.end), "days": window.n_days,
                "hold_out_days": window.hold_out_days,
                "data_from": str(window.data_start), "data_to": str(window.data_end),
            },
            "quality": self.quality, "remarks": self.remarks,
            "targets": [
                {"measure": t.measure, "at": t.at, "value": t.value, "sd": t.sd, "n": t.n, "source": t.source}
                for t in evidence.targets
            ],
            "no_data": evidence.no_data,
        }  # fmt: skip


def check(study: Study) -> Answer:
    """Read the data of a study; say what they hold and what is odd. The files are only read."""
    with Intake(study) as intake:
        evidence = evidence_of(intake)
        found = quality(intake)
        return Answer(evidence, found, remarks(found, intake))
