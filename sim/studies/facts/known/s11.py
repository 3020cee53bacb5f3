"""S11: emotional marketing; imports the other rooms of `facts`."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from sim.studies.facts.fact import Arm, Direction, Fact, Value
from sim.studies.facts.play import CONTROL, Shop
from sim.studies.facts.stages import LEVERS

FACT: Final = Fact(
    "S11", "Emotional marketing works through sharing and hardly through moods.",
    "Berger & Milkman 2012; Kramer, Guillory & Hancock 2014", "paper", "other", grade="C",
    about=("emotional_campaign",),
)  # fmt: skip
#: the default campaign moves GMV by about a thousandth, which few worlds can tell; this one is shown to half of all
_STRONG: Final = {"kind": "emotional_campaign", "reach": 0.5, "arousal": 2.0, "welcome": 100}
STORY: Final = Arm("story", (_STRONG,))
_MUTE: Final = {"r_0": 0.0, "p_b": 0.0}
MUTE: Final = Arm("mute", params=_MUTE)
MUTE_STORY: Final = Arm("mute_story", (_STRONG,), params=_MUTE)


@FACT.test(
    LEVERS,
    Direction("GMV gained by a story, of the control's"),
    Direction("half of that less what it gains where nobody shares"),
    arms=(STORY, MUTE, MUTE_STORY),
)  # fmt: skip
def emotion(shop: Shop) -> Sequence[Value]:
    """A stirring story without advertising, with sharing and where shares reach nobody."""
    gmv = {arm: float(shop[arm].daily["gmv_cents"].sum()) for arm in (CONTROL, "story", "mute", "mute_story")}
    gain = gmv["story"] / gmv[CONTROL] - 1.0
    rest = gmv["mute_story"] / gmv["mute"] - 1.0
    return [gain, 0.5 * gain - rest]
