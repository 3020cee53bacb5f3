"""Arms of an experiment: for which shoppers, or groups of them, a tactic is switched on; imports draws, pydantic."""

from __future__ import annotations

from typing import Final, Literal

import numpy as np
from numpy.typing import NDArray
from pydantic import BaseModel, ConfigDict, Field

from sim import draws

Unit = Literal["shopper", "ego_net", "community"]
UNITS: Final[tuple[Unit, ...]] = ("shopper", "ego_net", "community")


class Arm(BaseModel):
    """The treated arm of an experiment: a share of shoppers, ego-nets or communities of friends, by lot."""

    model_config = ConfigDict(frozen=True, extra="forbid", strict=True)

    unit: Unit = Field(
        "shopper",
        description="what is randomised: single shoppers, a shopper with her friends (ego-nets that do not overlap), "
        "or whole communities of friends (Louvain)",
        json_schema_extra={"unit": "", "zh": "随机化单位：单个顾客、互不重叠的自我中心网络、或好友社群（Louvain）"},
    )
    treated: float = Field(
        0.5, description="chance that a unit is treated", ge=0.0, le=1.0,
        json_schema_extra={"unit": "share", "zh": "每个单位进入实验组的概率"},
    )  # fmt: skip
    seed: int = Field(
        0, description="seed of the experiment's lot; another seed is another experiment in the same world",
        ge=0, le=2**31 - 1, json_schema_extra={"unit": "", "zh": "实验抽签的随机种子"},
    )  # fmt: skip

    def treats(self, names: NDArray[np.int64]) -> NDArray[np.bool_]:
        """Which of these are treated: ids of shoppers, or names of their groups. It depends on name and seed alone."""
        words = np.empty((len(names), 4), dtype=np.int64)
        kind = np.full(len(names), UNITS.index(self.unit), dtype=np.int64)
        draws.blocks(self.seed, draws.EXPERIMENT_ARM, 0, names, kind, words)
        return np.asarray((words[:, 0] + 0.5) * 2.0**-32 < self.treated)
