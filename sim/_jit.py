"""The compiler's switches and the few numerical functions every driver must agree on; imports nothing of ours.

This is the only file that knows how Numba is configured. `rule` marks a function that is written
once and called both from compiled kernels and from plain Python; `kernel` marks a compiled loop
over columns. `exp`, `log` and friends are our own because libm's differ between processors by an
ulp, and one ulp is enough to turn a purchase into none.
"""

from __future__ import annotations

import functools
import hashlib
import math
import os
import re
import shutil
import struct
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from types import ModuleType
from typing import Any, TypeVar, cast

import numba
import numpy as np
from numba import njit, types
from numba.extending import intrinsic, overload, register_jitable

_F = TypeVar("_F", bound=Callable[..., Any])

#: error_model="numpy": a division does not branch to raise, so loops vectorise (measured 3x on `exp`).
#: No fastmath and no contraction: the same bits on every processor.
_FLAGS: dict[str, Any] = {"error_model": "numpy", "nogil": True, "fastmath": False, "boundscheck": False}

IS_COMPILED: bool = not numba.config.DISABLE_JIT


_ROOT = Path(__file__).resolve().parent
_IMPORT = re.compile(r"^\s*(?:from (sim(?:\.\w+)*) import (\([^)]*\)|[^\n#]*)|import (sim(?:\.\w+)*))", re.MULTILINE)


@functools.cache
def _read(path: Path) -> tuple[bytes, tuple[Path, ...]]:
    """Content of one of our modules, and the files of ours that it imports anywhere."""
    content = path.read_bytes()
    found = set()
    for package, names, module in _IMPORT.findall(content.decode()):
        base = _ROOT.parent.joinpath(*(package or module).split("."))
        found |= {base.with_suffix(".py"), base / "__init__.py"}
        found |= {base / f"{name}.py" for name in re.findall(r"\w+", names)}
        found |= {base / name / "__init__.py" for name in re.findall(r"\w+", names)}
    # the package's own front door only re-exports: no kernel depends on it, and it leads to every file there is
    return content, tuple(sorted(file for file in found - {_ROOT / "__init__.py"} if file.is_file()))


@functools.cache
def source_digest(file: str) -> str:
    """Hash of everything a kernel in this file can depend on: all it imports of ours, the compiler, its flags."""
    start = Path(file).resolve()
    ours = start.is_relative_to(_ROOT)
    todo = [start] if ours else [start, *sorted(_ROOT.rglob("*.py"))]
    seen: set[Path] = set()
    while todo:
        path = todo.pop()
        if path not in seen:
            seen.add(path)
            todo += _read(path)[1] if path.is_file() else ()
    digest = hashlib.sha256()
    for path in sorted(seen | {_ROOT / "_jit.py"}):
        if path.is_file():
            digest.update(path.name.encode() + _read(path)[0])
    digest.update(repr((numba.__version__, np.__version__, sys.version_info[:2], sorted(_FLAGS.items()))).encode())
    return digest.hexdigest()[:16]


def _cache_root() -> Path:
    asked = os.environ.get("GRAPEVINE_CACHE_DIR")
    base = Path(asked) if asked else Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "grapevine"
    try:
        base.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryFile(dir=base):
            return base
    except OSError:
        return Path(tempfile.gettempdir()) / f"grapevine-{os.getuid() if hasattr(os, 'getuid') else 'cache'}"


CACHE_ROOT: Path = _cache_root()


@functools.cache
def cache_folder(file: str) -> Path:
    """Folder for the machine code of a file's kernels, named by the digest of all sources they depend on.

    Numba's own cache looks only at the file of the kernel: an edited rule in another file would still
    give the old answer. This name makes a stale hit impossible.
    """
    folder = CACHE_ROOT / f"jit-{source_digest(file)}"
    folder.mkdir(parents=True, exist_ok=True)
    os.utime(folder)
    return folder


def _prune(older_than_days: float = 30.0) -> None:
    """Drop compiled code of source states not used for a while; another process may still use a recent one."""
    for folder in CACHE_ROOT.glob("jit-*"):
        try:
            if folder.stat().st_mtime < time.time() - older_than_days * 86_400:
                shutil.rmtree(folder, ignore_errors=True)
        except OSError:
            continue


_prune()


def rule(function: _F) -> _F:
    """Mark a function as part of the model: plain Python when called from Python, compiled inside kernels."""
    # Rules take records of many arrays; a real call would copy them and count references on each.
    return cast(_F, register_jitable(error_model="numpy", fastmath=False, forceinline=True, _nrt=False)(function))


def part(function: _F) -> _F:
    """Mark a piece of a kernel that may allocate arrays (a rule may not)."""
    return cast(_F, register_jitable(error_model="numpy", fastmath=False)(function))


def kernel(function: _F) -> _F:
    """Compile a loop on its first call, and keep the machine code between processes."""
    return _compiled(function, {})


def column_kernel(function: _F) -> _F:
    """A kernel over columns it is given: it allocates no array, so nobody needs to count references.

    Counting them on every array of every record costs more than the model itself (measured: nearly 3x).
    """
    return _compiled(function, {"_nrt": False})


def function_kernel(function: _F) -> _F:
    """A column kernel that takes a function (`as_argument`) as its first argument.

    Numba cannot keep such machine code, so it is compiled in every process anew: keep it tiny.
    """
    return cast(_F, njit(**_FLAGS, _nrt=False)(function))


@functools.cache
def as_argument(function: Callable[..., Any]) -> Any:
    """A rule as an argument of a `function_kernel`."""
    return njit(**_FLAGS)(function)


def _compiled(function: _F, more: dict[str, Any]) -> _F:
    before = numba.config.CACHE_DIR
    # read by Numba while it decorates, put back at once
    numba.config.CACHE_DIR = str(cache_folder(function.__code__.co_filename))
    try:
        return cast(_F, njit(cache=True, **_FLAGS, **more)(function))
    finally:
        numba.config.CACHE_DIR = before


class Direct:
    """The kernels of a module for one run: the same calls, without finding out each time of what types they are.

    Numba looks at every array of every record at every call, which takes some 30 microseconds where the call itself
    takes two. Within a run the types never change (tests/test_engines_direct.py watches them), so the first call of a
    kernel is Numba's and all others go straight to its machine code.
    """

    def __init__(self, module: ModuleType) -> None:
        self._module = module

    def __getattr__(self, name: str) -> Any:
        """A kernel that was not called yet; anything else of the module as it is."""
        kernel = getattr(self._module, name)
        if not hasattr(kernel, "overloads"):  # a plain function, or the compiler is switched off
            return kernel

        def first(*arguments: Any) -> Any:
            answer = kernel(*arguments)
            setattr(self, name, _machine_code(kernel, arguments))
            return answer

        return first


def _machine_code(kernel: Any, arguments: tuple[Any, ...]) -> Callable[..., Any]:
    """What a kernel was compiled to for arguments of these types."""
    compiled = kernel.overloads
    if len(compiled) == 1:
        return cast(Callable[..., Any], next(iter(compiled.values())).entry_point)
    found = compiled.get(tuple(numba.typeof(argument) for argument in arguments))
    chosen: Callable[..., Any] = kernel if found is None else found.entry_point
    return chosen


# --- bits of a float -----------------------------------------------------------------------------


@intrinsic
def _to_bits(typingctx: Any, x: Any) -> Any:
    def codegen(context: Any, builder: Any, signature: Any, args: Any) -> Any:
        return builder.bitcast(args[0], context.get_value_type(types.int64))

    return types.int64(types.float64), codegen


@intrinsic
def _from_bits(typingctx: Any, k: Any) -> Any:
    def codegen(context: Any, builder: Any, signature: Any, args: Any) -> Any:
        return builder.bitcast(args[0], context.get_value_type(types.float64))

    return types.float64(types.int64), codegen


_MAGIC = 6755399441055744.0  # 1.5 * 2**52: adding it leaves an integer in the low bits of the mantissa
_MAGIC_BITS: int = struct.unpack("<q", struct.pack("<d", _MAGIC))[0]
_HALF_ROOT_BITS = 0x3FE6A09E00000000  # the float just below sqrt(1/2) whose low word is zero
_HALF_ROOT: float = struct.unpack("<d", struct.pack("<q", _HALF_ROOT_BITS))[0]


def _scale(shifted: float) -> float:
    """2**k for `shifted` = _MAGIC + k, k an integer in [-1022, 1023]."""
    return math.ldexp(1.0, int(shifted - _MAGIC))


@overload(_scale)
def _scale_compiled(shifted):  # type: ignore[no-untyped-def]
    return lambda shifted: _from_bits((_to_bits(shifted) + 1023) << 52)


def _split(x: float) -> tuple[float, float]:
    """x = m * 2**k with m in [sqrt(1/2), sqrt(2)); returns (m, k as a float). x positive and normal."""
    m, k = math.frexp(x)
    if m < _HALF_ROOT:
        return m * 2.0, float(k - 1)
    return m, float(k)


@overload(_split)
def _split_compiled(x):  # type: ignore[no-untyped-def]
    def implementation(x):  # type: ignore[no-untyped-def]
        bits = _to_bits(x)
        k = (bits - _HALF_ROOT_BITS) >> 52
        return _from_bits(bits - (k << 52)), _from_bits(k + _MAGIC_BITS) - _MAGIC

    return implementation


# --- exp, log, pow: fdlibm's polynomials (Sun Microsystems 1993), below 1 ulp, no contraction -------

_INV_LN2 = 1.44269504088896338700e00
_LN2_HI = 6.93147180369123816490e-01
_LN2_LO = 1.90821492927058770002e-10


@rule
def exp(x: float) -> float:
    """e**x. Arguments are clamped to [-708, 709], so the answer is always a normal number."""
    x = min(max(x, -708.0), 709.0)
    shifted = x * _INV_LN2 + _MAGIC
    k = shifted - _MAGIC
    high = x - k * _LN2_HI
    low = k * _LN2_LO
    r = high - low
    t = r * r
    c = r - t * (
        1.66666666666666019037e-01
        + t
        * (
            -2.77777777770155933842e-03
            + t * (6.61375632143793436117e-05 + t * (-1.65339022054652515390e-06 + t * 4.13813679705723846039e-08))
        )
    )
    return (1.0 - ((low - (r * c) / (2.0 - c)) - high)) * _scale(shifted)


@rule
def log(x: float) -> float:
    """Natural logarithm of a positive, normal x. Smaller arguments are read as 2.3e-308."""
    x = max(x, 2.2250738585072014e-308)
    m, k = _split(x)
    f = m - 1.0
    s = f / (2.0 + f)
    z = s * s
    w = z * z
    t1 = w * (3.999999999940941908e-01 + w * (2.222219843214978396e-01 + w * 1.531383769920937332e-01))
    t2 = z * (
        6.666666666666735130e-01
        + w * (2.857142874366239149e-01 + w * (1.818357216161805012e-01 + w * 1.479819860511658591e-01))
    )
    half = 0.5 * f * f
    return k * _LN2_HI - ((half - (s * (half + t1 + t2) + k * _LN2_LO)) - f)


@rule
def power(base: float, exponent: float) -> float:
    """base**exponent for base > 0, through our own exp and log."""
    return exp(exponent * log(base))


@rule
def logistic(x: float) -> float:
    """1 / (1 + e**-x)."""
    return 1.0 / (1.0 + exp(-x))


# --- Philox4x32-10 -------------------------------------------------------------------------------

MASK32 = 0xFFFFFFFF
_M0, _M1 = 0xD2511F53, 0xCD9E8D57
_W0, _W1 = 0x9E3779B9, 0xBB67AE85


def philox(c0: int, c1: int, c2: int, c3: int, k0: int, k1: int) -> tuple[int, int, int, int]:
    """Philox4x32-10 of counter (c0..c3) and key (k0, k1), all 32-bit words (Salmon et al. 2011)."""
    for _ in range(10):
        p0, p1 = _M0 * c0, _M1 * c2
        c0, c1, c2, c3 = (p1 >> 32) ^ c1 ^ k0, p1 & MASK32, (p0 >> 32) ^ c3 ^ k1, p0 & MASK32
        k0, k1 = (k0 + _W0) & MASK32, (k1 + _W1) & MASK32
    return c0, c1, c2, c3


_U32, _U64, _SHIFT = np.uint32, np.uint64, np.uint64(32)
_M0_U64, _M1_U64, _W0_U32, _W1_U32 = np.uint64(_M0), np.uint64(_M1), np.uint32(_W0), np.uint32(_W1)


@register_jitable
def _typed_round(a, b, c, d, k, m):  # type: ignore[no-untyped-def]
    p0 = _M0_U64 * _U64(a)
    p1 = _M1_U64 * _U64(c)
    return _U32(_U32(_U32(p1 >> _SHIFT) ^ b) ^ k), _U32(p1), _U32(_U32(_U32(p0 >> _SHIFT) ^ d) ^ m), _U32(p0)


@register_jitable
def _typed_rounds(a, b, c, d, k, m):  # type: ignore[no-untyped-def]
    for _ in range(10):
        a, b, c, d = _typed_round(a, b, c, d, k, m)
        k = _U32(k + _W0_U32)
        m = _U32(m + _W1_U32)
    return a, b, c, d


@overload(philox)
def _philox_compiled(c0, c1, c2, c3, k0, k1):  # type: ignore[no-untyped-def]
    # The one thing that has a second, typed text: only products of zero-extended 32-bit words let
    # LLVM vectorise (1.3 ns a block against 16; tests hold the two versions together bit by bit).
    def implementation(c0, c1, c2, c3, k0, k1):  # type: ignore[no-untyped-def]
        a, b, c, d = _typed_rounds(_U32(c0), _U32(c1), _U32(c2), _U32(c3), _U32(k0), _U32(k1))
        return np.int64(a), np.int64(b), np.int64(c), np.int64(d)

    return implementation
