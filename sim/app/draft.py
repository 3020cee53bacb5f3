"""The scenario that somebody is editing, as plain data; imports places, scenario."""

from __future__ import annotations

import copy
import re
from typing import Any

from sim.app.places import Limits
from sim.errors import InputError
from sim.scenario import CONTROL, Scenario
from sim.scenario.kinds import dumped, tactic_kinds
from sim.scenario.reader import Path_


class Draft:
    """A scenario in the making: it may be wrong while one types. Every strategy is a list of tactics."""

    def __init__(self, scenario: Scenario) -> None:
        self.folder = scenario.folder
        self.data = scenario.as_dict()
        self.data["strategies"] = {
            label: list(tactics) if isinstance(tactics, list) else [tactics]
            for label, tactics in self.data["strategies"].items()
        }

    def get(self, path: Path_) -> Any:
        """What stands at a path."""
        value: Any = self.data
        for part in path:
            value = value[part]
        return value

    def put(self, path: Path_, value: Any) -> None:
        """Write a value at a path."""
        self.get(path[:-1])[path[-1]] = value

    def scenario(self, limits: Limits) -> Scenario:
        """The scenario it is now; raises InputError with everything that is wrong with it."""
        made = Scenario.from_dict(self.data, self.folder, check_files=False)
        limits.check(made)
        made.check_files()
        return made

    # --- strategies ---------------------------------------------------------------------------------

    @property
    def labels(self) -> list[str]:
        """Labels of the strategies, the control left out."""
        return list(self.data["strategies"])

    def add(self, kind: str) -> str:
        """A new strategy of one tactic with its defaults; its label."""
        label = self._free(kind)
        self.data["strategies"][label] = [self._fresh(kind)]
        return label

    def add_tactic(self, label: str, kind: str) -> None:
        """One more tactic, run together with those of this strategy."""
        self.data["strategies"][label].append(self._fresh(kind))

    def remove(self, label: str) -> None:
        """Drop a strategy, and its shared budget."""
        del self.data["strategies"][label]
        self.data["budgets"].pop(label, None)

    def remove_tactic(self, label: str, place: int) -> None:
        """Drop one tactic; a split of the budget over tactics no longer fits and goes."""
        del self.data["strategies"][label][place]
        self._unsplit(label)
        if not self.data["strategies"][label]:
            self.remove(label)

    def duplicate(self, label: str) -> str:
        """A copy beside the original; its label."""
        new = self._free(label)
        self._rebuilt({new: copy.deepcopy(self.data["strategies"][label])}, after=label)
        if label in self.data["budgets"]:
            self.data["budgets"][new] = copy.deepcopy(self.data["budgets"][label])
        return new

    def rename(self, label: str, new: str) -> None:
        """Give a strategy another label."""
        if new == label:
            return
        if not re.fullmatch(r"[\w-]{1,40}", new) or new == CONTROL or new in self.data["strategies"]:
            raise InputError("not a label that is free", found=new, allowed="up to 40 letters, digits, _ and -")
        self.data["strategies"] = {
            (new if one == label else one): tactics for one, tactics in self.data["strategies"].items()
        }
        if label in self.data["budgets"]:
            self.data["budgets"][new] = self.data["budgets"].pop(label)

    def _unsplit(self, label: str) -> None:
        given = self.data["budgets"].get(label)
        if given is not None:
            given |= {"shares": None, "move_days": None}

    def _rebuilt(self, more: dict[str, Any], after: str) -> None:
        made: dict[str, Any] = {}
        for label, tactics in self.data["strategies"].items():
            made[label] = tactics
            if label == after:
                made |= more
        self.data["strategies"] = made

    def _free(self, wanted: str) -> str:
        taken, n, stem = {CONTROL, *self.data["strategies"]}, 2, wanted[:36]
        while wanted in taken:
            wanted, n = f"{stem}_{n}", n + 1
        return wanted

    @staticmethod
    def _fresh(kind: str) -> dict[str, Any]:
        return dumped(tactic_kinds()[kind]())
