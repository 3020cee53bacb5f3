"""Our exp and log against mpmath, Python against compiled code, and the cache that never gives a stale answer."""

from __future__ import annotations

import math
import os
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import mpmath
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sim import _jit
from sim._jit import exp, kernel, log, logistic, power

ROOT = Path(__file__).resolve().parent.parent
TINY, HUGE = 2.2250738585072014e-308, 1.7976931348623157e308


@kernel
def _apply(which: int, xs: Any, ys: Any, out: Any) -> None:
    for i in range(xs.shape[0]):
        if which == 0:
            out[i] = exp(xs[i])
        elif which == 1:
            out[i] = log(xs[i])
        elif which == 2:
            out[i] = logistic(xs[i])
        else:
            out[i] = power(xs[i], ys[i])


@kernel
def _whole(k: int, out: Any) -> None:
    out[0] = exp(k)
    out[1] = log(k)


def _compiled(name: str, xs: Any, ys: Any = None) -> Any:
    xs = np.ascontiguousarray(xs, dtype=np.float64)
    out = np.empty_like(xs)
    _apply(["exp", "log", "logistic", "power"].index(name), xs, xs if ys is None else np.asarray(ys, dtype=float), out)
    return out


def _ulps(found: float, exact: Any) -> float:
    return float(abs(mpmath.mpf(float(found)) - exact) / mpmath.mpf(math.ulp(float(exact))))


def _same_bits(a: Any, b: Any) -> bool:
    return np.asarray(a, dtype=np.float64).tobytes() == np.asarray(b, dtype=np.float64).tobytes()


def _exp_points() -> Any:
    rng = np.random.default_rng(1)
    edges = [k * math.log(2) / 2 for k in range(-2042, 2046, 7)]  # where the reduction changes k
    small = np.concatenate([[0.0, -0.0], 10.0 ** rng.uniform(-320, 0, 500) * rng.choice([-1, 1], 500)])
    wide, ends = rng.uniform(-708, 709, 3000), [-708.0, 709.0, 1.0, -1.0]
    return np.concatenate([wide, rng.uniform(-2, 2, 2000), edges, small, ends])


def _log_points() -> Any:
    rng = np.random.default_rng(2)
    near_one = 1 + rng.choice([-1, 1], 1500) * 10.0 ** rng.uniform(-16, -1, 1500)
    powers = np.array([math.ldexp(1.0, k) for k in range(-1022, 1024, 13)])
    roots = powers[1:-1] * math.sqrt(0.5)  # where the split changes k
    around = np.concatenate([np.nextafter(roots, 0), roots, np.nextafter(roots, np.inf)])
    wide, ends = 10.0 ** rng.uniform(-307.6, 308, 3000), [1.0, TINY, HUGE, 0.5, 2.0]
    return np.concatenate([wide, near_one, powers, around, ends])


# --- accuracy ------------------------------------------------------------------------------------


def test_exp_is_within_one_ulp() -> None:
    xs = _exp_points()
    xs = xs[(xs >= -708) & (xs <= 709)]
    with mpmath.workdps(40):
        worst = max(_ulps(y, mpmath.exp(mpmath.mpf(float(x)))) for x, y in zip(xs, _compiled("exp", xs), strict=True))
    assert worst < 1.0


def test_log_is_within_one_ulp() -> None:
    xs = _log_points()
    with mpmath.workdps(40):
        worst = max(
            _ulps(y, mpmath.log(mpmath.mpf(float(x))))
            for x, y in zip(xs, _compiled("log", xs), strict=True)
            if x != 1.0
        )
    assert worst < 1.0


def test_exact_values_and_clamps() -> None:
    assert exp(0.0) == 1.0
    assert exp(-0.0) == 1.0
    assert log(1.0) == 0.0
    assert exp(-1e9) == exp(-708.0) == pytest.approx(math.exp(-708), rel=1e-15)
    assert exp(1e9) == exp(709.0) == pytest.approx(math.exp(709), rel=1e-15)
    assert exp(-math.inf) == exp(-708.0)
    assert exp(math.inf) == exp(709.0)
    assert TINY < exp(-708.0) < exp(709.0) < math.inf
    for nothing in (0.0, -0.0, -3.0, 5e-324, TINY):
        assert log(nothing) == log(TINY) == pytest.approx(-708.3964185322641, abs=1e-12)
    assert log(HUGE) == pytest.approx(709.782712893384, rel=1e-15)
    for k in range(-1000, 1001, 125):
        assert log(math.ldexp(1.0, k)) == pytest.approx(k * math.log(2), rel=2.3e-16)


def test_clamps_are_the_same_when_compiled() -> None:
    xs = [-math.inf, -1e9, -708.0, np.nextafter(-708.0, -709), 709.0, np.nextafter(709.0, 710), 1e9, math.inf]
    assert _same_bits(_compiled("exp", xs), [exp(x) for x in xs])
    ys = [0.0, -1.0, 5e-324, TINY, HUGE]
    assert _same_bits(_compiled("log", ys), [log(y) for y in ys])


def test_whole_numbers_are_welcome() -> None:
    out = np.empty(2)
    _whole(3, out)
    assert out.tolist() == [exp(3), log(3)] == [exp(3.0), log(3.0)]


@settings(max_examples=200, deadline=None)
@given(st.floats(-708, 709))
def test_exp_within_one_ulp_anywhere(x: float) -> None:
    with mpmath.workdps(40):
        assert _ulps(exp(x), mpmath.exp(mpmath.mpf(x))) < 1.0


@settings(max_examples=200, deadline=None)
@given(st.floats(TINY, HUGE).filter(lambda x: x != 1.0))
def test_log_within_one_ulp_anywhere(x: float) -> None:
    with mpmath.workdps(40):
        assert _ulps(log(x), mpmath.log(mpmath.mpf(x))) < 1.0


def test_exp_and_log_rise() -> None:
    assert (np.diff(_compiled("exp", np.linspace(-708, 709, 200_001))) > 0).all()
    assert (np.diff(_compiled("log", np.geomspace(TINY, 1e300, 200_001))) > 0).all()
    for centre in (-300.0, -1.0, -math.log(2) / 2, 1e-9, math.log(2) / 2, 5.0, 300.0):
        step = 4 * max(math.ulp(centre), 2**-52)
        assert (np.diff(_compiled("exp", centre + step * np.arange(-500, 500))) >= 0).all()
    for centre in (1e-300, math.sqrt(0.5), 1.0, math.sqrt(2), 7.0, 1e300):
        assert (np.diff(_compiled("log", centre + 4 * math.ulp(centre) * np.arange(-500, 500))) >= 0).all()


@settings(max_examples=100, deadline=None)
@given(st.floats(-600, 600))
def test_log_undoes_exp(x: float) -> None:
    assert log(exp(x)) == pytest.approx(x, abs=2e-16 + 1e-15 * abs(x))


def test_power() -> None:
    assert power(2.0, 10.0) == pytest.approx(1024.0, rel=1e-14)
    assert power(7.3, 0.0) == 1.0
    assert power(1.0, 123.4) == 1.0
    rng = np.random.default_rng(3)
    base, exponent = 10.0 ** rng.uniform(-3, 6, 500), rng.uniform(-3, 3, 500)
    np.testing.assert_allclose(_compiled("power", base, exponent), base**exponent, rtol=2e-14)


def test_logistic() -> None:
    assert logistic(0.0) == 0.5
    assert 0.0 < logistic(-1e6) < 1e-300
    assert logistic(1e6) == 1.0
    xs = np.linspace(-40, 40, 401)
    exact = [float(1 / (1 + mpmath.exp(-mpmath.mpf(float(x))))) for x in xs]
    found = _compiled("logistic", xs)
    np.testing.assert_allclose(found, exact, rtol=5e-16)
    np.testing.assert_allclose(found + found[::-1], 1.0, atol=3e-16)
    assert (np.diff(found) >= 0).all()


# --- Python = compiled ---------------------------------------------------------------------------


@pytest.mark.parametrize("name", ["exp", "log", "logistic", "power"])
def test_python_and_compiled_give_the_same_bits(name: str) -> None:
    rng = np.random.default_rng(4)
    xs = {
        "exp": _exp_points(),
        "log": _log_points(),
        "logistic": rng.uniform(-50, 50, 3000),
        "power": 10.0 ** rng.uniform(-5, 9, 3000),
    }[name]
    ys = rng.uniform(-2, 2, len(xs))
    function = getattr(_jit, name)
    pairs = zip(xs.tolist(), ys.tolist(), strict=True)
    mine = [function(x, y) if name == "power" else function(x) for x, y in pairs]
    assert _same_bits(_compiled(name, xs, ys), mine)


def _run(code: str, cwd: Path, **environment: str) -> str:
    done = subprocess.run(
        [sys.executable, "-W", "error", "-c", code], cwd=cwd, capture_output=True, text=True, timeout=120, check=False,
        env={**os.environ, "PYTHONDONTWRITEBYTECODE": "1", **environment},
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    return done.stdout.strip()


def test_without_the_compiler_the_bits_are_the_same(tmp_path: Path) -> None:
    code = """
import numpy as np
from sim import _jit, draws
from sim.rules import shelf
words = np.empty((50, 4), dtype=np.int64)
draws.blocks(2**47 + 3, 45, 7, np.arange(50) * 40_000_000, np.arange(50) << 30, words)
logs = np.empty(50)
shelf.log_ratios(np.arange(1, 51) * 37, 3000.0 - np.arange(50), logs)
print(_jit.IS_COMPILED, words.tobytes().hex(), logs.tobytes().hex())
"""
    place = {"PYTHONPATH": str(ROOT)}
    plain = _run(code, tmp_path, NUMBA_DISABLE_JIT="1", **place).split()
    compiled = _run(code, tmp_path, NUMBA_DISABLE_JIT="0", **place).split()
    assert plain[0] == "False"
    assert compiled[0] == "True"
    assert plain[1:] == compiled[1:]


# --- the cache -----------------------------------------------------------------------------------

_DEEP = '''"""A rule below a rule."""
from sim._jit import rule


@rule
def factor() -> float:
    return 2.0
'''
_RULE = '''"""A rule of a test."""
from sim._jit import rule
from sim.rules.deep import (
    factor,
)


@rule
def scaled(x: float) -> float:
    return factor() * x
'''
_KERNEL = '''"""A kernel of a test."""
from sim import a_rule
from sim._jit import kernel


@kernel
def total(xs):
    t = 0.0
    for i in range(xs.shape[0]):
        t += a_rule.scaled(xs[i])
    return t
'''
_ASK = """
import numpy as np
from sim import _jit
from sim.a_kernel import total
answer = total(np.ones(5))
hits, misses = sum(total.stats.cache_hits.values()), sum(total.stats.cache_misses.values())
print(answer, hits, misses, total.stats.cache_path)
"""


def test_an_edited_rule_in_another_file_gives_the_new_answer(tmp_path: Path) -> None:
    shutil.copytree(ROOT / "sim", tmp_path / "sim", ignore=shutil.ignore_patterns("__pycache__"))
    (tmp_path / "sim" / "rules" / "deep.py").write_text(_DEEP)
    (tmp_path / "sim" / "a_rule.py").write_text(_RULE)
    (tmp_path / "sim" / "a_kernel.py").write_text(_KERNEL)
    place = {"PYTHONPATH": str(tmp_path), "GRAPEVINE_CACHE_DIR": str(tmp_path / "cache")}

    def ask() -> tuple[float, int, int, str]:
        answer, hits, misses, folder = _run(_ASK, tmp_path, **place).split()
        return float(answer), int(hits), int(misses), folder

    def written(folder: str) -> dict[str, int]:
        return {str(p): p.stat().st_mtime_ns for p in Path(folder).rglob("*.nb?")}

    first = ask()
    assert first[:3] == (10.0, 0, 1)
    code = written(first[3])
    assert code, "machine code is kept"
    assert str(tmp_path / "cache") in first[3]

    # what the kernel does not depend on may change
    (tmp_path / "sim" / "plots.py").write_text('"""Nothing."""\n')
    assert ask() == (10.0, 1, 0, first[3])  # loaded, not compiled
    assert written(first[3]) == code

    kernel_file = (tmp_path / "sim" / "a_kernel.py").stat()
    (tmp_path / "sim" / "rules" / "deep.py").write_text(_DEEP.replace("2.0", "3.0"))  # two imports away
    edited = ask()
    assert edited[:3] == (15.0, 0, 1)
    assert edited[3] != first[3]
    (tmp_path / "sim" / "a_rule.py").write_text(_RULE.replace("* x", "* x + 1.0"))
    assert ask()[:3] == (20.0, 0, 1)
    assert (tmp_path / "sim" / "a_kernel.py").stat().st_mtime_ns == kernel_file.st_mtime_ns


def test_importing_leaves_numbas_cache_setting_alone(tmp_path: Path) -> None:
    code = """
import numba
before = numba.config.CACHE_DIR
from sim import _jit, draws
from sim.rules import shelf
assert before == numba.config.CACHE_DIR == {expected!r}, numba.config.CACHE_DIR
print(draws.blocks.stats.cache_path, shelf.show.stats.cache_path)
"""
    place = {"PYTHONPATH": str(ROOT), "GRAPEVINE_CACHE_DIR": str(tmp_path / "ours")}
    assert str(tmp_path / "ours") in _run(code.format(expected=""), tmp_path, **place, NUMBA_CACHE_DIR="")
    theirs = str(tmp_path / "theirs")
    assert str(tmp_path / "ours") in _run(code.format(expected=theirs), tmp_path, **place, NUMBA_CACHE_DIR=theirs)
    assert not Path(theirs).exists()


def test_a_folder_that_cannot_be_written_is_no_reason_to_stop(tmp_path: Path) -> None:
    blocked = tmp_path / "a_file"
    blocked.write_text("not a folder")
    place = {"PYTHONPATH": str(ROOT), "GRAPEVINE_CACHE_DIR": str(blocked), "TMPDIR": str(tmp_path / "tmp")}
    (tmp_path / "tmp").mkdir()
    folder = Path(_run("from sim import _jit; print(_jit.CACHE_ROOT)", tmp_path, **place))
    _run("from sim import draws", tmp_path, **place)
    assert folder.is_dir()
    assert tmp_path / "tmp" in folder.parents


def test_old_code_is_dropped_and_recent_code_kept(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for name, days in {"jit-old": 40, "jit-recent": 3, "other": 40}.items():
        (tmp_path / name).mkdir()
        when = (tmp_path / name).stat().st_mtime - days * 86_400
        os.utime(tmp_path / name, (when, when))
    monkeypatch.setattr(_jit, "CACHE_ROOT", tmp_path)
    _jit._prune()
    assert {p.name for p in tmp_path.iterdir()} == {"jit-recent", "other"}


def test_a_kernel_is_compiled_without_unsafe_shortcuts() -> None:
    options = _apply.targetoptions  # type: ignore[attr-defined]
    assert not options["fastmath"]
    assert options["error_model"] == "numpy"
    assert not options.get("parallel", False)
