"""Closed forms that simulations are held against: cascades, adoption, leaving, teams; imports nothing of ours.

Each is checked against published numbers in tests/test_theory.py and tests/test_adoption.py.
"""

from __future__ import annotations

import math
from typing import Final

import numpy as np

from sim.studies.facts.tables import FloatArray

# --- V1: an invitation that passes every tie with the same chance is bond percolation (Newman 2002) --------------


def power_law(exponent: float, low: int, high: int) -> FloatArray:
    """p_k ~ k^-exponent from low to high, by position k."""
    p = np.zeros(high + 1)
    p[low:] = np.arange(low, high + 1, dtype=float) ** -exponent
    return np.asarray(p / p.sum())


def poisson(mean: float) -> FloatArray:
    """p_k of a Poisson law, far enough."""
    k = np.arange(int(mean + 20 * math.sqrt(mean) + 20))
    return np.asarray(np.exp(k * math.log(mean) - mean - np.array([math.lgamma(i + 1.0) for i in k])))


def final_size(p: FloatArray, chance: float, seeds: float = 0.0) -> float:
    """Share reached when every tie passes with this chance and a share `seeds` starts.

    u, the chance that a tie does not bring the news: u = 1 - T + T (1 - seeds) G1(u); S = 1 - (1 - seeds) G0(u).
    """
    k = np.arange(len(p))
    u = 0.5
    for _ in range(100_000):
        g1 = float((k[1:] * p[1:] * u ** (k[1:] - 1)).sum() / (k * p).sum())
        before, u = u, 1.0 - chance + chance * (1.0 - seeds) * g1
        if abs(u - before) < 1e-14:
            break
    return 1.0 - (1.0 - seeds) * float((p * u**k).sum())


#: degrees k^-2.5 on 2..200, a graph with hubs
TAIL: Final = power_law(2.5, 2, 200)
TAIL_MEAN: Final = float((np.arange(201) * TAIL).sum())
TAIL_GRAPH: Final = {"kind": "configuration", "exponent": 2.5, "min_degree": 2, "max_degree": 200}

# --- V2: thresholds (Watts 2002) -----------------------------------------------------------------------------------


def may_cascade(z: float, phi: float) -> float:
    """On a random graph: z P(Poisson(z) <= K - 2), K = floor(1 / phi); more than 1 inside the cascade window."""
    most = math.floor(1.0 / phi) - 2
    return z * sum(math.exp(-z) * z**k / math.factorial(k) for k in range(most + 1))


# --- V3, V4: Bass, and pairs -----------------------------------------------------------------------------------------

P, Q = 0.03, 0.38
#: F after 1, 2, .. daily steps
DISCRETE: Final = (
    0.0300, 0.0702, 0.1228, 0.1901, 0.2729, 0.3701, 0.4776, 0.5881, 0.6925, 0.7826, 0.8538, 0.9056, 0.9409, 0.9638,
    0.9782,
)  # fmt: skip


def bass(t: float, p: float = P, q: float = Q) -> float:
    """F(t) of Bass (1969), also that of the infinite complete network."""
    fallen = math.exp(-(p + q) * t)
    return (1.0 - fallen) / (1.0 + q / p * fallen)


def pairs(t: float, p: float = P, q: float = Q) -> float:
    """F(t) among pairs who only know each other (Fibich & Levin 2023): 1 - S."""
    alone = math.exp(-(p + q) * t)
    return 1.0 - (alone + q / (q - p) * (math.exp(-2.0 * p * t) - alone))


# --- V5: leaving ---------------------------------------------------------------------------------------------------


def survival(a: float, b: float, t: int) -> float:
    """S(t) = B(a, b + t) / B(a, b), the shifted beta-geometric (Fader & Hardie 2007)."""
    return math.exp(math.lgamma(b + t) + math.lgamma(a + b) - math.lgamma(a + b + t) - math.lgamma(b))


# --- V6: teams -------------------------------------------------------------------------------------------------------


def fills(mean: float, size: int) -> float:
    """P(Poisson(mean) >= size - 1)."""
    return 1.0 - sum(math.exp(-mean) * mean**k / math.factorial(k) for k in range(size - 1))


#: chance that one invitation is accepted where a_inv is 1, as in lab.ic and lab.group
ACCEPTS: Final = 1.0 - math.exp(-1.0)


def reach_for(joiners: float, customers: float) -> float:
    """r_0 such that a team has this many joiners in the mean; the inverse of the formula in lab.group's file.

    Friends who are customers do not join (they have a team of their own), and who is asked by several
    joins one of them, by lot. Ties are at random, so what is left to a team is a thinned Poisson number.
    """
    return -math.log(1.0 - joiners * customers / (1.0 - customers)) / customers / ACCEPTS


# --- V7: nested logit ------------------------------------------------------------------------------------------------


def own_elasticity(b_p: float, mu: float, share: float, buys: float) -> float:
    """-b_p (1 - s (1 - mu (1 - P))): s the product's share of purchases, P the chance to buy anything."""
    return -b_p * (1.0 - share * (1.0 - mu * (1.0 - buys)))


def shop_elasticity(b_p: float, mu: float, buys: float) -> float:
    """-b_p mu (1 - P)."""
    return -b_p * mu * (1.0 - buys)
