"""Where scenarios lie: those that come with the package, and files by path or name; imports errors."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Final

from sim.errors import ScenarioError, did_you_mean

SUFFIXES: Final = (".yaml", ".yml")


def shipped() -> dict[str, Path]:
    """Scenarios that come with the package: name -> file; those in a folder are called `folder.file`, and come last."""
    package = Path(__file__).resolve().parent.parent
    for folder in (package / "scenarios", package.parent / "scenarios"):
        found = sorted(folder.glob("*.yaml"))
        if found:
            inside = sorted(folder.glob("*/*.yaml"))
            return {path.stem: path for path in found} | {f"{path.parent.name}.{path.stem}": path for path in inside}
    return {}


def find(source: str | Path) -> Path:
    """The file of a scenario: a path, or the name of a shipped one."""
    text = os.fspath(source)
    if "\x00" in text or not text.strip():
        raise ScenarioError("not a file and not a shipped scenario", found=text)
    path = Path(text)
    if isinstance(source, Path) or path.suffix in SUFFIXES or len(path.parts) > 1:
        if not path.exists():
            known = [f.name for f in path.parent.glob("*.y*ml")] if path.parent.is_dir() else []
            hint = did_you_mean(path.name, known, kind="files there") or "`grapevine scenarios` lists the shipped ones."
            raise ScenarioError("file not found", file=path, hint=hint)
        return path
    known_names = shipped()
    if text in known_names:
        return known_names[text]
    if path.is_file():
        return path
    raise ScenarioError(
        "no such scenario",
        found=text,
        hint=did_you_mean(text, known_names, kind="scenarios") or "Give the path of a file.",
    )
