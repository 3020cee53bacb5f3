"""The command line: `grapevine`, also `python -m sim`. A face: it may import every floor, and nothing imports it.

`commands` says what can be typed; the commands are in `comparing`, `explaining`, `doubting`, `sweeping`, `folders`,
`facts`, `scenarios`, `catalogues` and `health`. `options` are shared by several, `speed` estimates, `guard` turns
errors into messages and exit codes, `show` prints.
Heavy modules are imported inside the commands, so that `grapevine --help` answers at once.
"""

from __future__ import annotations


def main() -> None:
    """Run the command line and leave with its exit code: 0 done, 2 bad input, 3 some runs failed, 130 interrupted."""
    from sim.cli.commands import start

    start()


__all__ = ["main"]
