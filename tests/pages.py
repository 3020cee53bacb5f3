"""Pages of documentation as tests read them: their blocks of code, and how each says what is to be done with it.

A fence may say `test="slow"` (run by `make test-slow`) or `test="no: why"` (not run, and why not).
"""

from __future__ import annotations

import re
import shlex
from pathlib import Path
from typing import NamedTuple

_FENCE = re.compile(r'^```(\w+)(?: test="([^"]*)")?\n(.*?)^```$', re.MULTILINE | re.DOTALL)

#: what every world of a page's command shrinks to
SMALL = ["--set", "population.size=200", "--set", "days=12", "--set", "burn_in_days=2"]


_FEW = {
    "run": [],
    "compare": ["--jobs", "1", "--replications", "2"],
    "sweep": ["--jobs", "1", "--replications", "1"],
    "optimise": ["--jobs", "1", "--trials", "8", "--replications", "1", "--confirm", "2"],
    "ab-test": ["--jobs", "1", "--tests", "2", "--worlds", "1"],
}

#: the shop that pages speak of without having made it
MY_SHOP = """
name: my_shop
noise_per_world: 1
replications: 4
population: {size: 300}
catalogue: {size: 12}
strategies:
  team_up: {kind: group_buy, discount: 0.2}
  coupons: {kind: share_coupon, face: 3.00}
"""


class Block(NamedTuple):
    """A block of code on a page."""

    language: str
    mark: str  # "", "slow" or "no: why"
    text: str
    line: int


def blocks(path: Path, *languages: str) -> list[Block]:
    """The blocks of a page in these languages, in their order."""
    page = path.read_text(encoding="utf-8")
    found = [
        Block(match[1], match[2] or "", match[3], page.count("\n", 0, match.start()) + 1)
        for match in _FENCE.finditer(page)
    ]
    return [block for block in found if block.language in languages]


def commands(block: Block) -> list[str]:
    """The lines of a block of shell, without remarks."""
    lines = (re.sub(r"\s+#.*$|^#.*$", "", line).strip() for line in block.text.splitlines())
    return [line for line in lines if line]


def words_of(line: str, here: Path) -> list[str]:
    """What a shell hands to the command: words, without what is said of stdout; `results/x-*` is what is there."""
    words = shlex.split(line.partition(" > ")[0])
    return [word for given in words for word in (_there(given, here) if "*" in given else [given])]


def _there(pattern: str, here: Path) -> list[str]:
    return [str(path.relative_to(here)) for path in sorted(here.glob(pattern))]


def shrunk(words: list[str]) -> list[str]:
    """The same command on a small world with few replications, one worker."""
    if words[0] not in _FEW:
        return words
    few = _FEW[words[0]]
    kept = list(words)
    for option in [word for word in (*few, "--most") if word.startswith("--") and word in kept]:
        at = kept.index(option)
        del kept[at : at + 2]
    most = ["--most", "12"] if "--until-clear" in kept else []
    world = SMALL if "lab." not in words[1] else ["--set", "population.size=200", "--set", "days=12"]
    if words[1] == "ab_test_of_sharing":  # 60 communities need people
        world = ["--set", "population.size=2000", *SMALL[2:]]
    return [*kept, *world, *few, *most]
