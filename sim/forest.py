"""Trees from parents, in linear time: depth, root, size, structural virality; imports only NumPy."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
import numpy.typing as npt

IntArray = npt.NDArray[np.int64]
FloatArray = npt.NDArray[np.float64]


class Forest(NamedTuple):
    """What is known of each node; rows of people, orders, whatever was linked."""

    depth: IntArray  # 0 for a root
    root: IntArray  # row of the tree's root
    size: IntArray  # of the subtree that begins here; of the whole tree for a root
    distances: IntArray  # for a root: sum over pairs of members of the number of steps between them; 0 otherwise

    def virality(self, roots: IntArray) -> FloatArray:
        """Structural virality of trees of two or more: the mean distance between two members (Goel et al., 2016)."""
        size = self.size[roots]
        return np.asarray(self.distances[roots] / (size * (size - 1) // 2), dtype=np.float64)


def grow(parent: IntArray) -> Forest:
    """The forest in which node i hangs on node `parent[i]`, or is a root where that is negative.

    >>> grow(np.array([-1, 0, 0, 1])).size.tolist()
    [4, 2, 1, 1]
    """
    n = len(parent)
    depth, size = np.zeros(n, dtype=np.int64), np.ones(n, dtype=np.int64)
    root, distances = np.arange(n, dtype=np.int64), np.zeros(n, dtype=np.int64)
    linked = np.flatnonzero(parent >= 0)
    child = linked[np.argsort(parent[linked], kind="stable")]  # children side by side, in the order of their parents
    n_children = np.bincount(parent[linked], minlength=n)
    first = np.cumsum(n_children) - n_children
    levels = []
    level = np.flatnonzero((parent < 0) & (n_children > 0))
    while len(level):
        counts = n_children[level]
        start = np.repeat(first[level] - (np.cumsum(counts) - counts), counts)
        level = child[start + np.arange(len(start))]
        if len(level):
            levels.append(level)
            depth[level] = len(levels)
            root[level] = root[parent[level]]
    if sum(len(level) for level in levels) < len(linked):
        raise ValueError("parents run in a circle: this is no forest")
    for level in reversed(levels):
        np.add.at(size, parent[level], size[level])
    # An edge lies between `size` nodes below and the others above it: so many pairs cross it.
    np.add.at(distances, root[linked], size[linked] * (size[root[linked]] - size[linked]))
    return Forest(depth, root, size, distances)
