"""Errors become one message and an exit code here; part of the command line.

0 done; 1 a defect of ours; 2 bad input; 3 finished, some runs failed; 130 interrupted, can be resumed.
"""

from __future__ import annotations

import functools
import os
import sys
from collections.abc import Callable
from typing import ParamSpec

import typer

from sim.errors import InputError

P = ParamSpec("P")

SOME_FAILED = 3
INTERRUPTED = 130
_DEBUG = "GRAPEVINE_DEBUG"


def guarded(command: Callable[P, None]) -> Callable[P, None]:
    """Wrap a command so that nobody sees a traceback without having asked for one."""

    @functools.wraps(command)
    def wrapped(*args: P.args, **kwargs: P.kwargs) -> None:
        try:
            command(*args, **kwargs)
            sys.stdout.flush()
        except InputError as error:
            print(str(error), file=sys.stderr)
            raise typer.Exit(2) from None
        except KeyboardInterrupt:
            print("interrupted; the same command goes on from here", file=sys.stderr)
            raise typer.Exit(INTERRUPTED) from None
        except BrokenPipeError:
            _leave_quietly()
        except (typer.Exit, typer.Abort):
            raise
        except Exception as error:
            if os.environ.get(_DEBUG) or not _is_ours(error):
                raise
            print(
                f"unexpected {type(error).__name__}: {error}\n"
                f"This is a defect of Grapevine. {_DEBUG}=1 shows where it happened.",
                file=sys.stderr,
            )
            raise typer.Exit(1) from None

    return wrapped


def _is_ours(error: Exception) -> bool:
    """Whether the error came from running a command, and not from the option parser, which reports by itself."""
    return not hasattr(error, "exit_code")


def _leave_quietly() -> None:
    # The reader of our output has gone (`| head`). Python would complain once more while it closes stdout.
    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
    os._exit(0)
