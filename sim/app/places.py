"""Where the app may read and write: the chosen folder and what is shipped; imports errors, scenario."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from sim.errors import InputError
from sim.scenario import Scenario, shipped

#: what one upload of a scenario may have, in bytes; a commented file has some 20 kB
MOST_UPLOADED: Final = 1_000_000
#: shoppers x days of a run that is written down event by event
MOST_WATCHED: Final = 3_000_000
_MOST_READ: Final = 5_000_000  # bytes of a JSON file of a results folder


@dataclass(frozen=True)
class Limits:
    """What one who uses the app may ask of this machine."""

    folder: Path  # everything is read and written under it
    most_shoppers: int = 200_000
    jobs: int | None = None  # worker processes; None: one a core

    @property
    def results(self) -> Path:
        """Where results folders are made."""
        return self.folder / "results"

    def inside(self, path: str | Path) -> Path:
        """This path, which must lie under the chosen folder, links followed; refused otherwise."""
        root = self.folder.resolve()
        full = (root / path).resolve()
        if not full.is_relative_to(root):
            raise InputError(
                "this lies outside of the app's folder", found=str(path), allowed=f"paths under {root.name}/",
                hint="Start the app where your files are: grapevine app FOLDER.",
            )  # fmt: skip
        return full

    def check(self, scenario: Scenario) -> None:
        """Refuse a scenario that is too large, or names a file elsewhere; looks into no file."""
        size = scenario.population.size
        if size is not None and size > self.most_shoppers:
            raise InputError(
                "more people than this app runs", path="population.size", found=size,
                allowed=f"at most {self.most_shoppers:,}",
                hint="Start it with --most-shoppers, or use `grapevine compare`.",
            )  # fmt: skip
        roots = [self.folder.resolve(), *{path.parent.resolve() for path in shipped().values()}]
        for path, file in scenario.files().items():
            if not any(file.resolve().is_relative_to(root) for root in roots):
                raise InputError("this file lies outside of the app's folder", path=path, found=file.name)

    def scenarios(self) -> dict[str, Path]:
        """Scenario files under the folder, by their path from there; results and hidden folders left out."""
        found = {}
        for pattern in ("*.yaml", "*.yml", "*/*.yaml", "*/*.yml"):
            for path in sorted(self.folder.glob(pattern)):
                name = path.relative_to(self.folder)
                if not any(part.startswith(".") or part == "results" for part in name.parts) and _may_be(path):
                    found[name.as_posix()] = path
        return found

    def result_folders(self) -> dict[str, Path]:
        """Results folders under the folder, the newest first."""
        found = [path.parent for depth in ("*", "*/*", "*/*/*") for path in self.folder.glob(f"{depth}/manifest.json")]
        found.sort(key=lambda path: -(path / "manifest.json").stat().st_mtime)
        return {path.relative_to(self.folder).as_posix(): path for path in found}


def read_object(file: Path) -> dict[str, Any]:
    """A JSON object from a results folder; empty if there is none, or it is none."""
    try:
        if file.stat().st_size > _MOST_READ:
            return {}
        found = json.loads(file.read_text(encoding="utf-8"))
    except (OSError, ValueError, RecursionError):
        return {}
    return found if isinstance(found, dict) else {}


def _may_be(path: Path) -> bool:
    """Whether this looks like a scenario: other files end with .yaml too."""
    try:
        with path.open(encoding="utf-8") as file:
            head = file.read(100_000)
    except (OSError, UnicodeDecodeError):
        return False
    return any(line.startswith(("strategies:", "population:")) for line in head.splitlines())


def read_scenario(source: str | Path, limits: Limits) -> Scenario:
    """A scenario of the folder or a shipped one, within the limits."""
    known = shipped()
    path = known[source] if isinstance(source, str) and source in known else limits.inside(source)
    scenario = Scenario.load(path, check_files=False)
    limits.check(scenario)
    scenario.check_files()
    return scenario


def read_upload(name: str, content: bytes, limits: Limits) -> Scenario:
    """A scenario that somebody uploaded: text and nothing else; its paths start from the chosen folder."""
    if len(content) > MOST_UPLOADED:
        raise InputError("file is too large for a scenario", file=name, found=f"{len(content):,} bytes", allowed="1 MB")
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise InputError("not a text file in UTF-8", file=name, found=f"a byte at {error.start}") from None
    scenario = Scenario.from_yaml(text, limits.folder, check_files=False)
    limits.check(scenario)
    scenario.check_files()
    return scenario
