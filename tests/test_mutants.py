"""The list of mistakes is complete and fits the sources; a few are made here, all by `make mutants`."""

from __future__ import annotations

import ast
import os
import re
import subprocess
import sys
from collections import Counter
from pathlib import Path

import mutants
import pytest

ROOT = Path(__file__).resolve().parent.parent
RULES = ROOT / "sim" / "rules"

#: Functions without an equation or a lag of their own: they name draws, take steps in turn, or answer yes or no.
WITHOUT: dict[str, str] = {
    "buy.order_paid": "money by the cent: tests/test_rules_buy.py and the books in tests/test_engines_sums.py",
    "buy.sees_teams": "a bit of a mask",
    "expose.item_name": "a name",
    "expose.personal_luck": "a draw",
    "expose.placed_words": "a draw",
    "expose.expose": "steps in turn; its lag has a day",
    "fulfil.order_name": "a name",
    "records._aligned_bytes": "memory",
    "records.aligned_table": "memory",
    "records.columns_together": "memory",
    "remember.is_personal": "a kind of message",
    "remember.is_post": "a kind of message",
    "remember.is_warning": "a kind of message",
    "remember.remember": "steps; its parts are in fading, faded, weaker and _take_in",
    "resolve.priorities": "draws",
    "share.unlock_luck": "a draw",
    "talk.origin_luck": "a draw",
}
#: Differences of days that need no mutant of their own.
LAGS_ELSEWHERE = {
    "expose.friend_products": "is told the days by expose",
    "leave.cause_of_leaving": "left_now takes the days",
    "remember.remember": "is told the days",
}


def rule_functions() -> dict[str, ast.FunctionDef]:
    """Every function in sim/rules, as file.name."""
    return {
        f"{path.stem}.{node.name}": node
        for path in sorted(RULES.glob("*.py"))
        for node in ast.parse(path.read_text(encoding="utf-8")).body
        if isinstance(node, ast.FunctionDef)
    }


def has_lag(node: ast.FunctionDef) -> bool:
    """Does it take a difference of days, or multiply by a number of days?"""
    for part in ast.walk(node):
        if isinstance(part, (ast.BinOp, ast.UnaryOp)) and not isinstance(part, ast.BoolOp):
            text = ast.unparse(part)
            is_difference = re.search(r"\bday\b.* - |- (key\.)?day\b", text)
            if is_difference or re.search(r"-?days\b \*|-days(_\w+)?\b", text):
                return True
    return False


def test_every_mistake_has_its_place() -> None:
    """The text to change stands exactly once in the function named; the result is a program, and another one."""
    for mutant in mutants.MUTANTS:
        text = (ROOT / "sim" / mutant.file).read_text(encoding="utf-8")
        after = mutants.changed(text, mutant)
        assert ast.dump(ast.parse(after)) != ast.dump(ast.parse(text)), mutant
        assert mutant.killers
    assert len(set(mutants.MUTANTS)) == len(mutants.MUTANTS) >= 50


def test_every_rule_has_a_mistake() -> None:
    """At least one sign (or bound) in every function with an equation, one day in every function with a lag."""
    made = Counter((Path(m.file).stem + "." + m.function, m.kind == "day") for m in mutants.MUTANTS)
    functions = rule_functions()
    assert len(functions) > 50
    missing = [name for name in functions if name not in WITHOUT and not made[name, False]]
    assert not missing, f"add mistakes for these rules to tests/mutants.py: {missing}"
    lags = [name for name, node in functions.items() if has_lag(node) and name not in LAGS_ELSEWHERE]
    assert {"buy.buy_probability", "leave.return_probability", "remember.fading", "leave.faded_left"} <= set(lags)
    missing = [name for name in lags if not made[name, True]]
    assert not missing, f"add a shifted day for these rules to tests/mutants.py: {missing}"
    stale = [name for name in [*WITHOUT, *LAGS_ELSEWHERE] if name not in functions]
    assert not stale, f"no longer there: {stale}"


def test_tests_that_see_mistakes_exist() -> None:
    known: dict[str, set[str]] = {}
    for test in {killer for mutant in mutants.MUTANTS for killer in mutant.killers}:
        file, _, name = test.partition("::")
        if file not in known:
            known[file] = set(re.findall(r"^def (test_\w+)", (ROOT / file).read_text(encoding="utf-8"), re.MULTILINE))
        assert name.partition("[")[0] in known[file], test


def test_the_page_lists_exactly_these_mistakes() -> None:
    """docs/mutants.md is written by `make mutants`: the mistakes of today, each seen by a test that is still there."""
    seen = mutants.known()
    assert list(seen) == [mutants.row(mutant) for mutant in mutants.MUTANTS], "docs/mutants.md is old: make mutants"
    for row, seen_by in seen.items():
        if seen_by == mutants.ENDLESS:
            continue
        file, _, name = seen_by.partition(": ")
        text = (ROOT / "tests" / file).read_text(encoding="utf-8")
        assert re.search(rf"^def {re.escape(name.partition('[')[0])}\(", text, re.MULTILINE), row


def make(*options: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "tests/mutants.py", *options], cwd=ROOT, env={**os.environ, "PYTHONPATH": str(ROOT)},
        capture_output=True, text=True, check=False,
    )  # fmt: skip


@pytest.mark.skipif(not hasattr(os, "fork"), reason="the runner forks")
def test_a_mistake_is_seen_and_a_correct_rule_is_not() -> None:
    done = make("--only", "arrive.py:organic", "--quick")
    assert (done.returncode, done.stdout.count("test_prospects_come")) == (0, 1), done.stdout + done.stderr
    assert "0 not seen" in done.stdout


@pytest.mark.slow
@pytest.mark.skipif(not hasattr(os, "fork"), reason="the runner forks")
def test_all_mistakes_are_seen() -> None:
    """All of them, by the tests named beside each."""
    done = make("--quick")
    assert done.returncode == 0, done.stdout + done.stderr
