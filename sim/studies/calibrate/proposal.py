"""Where later rounds look: the part of the prior from which runs like the data can come; imports `inference`.

After history matching (Craig et al. 1997; Vernon, Goldstein & Bower 2010), used as a truncated prior (Deistler,
Goncalves & Macke 2022). An emulator, a quadratic in the coefficients, says which guesses a run at a point would give,
and by how much runs differ from it. A point is kept if its guesses are not much less likely than those of the best
point. All points kept have the same weight, whatever the shape of the region: ridges and bends cost nothing.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np

from sim.studies.calibrate.inference import Bank, Guesser, quadratic
from sim.studies.calibrate.priors import Floats

FROM_PRIOR: Final = (
    0.1  # of a later round's runs are drawn from the whole prior, so that emulators go on seeing all of it
)
HELD: Final = 0.999  # of a normal posterior lies in the region
LEAST_VOLUME: Final = 0.002  # of the prior: an emulator of a few hundred runs is not to be trusted with less
CLOSE: Final = 0.4  # of the runs, the closest ones, count most for the emulator
_CANDIDATES: Final = 100_000  # at a time
_TIMES: Final = 8  # so often: the volume is known to a few parts in a hundred


@dataclass(frozen=True, eq=False)
class Proposal:
    """A region of the prior, drawn from evenly, and a small part of all of it."""

    n_coefficients: int
    slopes: Floats  # of the emulator: columns are guesses, less those of the data
    precision: Floats  # of what it misses
    limit: float  # of the squared distance
    volume: float  # of the region, as a share of the prior

    @classmethod
    def of(cls, bank: Bank, observed: Floats, sd: Floats) -> Proposal:
        """From the runs so far and the data."""
        from scipy.stats import chi2

        guesser = Guesser.fit(bank, observed, sd)
        away = guesser.own - guesser.guess(observed)[0]
        p, n_guesses = bank.shares.shape[1], away.shape[1]
        if n_guesses == 0:  # nothing is told: everywhere is as good
            return cls(p, np.zeros((1 + p, 0)), np.zeros((0, 0)), 0.0, 1.0)
        distance = np.sqrt(np.sum(away**2, axis=1))
        weight = np.exp(-0.5 * (distance / np.quantile(distance, CLOSE)) ** 2)
        x = 4.0 * bank.shares - 2.0
        design = quadratic(x)
        if len(bank) < 3 * design.shape[1]:  # too few: a plane
            design = design[:, : 1 + p]
        root = np.sqrt(weight)[:, None]
        ridge = 1e-3 * weight.sum() / len(bank) * np.eye(design.shape[1])
        slopes = np.linalg.solve((root * design).T @ (root * design) + ridge, (root * design).T @ (root * away))
        missed = root * (away - design @ slopes)
        spare = max(1.0 - design.shape[1] / len(bank), 0.2)  # the fit itself takes some of the misses away
        covariance = missed.T @ missed / (weight.sum() * spare) + 1e-9 * np.eye(n_guesses)
        found = cls(p, slopes, np.linalg.inv(covariance), np.inf, 1.0)
        rng = np.random.Generator(np.random.PCG64(1))
        far = np.concatenate([found.distances(rng.random((_CANDIDATES, p))) for _ in range(_TIMES)])
        limit = float(np.quantile(far, 1e-4) + chi2.ppf(HELD, n_guesses))
        limit = max(limit, float(np.quantile(far, LEAST_VOLUME)))
        return cls(p, slopes, found.precision, limit, float(np.mean(far <= limit)))

    def distances(self, shares: Floats) -> Floats:
        """Squared distance of the emulator's guesses at these points from those of the data."""
        away = quadratic(4.0 * shares - 2.0)[:, : len(self.slopes)] @ self.slopes
        found: Floats = np.einsum("ij,jk,ik->i", away, self.precision, away)
        return found

    def draw(self, n: int, seed: int) -> Floats:
        """Shares of so many points."""
        rng = np.random.Generator(np.random.PCG64(seed))
        p = self.n_coefficients
        n_free = int(rng.binomial(n, FROM_PRIOR))
        found = [rng.random((n_free, p))]
        missing = n - n_free
        while missing:
            some = rng.random((_CANDIDATES, p))
            some = some[self.distances(some) <= self.limit][:missing]
            missing -= len(some)
            found.append(some)
        drawn: Floats = np.clip(np.vstack(found), 1e-6, 1.0 - 1e-6)
        return drawn

    def density(self, shares: Floats) -> Floats:
        """Density over the prior's (which is 1 everywhere between the bounds)."""
        inside = self.distances(shares) <= self.limit
        return np.asarray(FROM_PRIOR + (1.0 - FROM_PRIOR) * inside / self.volume, dtype=np.float64)


def mixture_weights(shares: Floats, sizes: Sequence[int], proposals: Sequence[Proposal]) -> Floats:
    """Prior over the mixture of all rounds (the first, drawn from the prior, has no proposal), for every run.

    0 for a run outside of a region: history matching has discarded that part of the prior.
    """
    inside = np.clip(shares, 1e-6, 1.0 - 1e-6)
    density = np.full(len(shares), float(sizes[0]))
    for n, proposal in zip(sizes[1:], proposals, strict=True):
        density = density + n * proposal.density(inside)
    weight: Floats = sum(sizes) / density
    for proposal in proposals:
        weight = np.where(proposal.distances(inside) <= proposal.limit, weight, 0.0)
    return weight
