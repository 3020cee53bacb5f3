"""The command that opens the web app in the browser; part of the command line.

The app is started by its file, in a process of its own: nothing of it is imported here.
"""

from __future__ import annotations

import importlib.util
import socket
import subprocess
import sys
from pathlib import Path
from typing import Annotated

import typer

from sim.cli import show
from sim.errors import InputError

_PORT = 8501
_PURPLE = "#7e56c2"


def app(
    folder: Annotated[
        Path, typer.Argument(metavar="DIR", help="Folder with your scenarios; results go there.")
    ] = Path(),
    port: Annotated[int | None, typer.Option("--port", min=1, max=65535, help="Port.  [default: from 8501 on]")] = None,
    lang: Annotated[
        str, typer.Option("--lang", help="Language to begin with: en or zh.  [default: the browser's]")
    ] = "",
    most_shoppers: Annotated[
        int, typer.Option("--most-shoppers", min=1, help="Largest population that may be run from the app.")
    ] = 200_000,
    jobs: Annotated[int | None, typer.Option("--jobs", min=1, help="Worker processes.  [default: one a core]")] = None,
    browser: Annotated[bool, typer.Option("--browser/--no-browser", help="Open the browser.")] = True,
) -> None:
    """The web app, on this machine only (127.0.0.1): forms, verdict, report, a world day by day. Ctrl-C ends it."""
    if lang not in ("", "en", "zh"):
        raise InputError("no such language", path="--lang", found=lang, allowed="en or zh")
    if not folder.is_dir():
        raise InputError("no such folder", path="DIR", found=str(folder))
    if importlib.util.find_spec("streamlit") is None:
        raise InputError("the app is not installed", hint="Install the extra: pip install 'grapevine-sim[app]'.")
    found = _free(port)
    show.note(f"Grapevine is on http://127.0.0.1:{found}  (folder: {folder.resolve().name}/; Ctrl-C ends it)")
    said = [f"--folder={folder.resolve()}", f"--most-shoppers={most_shoppers}", f"--lang={lang}"]
    said += [f"--jobs={jobs}"] if jobs else []
    with subprocess.Popen([*command(found, is_headless=not browser), "--", *said]) as child:
        try:
            code = child.wait()
        except KeyboardInterrupt:
            child.terminate()
            child.wait()
            return
    if code:
        raise typer.Exit(code)


def command(port: int, *, is_headless: bool) -> list[str]:
    """What starts the page: bound to this machine, nothing sent home, no file watched, small uploads."""
    page = Path(__file__).resolve().parents[1] / "app" / "page.py"
    settings = {
        "server.address": "127.0.0.1", "server.port": port, "server.headless": is_headless, "server.maxUploadSize": 1,
        "server.fileWatcherType": "none", "server.enableXsrfProtection": True, "browser.gatherUsageStats": False,
        "browser.serverAddress": "127.0.0.1", "client.toolbarMode": "viewer", "client.showErrorDetails": "type",
        "theme.light.primaryColor": _PURPLE, "theme.dark.primaryColor": "#b39ae0", "logger.level": "error",
    }  # fmt: skip
    return [
        sys.executable, "-m", "streamlit", "run", str(page),
        *(f"--{name}={str(value).lower() if isinstance(value, bool) else value}" for name, value in settings.items()),
    ]  # fmt: skip


def _free(port: int | None) -> int:
    """The port asked for, or the first that nobody uses."""
    for one in (port,) if port else range(_PORT, _PORT + 40):
        with socket.socket() as tried:
            tried.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            try:
                tried.bind(("127.0.0.1", one))
            except OSError:
                continue
            return int(one)
    raise InputError(
        "this port is in use", path="--port", found=port or f"{_PORT} and the next", hint="Give another one."
    )
