"""Random numbers by name: known answers, an independent Philox, uniformity, independence, one purpose = one place.

`numpy.random.Philox` is Philox4x64, another function: it cannot serve as the second opinion here. The
known answers are those of Random123 (kat_vectors, philox4x32 10), the second opinion is written below.
"""

from __future__ import annotations

import ast
import itertools
from collections import Counter
from pathlib import Path
from typing import Any

import mpmath
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats

from sim import draws
from sim._jit import kernel, philox

SIM = Path(draws.__file__).resolve().parent
KNOWN = [
    ("00000000 00000000 00000000 00000000", "00000000 00000000", "6627e8d5 e169c58d bc57ac4c 9b00dbd8"),
    ("ffffffff ffffffff ffffffff ffffffff", "ffffffff ffffffff", "408f276d 41c83b0e a20bc7c6 6d5451fd"),
    ("243f6a88 85a308d3 13198a2e 03707344", "a4093822 299f31d0", "d16cfe09 94fdcceb 5001e420 24126ea1"),
]


def _words(text: str) -> tuple[int, ...]:
    return tuple(int(word, 16) for word in text.split())


def _second_opinion(counter: tuple[int, ...], key: tuple[int, ...]) -> tuple[int, ...]:
    """Philox4x32-10 from the paper: S-box and P-box written out on lists, keys bumped between rounds only."""
    x, k = list(counter), list(key)
    for number in range(10):
        if number:
            k = [(k[0] + 0x9E3779B9) % 2**32, (k[1] + 0xBB67AE85) % 2**32]
        (high_0, low_0), (high_1, low_1) = divmod(x[0] * 0xD2511F53, 2**32), divmod(x[2] * 0xCD9E8D57, 2**32)
        x = [high_1 ^ x[1] ^ k[0], low_1, high_0 ^ x[3] ^ k[1], low_0]
    return tuple(x)


@kernel
def _philox_kernel(words: Any, out: Any) -> None:
    for i in range(words.shape[0]):
        a, b, c, d = philox(words[i, 0], words[i, 1], words[i, 2], words[i, 3], words[i, 4], words[i, 5])
        out[i, 0], out[i, 1], out[i, 2], out[i, 3] = a, b, c, d


@kernel
def _block_kernel(seed: int, purpose: int, day: int, agent: int, item: int, out: Any) -> None:
    out[0], out[1], out[2], out[3] = draws.block(seed, purpose, day, agent, item)


@kernel
def _normals(words: Any, out: Any) -> None:
    for i in range(words.shape[0]):
        out[i] = draws.normal(draws.unit(words[i]))


@kernel
def _gammas(shape: float, seed: int, out: Any) -> None:
    for i in range(out.shape[0]):
        out[i] = draws.gamma(shape, seed, 99, i, 5)


@kernel
def _betas(a: float, b: float, seed: int, out: Any) -> None:
    for i in range(out.shape[0]):
        out[i] = draws.beta(a, b, seed, 99, i, 8)


def _compiled(rows: list[tuple[int, ...]]) -> list[tuple[int, ...]]:
    out = np.empty((len(rows), 4), dtype=np.int64)
    _philox_kernel(np.array(rows, dtype=np.int64), out)
    return [tuple(row) for row in out.tolist()]


def _units(seed: int = 7, purpose: int = 45, day: int = 3, agents: Any = None, items: Any = None) -> Any:
    """Uniform numbers, one row a name, four lanes."""
    agents = np.arange(100_000) if agents is None else np.asarray(agents)
    items = np.zeros(len(agents), dtype=np.int64) if items is None else np.asarray(items)
    out = np.empty((len(agents), 4), dtype=np.int64)
    draws.blocks(seed, purpose, day, agents.astype(np.int64), items.astype(np.int64), out)
    return (out + 0.5) / 2**32


# --- the function itself -------------------------------------------------------------------------


@pytest.mark.parametrize(("counter", "key", "answer"), KNOWN, ids=["zeros", "ones", "pi"])
def test_known_answers_of_random123(counter: str, key: str, answer: str) -> None:
    assert philox(*_words(counter), *_words(key)) == _words(answer)
    assert _second_opinion(_words(counter), _words(key)) == _words(answer)
    assert _compiled([(*_words(counter), *_words(key))]) == [_words(answer)]


word = st.integers(0, 2**32 - 1)


@settings(max_examples=200, deadline=None)
@given(st.tuples(word, word, word, word), st.tuples(word, word))
def test_python_compiled_and_second_opinion_agree(counter: tuple[int, ...], key: tuple[int, ...]) -> None:
    expected = _second_opinion(counter, key)
    assert philox(*counter, *key) == expected
    assert _compiled([(*counter, *key)]) == [expected]


@settings(max_examples=200, deadline=None)
@given(
    st.integers(0, 2**48 - 1),
    st.integers(0, 2**32 - 1),
    st.integers(-(2**15), 2**15 - 1),
    st.integers(0, 2**32 - 1),
    st.integers(-(2**63), 2**63 - 1),
)
def test_block_packs_the_name_the_same_in_both_drivers(
    seed: int, purpose: int, day: int, agent: int, item: int
) -> None:
    low, high = item % 2**32, (item >> 32) % 2**32
    expected = _second_opinion((agent, low, high, day % 2**16 + (seed >> 32) * 2**16), (seed % 2**32, purpose))
    assert draws.block(seed, purpose, day, agent, item) == expected
    typed = (np.int64(seed), np.int64(purpose), np.int64(day), np.int64(agent), np.int64(item))
    assert draws.block(*typed) == expected  # numbers out of arrays
    out = np.empty(4, dtype=np.int64)
    _block_kernel(*typed, out)
    assert tuple(out.tolist()) == expected


def test_every_part_of_a_name_counts() -> None:
    name = (2**47 + 5, 45, 12, 9_000, (3 << 32) | 17)
    changed = [
        (2**47 + 6, *name[1:]), (5, *name[1:]), (name[0], 46, *name[2:]), (*name[:2], 13, *name[3:]),
        (*name[:3], 9_001, name[4]), (*name[:4], (3 << 32) | 18), (*name[:4], (4 << 32) | 17), (*name[:4], 17),
    ]  # fmt: skip
    assert len({draws.block(*n) for n in [name, *changed]}) == 1 + len(changed)


def test_pair_is_one_to_one_and_leaves_room_for_both() -> None:
    ends = [0, 1, 2**31 - 1]
    items = {draws.pair(a, b): (a, b) for a in ends for b in ends}
    assert len(items) == 9
    assert all((item >> 32, item & 0xFFFFFFFF) == names for item, names in items.items())
    assert max(items) < 2**63


def test_units_stay_inside_the_open_interval() -> None:
    assert 0.0 < draws.unit(0) < draws.unit(1) < draws.unit(2**32 - 1) < 1.0
    assert draws.unit(0) == 2.0**-33
    assert draws.unit(2**31 - 1) + draws.unit(2**31) == 1.0
    assert draws.u01(1, 2, 3, 4, 5) == draws.unit(draws.block(1, 2, 3, 4, 5)[0])


# --- uniform, independent ------------------------------------------------------------------------


@pytest.mark.parametrize("seed", [0, 1, 2**48 - 1])
def test_every_lane_is_uniform(seed: int) -> None:
    u = _units(seed)
    for lane in range(4):
        counts = np.bincount((u[:, lane] * 256).astype(int), minlength=256)
        assert stats.chisquare(counts).pvalue > 1e-4
        assert stats.kstest(u[:, lane], "uniform").pvalue > 1e-4


def test_low_bits_are_uniform_too() -> None:
    out = np.empty((100_000, 4), dtype=np.int64)
    draws.blocks(3, 45, 1, np.arange(100_000), np.zeros(100_000, dtype=np.int64), out)
    for lane in range(4):
        assert stats.chisquare(np.bincount(out[:, lane] & 255, minlength=256)).pvalue > 1e-4


_N = np.arange(100_000)
PAIRS: dict[str, tuple[dict[str, Any], dict[str, Any]]] = {
    "purposes": ({"purpose": draws.BUY}, {"purpose": draws.CHOICE}),
    "core and strategy purpose": ({"purpose": 1}, {"purpose": 2**31 + 1}),
    "days": ({"day": 1}, {"day": 2}),
    "days far apart": ({"day": 1}, {"day": -1}),
    "agents": ({"agents": _N}, {"agents": _N + 1}),
    "items": ({"items": _N}, {"items": _N + 1}),
    "high items": ({"items": _N}, {"items": _N + 2**32}),
    "agent and item": ({"agents": _N}, {"agents": 0 * _N, "items": _N}),
    "seeds": ({"seed": 7}, {"seed": 8}),
    "high seeds": ({"seed": 7}, {"seed": 7 + 2**47}),
    "world and noise": (
        {"seed": draws.derived_seed(1, draws.SEED_OF_WORLD, 0)},
        {"seed": draws.derived_seed(1, draws.SEED_OF_NOISE, 0)},
    ),
    "noise seeds": (
        {"seed": draws.derived_seed(1, draws.SEED_OF_NOISE, 0)},
        {"seed": draws.derived_seed(1, draws.SEED_OF_NOISE, 1)},
    ),
}


def _look_independent(a: Any, b: Any) -> None:
    assert abs(np.corrcoef(a, b)[0, 1]) < 4.5 / np.sqrt(len(a))
    assert abs(np.corrcoef(np.abs(a - 0.5), np.abs(b - 0.5))[0, 1]) < 4.5 / np.sqrt(len(a))
    cells = np.bincount((a * 16).astype(int) * 16 + (b * 16).astype(int), minlength=256)
    assert stats.chisquare(cells).pvalue > 1e-5


@pytest.mark.parametrize("what", PAIRS)
def test_names_that_differ_in_one_part_are_independent(what: str) -> None:
    one, other = PAIRS[what]
    a, b = _units(**one), _units(**other)
    for lane in range(4):
        _look_independent(a[:, lane], b[:, lane])


def test_lanes_are_independent() -> None:
    u = _units()
    for first, second in itertools.combinations(range(4), 2):
        _look_independent(u[:, first], u[:, second])


def test_successive_agents_days_and_items_make_no_runs() -> None:
    for one in (_units(), _units(agents=0 * _N, items=_N)):
        _look_independent(one[:-1, 0], one[1:, 0])
        rises = np.diff(one[:, 0]) > 0
        up_up, down_down = (rises[:-1] & rises[1:]).sum(), (~rises[:-1] & ~rises[1:]).sum()
        assert stats.chisquare([up_up, down_down]).pvalue > 1e-5


# --- distributions -------------------------------------------------------------------------------


@settings(max_examples=150, deadline=None)
@given(st.integers(0, 2**32 - 1))
def test_normal_against_mpmath(w: int) -> None:
    u = draws.unit(w)
    with mpmath.workdps(40):
        exact = mpmath.sqrt(2) * mpmath.erfinv(2 * mpmath.mpf(u) - 1)
        assert abs(draws.normal(u) - exact) <= 1e-15 * max(abs(exact), mpmath.mpf(10) ** -12)


def test_normal_in_its_three_branches_and_at_the_ends() -> None:
    ends = [0, 1, 2, 60, 2**31 - 1, 2**31, 2**32 - 1]
    words = np.concatenate([ends, np.linspace(0, 2**32 - 1, 20_001).astype(np.int64)])
    out = np.empty(len(words))
    _normals(words.astype(np.int64), out)
    u = (words + 0.5) / 2**32
    np.testing.assert_allclose(out, stats.norm.ppf(u), rtol=2e-14, atol=1e-14)
    assert (np.diff(out[7:]) > 0).all()
    assert np.array_equal(out[:7], [draws.normal(draws.unit(int(w))) for w in words[:7]])
    assert draws.normal(0.5) == 0.0
    assert draws.normal(draws.unit(0)) == -draws.normal(draws.unit(2**32 - 1))
    assert draws.normal(1e-20) == pytest.approx(stats.norm.ppf(1e-20), rel=1e-13)  # beyond what a word can reach


def test_normal_variates_have_the_shape() -> None:
    out = np.empty(100_000)
    words = np.empty((100_000, 4), dtype=np.int64)
    draws.blocks(11, 15, 0, _N, 0 * _N, words)
    _normals(np.ascontiguousarray(words[:, 0]), out)
    assert stats.kstest(out, "norm").pvalue > 1e-4
    assert abs(out.mean()) < 0.015
    assert abs(out.std() - 1) < 0.01


def test_gumbel_is_a_gumbel_and_its_largest_a_softmax() -> None:
    u = _units()[:, 0]
    assert draws.gumbel(0.5) == pytest.approx(-np.log(np.log(2)), abs=1e-15)
    g = np.array([draws.gumbel(float(x)) for x in u[:20_000]])
    assert stats.kstest(g, "gumbel_r").pvalue > 1e-4
    assert np.isfinite([draws.gumbel(draws.unit(0)), draws.gumbel(draws.unit(2**32 - 1))]).all()


@pytest.mark.parametrize("shape", [0.2, 0.35, 1.0, 1.2, 5.0, 60.0, 731.2])
def test_gamma_moments_and_shape(shape: float) -> None:
    out = np.empty(60_000)
    _gammas(shape, 4, out)
    assert stats.kstest(out, "gamma", args=(shape,)).pvalue > 1e-4
    assert abs(out.mean() - shape) < 4.5 * np.sqrt(shape / len(out))
    assert out.var() == pytest.approx(shape, rel=4.5 * np.sqrt((2 + 6 / shape) / len(out)))
    assert [draws.gamma(shape, 4, 99, i, 5) for i in range(20)] == out[:20].tolist()


@pytest.mark.parametrize(("a", "b"), [(0.35, 1.2), (0.704, 1.182), (0.35, 731.2), (3.0, 9.0), (0.27, 3.0)])
def test_beta_moments_and_shape(a: float, b: float) -> None:
    out = np.empty(60_000)
    _betas(a, b, 4, out)
    assert stats.kstest(out, "beta", args=(a, b)).pvalue > 1e-4
    mean, var = stats.beta.stats(a, b)
    assert abs(out.mean() - mean) < 4.5 * np.sqrt(var / len(out))
    assert out.var() == pytest.approx(float(var), rel=0.05)
    assert ((out >= 0) & (out <= 1)).all()
    assert [draws.beta(a, b, 4, 99, i, 8) for i in range(20)] == out[:20].tolist()


# --- seeds ---------------------------------------------------------------------------------------


def test_derived_seeds_have_48_bits_and_do_not_collide() -> None:
    seeds = [draws.derived_seed(1, draws.SEED_OF_WORLD, k) for k in range(50_000)]
    seeds += [draws.derived_seed(1, draws.SEED_OF_NOISE, k) for k in range(50_000)]
    assert len(set(seeds)) == 100_000
    assert min(seeds) >= 0
    assert 2**47 < max(seeds) < 2**48
    assert stats.kstest(np.array(seeds) / 2**48, "uniform").pvalue > 1e-4


def test_every_64_bit_integer_is_a_seed_of_its_own() -> None:
    users = [0, 1, 2, 2**32, 2**47, 2**48, 2**48 + 1, 2**63, 2**64 - 1]
    assert len({draws.derived_seed(user, draws.SEED_OF_WORLD, 0) for user in users}) == len(users)


# --- purposes ------------------------------------------------------------------------------------

PURPOSES = {
    name: value for name, value in vars(draws).items() if name.isupper() and type(value) is int and name != "MASK32"
}
#: Purposes that appear more than once in the source, and why that is one draw.
SEVERAL_PLACES = {
    "PERSONA": 2,  # put in order together with other fields, and read by its name again: one draw
    "TRAIT_NOISE": 4,  # likewise; traits are items 0-6, tastes items 10-12
    # alone is the product's id, in a team the id + 2^32; once more, with bargains (the id + 3 * 2^32), where one may
    "CHOICE": 5,
    "SLOT_SOURCE": 2,  # one visitor's slots (rules), or those of many visitors together (engines): the same names
    # all blocks of a slot, or the first: of one filled from a list (rules), of many visitors together, of many slots
    # that a recommender fills (both engines)
    "SLOT_ITEM": 4,
    # the whole decision (rules); of many visitors together (engines); bargains
    "BUY": 3,
    "FULFIL": 2,  # what became of an order, and the same read again by the fact that is about it
    # who may act (dense), and once more whether and what it is that they do; both again where adoption is played alone
    "LIFE": 4,
    "ACCEPT": 2,  # rules, and adoption played alone
    "INBOX_TIE": 2,  # both sides of one comparison, named by product
    # the door looks at the products of the first world, laboratories draw from its seed: the same name, the same seed
    "SEED_OF_WORLD": 3,
}
#: The two drivers tell the same day twice, so what a driver itself draws stands once in each.
OTHER_DRIVER = ("engines/objects.py", "engines/shoppers.py")
#: Statistics of answers and points of designs, not luck in the world: these may use a generator of their own.
NOT_THE_WORLD = ("studies/", "design/", "evidence/", "plots/", "report")


def _trees() -> dict[str, ast.Module]:
    files = [path for path in sorted(SIM.rglob("*.py")) if path.name != "draws.py"]
    return {path.relative_to(SIM).as_posix(): ast.parse(path.read_text(encoding="utf-8")) for path in files}


def test_purposes_have_numbers_of_their_own_below_2_to_16() -> None:
    assert len(PURPOSES) > 30
    assert len(set(PURPOSES.values())) == len(PURPOSES)
    assert all(0 < number < 2**16 for number in PURPOSES.values())


def _places(tree: ast.Module) -> Counter[str]:
    """How often each purpose is used in a file."""
    ours = {
        alias.asname or alias.name  # `from sim.draws import PRODUCT`; records.KOL is no purpose
        for node in ast.walk(tree)
        if isinstance(node, ast.ImportFrom) and node.module == "sim.draws"
        for alias in node.names
    }
    found: Counter[str] = Counter()
    for node in ast.walk(tree):
        if isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name) and node.value.id == "draws":
            found[node.attr] += 1
        elif isinstance(node, ast.Name) and isinstance(node.ctx, ast.Load) and node.id in ours:
            found[node.id] += 1
    return Counter({name: n for name, n in found.items() if name in PURPOSES})


def test_one_purpose_is_drawn_in_one_place() -> None:
    by_file = {file: _places(tree) for file, tree in _trees().items()}
    other = sum((by_file.pop(file, Counter()) for file in OTHER_DRIVER), Counter())
    total: Counter[str] = sum(by_file.values(), Counter())
    assert {name: n for name, n in total.items() if n > 1} == SEVERAL_PLACES
    assert not [name for name in PURPOSES if total[name] == 0], "a purpose that nobody draws"
    assert all(n == 1 for n in other.values())
    fast = set().union(*(by_file[f"engines/{name}.py"] for name in ("columnar", "kernels", "visits")))
    assert set(other) <= fast, "a driver draws what the other does not"


#: where the purpose stands among the arguments of what draws
_DRAWERS = {"block": 1, "blocks": 1, "u01": 1, "gamma": 2, "beta": 3, "derived_seed": 1, "priorities": 1}


def test_no_number_is_drawn_without_a_named_purpose() -> None:
    for file, tree in _trees().items():
        for node in ast.walk(tree):
            if not isinstance(node, ast.Call):
                continue
            name = node.func.attr if isinstance(node.func, ast.Attribute) else getattr(node.func, "id", "")
            of = ast.unparse(node.func).rpartition(".")[0]
            if name not in _DRAWERS or of not in ("draws", "resolve", ""):
                continue
            purpose = node.args[_DRAWERS[name]]
            text = ast.unparse(purpose)
            is_named = text.removeprefix("draws.") in PURPOSES or text == "purpose" or text.startswith("self.purpose(")
            assert is_named, f"{file}:{node.lineno} draws with purpose {text}"


def test_nobody_draws_from_a_global_stream() -> None:
    for file, tree in _trees().items():
        if file.startswith(NOT_THE_WORLD):
            continue
        for node in ast.walk(tree):
            text = ast.unparse(node) if isinstance(node, ast.Attribute) else ""
            assert not text.startswith(("np.random", "numpy.random", "random.")), f"{file}: {text}"
            if isinstance(node, ast.Import):
                assert "random" not in {alias.name for alias in node.names}, file


def _sites() -> set[str]:
    """Names of sites at which strategies draw, as the source spells them."""
    found = set()
    for tree in _trees().values():
        for node in ast.walk(tree):
            if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.args:
                first = node.args[0]
                if node.func.attr == "purpose" and isinstance(first, ast.Constant):
                    found.add(str(first.value))
    return found


def test_strategy_purposes_lie_above_the_core_and_do_not_collide() -> None:
    from sim.strategies import registry

    names = itertools.product(registry(), _sites() | {"unlock", "visit", "budget"}, range(20))
    numbers = [draws.tactic_purpose(*name) for name in names]
    assert len(numbers) == len(set(numbers)) > 100
    assert all(2**31 <= number < 2**32 for number in numbers)
    assert max(numbers) > 2**31 + 2**30  # all 31 bits are used


def test_strategy_purposes_are_frozen() -> None:
    # 2^31 plus the first 31 bits of SHA-256 of the three parts: moving these numbers would change every result.
    import hashlib

    bits = int(hashlib.sha256(b"coupon\x1fseeds\x1f0").hexdigest(), 16) >> (256 - 31)
    assert draws.tactic_purpose("coupon", "seeds", 0) == 2**31 + bits
    assert len({draws.tactic_purpose("coupon", "seeds", k) for k in range(3)}) == 3
    assert draws.tactic_purpose("ab", "c", 0) != draws.tactic_purpose("a", "bc", 0)
