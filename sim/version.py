"""The version of the package and of its results; imports nothing."""

from __future__ import annotations

__version__ = "0.1.0"

#: Raised whenever a change moves numbers, so that answers of two models can never be mixed in one folder.
RESULTS_VERSION: int = 6
