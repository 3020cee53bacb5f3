"""Scenario: what is asked of the simulator, checked at the door; imports `question` and the rooms beside it.

A scenario is frozen. `load` reads a file, `with_` makes a changed copy, `digest` names the question.
"""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, Self

import yaml
from pydantic import PrivateAttr, SerializerFunctionWrapHandler, ValidationError, model_serializer

from sim.demographics import DEMOGRAPHICS, full_shares
from sim.errors import InputError, ScenarioError, did_you_mean, nearest
from sim.scenario.changes import put
from sim.scenario.files import content_hash, n_nodes, n_products, n_shoppers, stamp_of
from sim.scenario.kinds import dumped, known_kinds
from sim.scenario.parts import DAYS_NEEDED, MONEY_GOALS, AnalyticsSpec, CatalogueFile, GraphFile
from sim.scenario.question import CONTROL, NAME, Question
from sim.scenario.reader import Document, parse_path, path_text, plain, read_file, read_text
from sim.scenario.refusals import translate
from sim.scenario.shipped import find
from sim.version import RESULTS_VERSION

if TYPE_CHECKING:
    from sim.catalogue import Catalogue
    from sim.params import Params
    from sim.strategies.tactic import Tactic


#: levers that say nothing at these values: with or without them the same question is asked
_UNSAID: Final[dict[str, Any]] = {
    **{name: [] for name in ("dates", "festivals", *DEMOGRAPHICS)},
    **dict.fromkeys(("when", "stop_loss", "rfm", "risk_above", "intent_above", "mood_below", "mood_above", "arm")),
    "serve_first": "lot",
    "media_inflation": 0.0,
}


class Scenario(Question):
    """What is asked: a population on a graph, a catalogue, strategies, days and seeds."""

    _folder: Path = PrivateAttr(default_factory=Path)
    _file: Path | None = PrivateAttr(default=None)

    # --- how one is made --------------------------------------------------------------------------

    @classmethod
    def load(cls, source: str | Path, *, check_files: bool = True) -> Self:
        """Read a scenario file, or a shipped scenario by its name.

        With `check_files=False` the files it names need not exist (to open results on another machine).
        """
        path = find(source)
        document = read_file(path)
        if "name" not in document.data and NAME.match(path.stem):
            document.data["name"] = path.stem
        return cls._of(document, folder=path.parent, file=path, check_files=check_files)

    @classmethod
    def from_yaml(cls, text: str, folder: str | Path = ".", *, check_files: bool = True) -> Self:
        """A scenario from text; the paths in it are relative to `folder`."""
        return cls._of(read_text(text), folder=Path(folder), check_files=check_files)

    @classmethod
    def from_dict(cls, data: Mapping[str, Any], folder: str | Path = ".", *, check_files: bool = True) -> Self:
        """A scenario from the same plain data a file would hold (money in currency)."""
        document = Document(plain(data), {})
        if not isinstance(document.data, dict):
            raise ScenarioError("a scenario is a mapping of keys to values", found=document.data)
        return cls._of(document, folder=Path(folder), check_files=check_files)

    @classmethod
    def _of(cls, document: Document, folder: Path, file: Path | None = None, check_files: bool = True) -> Self:
        try:
            made = cls.model_validate(document.data)
        except ValidationError as error:
            found = translate(error.errors(include_url=False), cls, known_kinds(), document, file)
            raise ScenarioError.together(found) from None
        made._folder, made._file = folder, file
        if check_files:
            made.check_files(document)
        return made

    def with_(self, changes: Mapping[str, Any]) -> Self:
        """A changed copy, checked again: `scenario.with_({"params.b_h": 0.4, "strategies.coupons[1].face": 4})`."""
        data = self.as_dict()
        for path, value in changes.items():
            put(data, parse_path(path), plain(value, (path,)), path)
        made = self._of(Document(data, {}), folder=self._folder)
        made._file = self._file
        return made

    # --- files --------------------------------------------------------------------------------------

    @property
    def folder(self) -> Path:
        """The folder that relative paths of this scenario start from."""
        return self._folder

    @property
    def file(self) -> Path | None:
        """The file it was loaded from, if any."""
        return self._file

    def resolve(self, path: str | Path) -> Path:
        """A path of this scenario as a path from here."""
        return self._folder / path

    def files(self) -> dict[str, Path]:
        """Every file the scenario names, by the path of the field that names it."""
        named = {}
        if self.population.source is not None:
            named["population.from"] = self.resolve(self.population.source)
        if isinstance(self.graph, GraphFile):
            named["graph.path"] = self.resolve(self.graph.path)
        if isinstance(self.catalogue, CatalogueFile):
            named["catalogue.path"] = self.resolve(self.catalogue.path)
        return named

    def check_files(self, document: Document | None = None) -> None:
        """Read every file the scenario names and refuse what is wrong with it, with its own line."""
        document = document or Document({}, {})
        problems: list[InputError] = []

        def refuse(problem: str, path: str, **more: Any) -> None:
            line = document.line(parse_path(path))
            problems.append(ScenarioError(problem, file=self._file, line=line, path=path, **more))

        usable = {}
        for path, file in self.files().items():
            if not file.exists():
                near = nearest(file.name, [f.name for f in file.parent.iterdir()]) if file.parent.is_dir() else None
                hint = f"Did you mean '{near}'?" if near else f"Paths start from {self._folder.resolve()}."
                refuse("file not found", path, found=str(file), hint=hint)
            elif not file.is_file():
                refuse("a file is expected", path, found=str(file))
            else:
                usable[path] = (file, stamp_of(file))
        counts: dict[str, int] = {}
        for path, (file, stamp) in usable.items():
            try:
                counts[path] = self._count_rows(path, file, stamp)
            except InputError as error:
                problems.append(error)
        size, n_nodes, n_rows = self.population.size, counts.get("graph.path"), counts.get("population.from")
        if size is not None and n_nodes is not None and n_rows is None and n_nodes > size:
            hint = "Leave population.size out (null) to take everybody in the file."
            refuse("the graph has more people than the population", "population.size", found=size,
                   allowed=f"at least {n_nodes:,}", hint=hint)  # fmt: skip
        if size is not None and n_rows is not None and n_rows != size:
            refuse("the file of shoppers has another size", "population.size", found=size,
                   allowed=f"{n_rows:,}, or leave it out")  # fmt: skip
        if problems:
            raise ScenarioError.together(problems)

    def _count_rows(self, path: str, file: Path, stamp: tuple[int, int]) -> int:
        if path == "catalogue.path" and isinstance(self.catalogue, CatalogueFile):
            return n_products(file, stamp, tuple(sorted(self.catalogue.columns.items())))
        if path == "graph.path" and isinstance(self.graph, GraphFile):
            graph = self.graph
            return n_nodes(file, stamp, graph.directed, graph.source, graph.target, graph.weight)
        return n_shoppers(file, stamp)

    # --- what it says -------------------------------------------------------------------------------

    @property
    def labels(self) -> tuple[str, ...]:
        """Strategies in order; `control` is always the first."""
        return (CONTROL, *self.strategies)

    def tactics(self, label: str) -> tuple[Tactic, ...]:
        """The tactics of a strategy; none for `control`."""
        if label == CONTROL:
            return ()
        if label not in self.strategies:
            raise InputError(
                "unknown strategy",
                file=self._file,
                found=label,
                hint=did_you_mean(label, self.labels, kind="strategies"),
            )
        return self.strategies[label]

    def coefficients(self) -> Params:
        """The model's coefficients with this scenario's overrides and switches."""
        from sim import params

        return params.build(self.params, self.switches)

    def as_dict(self) -> dict[str, Any]:
        """Plain data as in a file, all defaults filled in (money in currency)."""
        data: dict[str, Any] = self.model_dump(mode="json", by_alias=True)
        return data

    @model_serializer(mode="wrap")
    def _serialise(self, handler: SerializerFunctionWrapHandler) -> dict[str, Any]:
        data: dict[str, Any] = handler(self)
        data["strategies"] = {
            label: dumped(tactics[0]) if len(tactics) == 1 else [dumped(one) for one in tactics]
            for label, tactics in self.strategies.items()
        }
        data["arrival"] = dumped(self.arrival)
        data["events"] = [dumped(one) for one in self.events]
        return data

    def to_yaml(self, folder: str | Path | None = None) -> str:
        """All fields, defaults filled in; loading it gives an equal scenario.

        Relative paths stay as given, unless the text is meant for another `folder`: then they lead to
        the same files from there.
        """
        data = self.as_dict()
        if folder is not None:
            for path, file in self.files().items():
                part, key = path.split(".")
                if not Path(data[part][key]).is_absolute():
                    data[part][key] = Path(os.path.relpath(file, folder)).as_posix()
        text: str = yaml.safe_dump(data, sort_keys=False, allow_unicode=True, default_flow_style=None, width=100)
        return text

    @property
    def digest(self) -> str:
        """12 hex digits that name the question: all but replications, margin, description; and the files' content."""
        data = self.as_dict()
        del data["replications"], data["description"], data["margin"]  # they change no run
        if data["arrival"] == {"kind": "organic"}:
            del data["arrival"]  # the usual rule asks the same question as no word on it
        if not data["calendar"]:
            del data["calendar"]
        if self.analytics == AnalyticsSpec():
            del data["analytics"]
        if data["population"]["demographics"] == full_shares({}):
            del data["population"]["demographics"]
        for tactics in data["strategies"].values():
            for tactic in tactics if isinstance(tactics, list) else [tactics]:
                for part in (tactic, tactic.get("target", {})):
                    for name in [name for name, unsaid in _UNSAID.items() if part.get(name, ...) == unsaid]:
                        del part[name]
        for path, file in self.files().items():
            part, key = path.split(".")
            data[part][key] = {"sha256": content_hash(file)}
        data["results_version"] = RESULTS_VERSION
        text = json.dumps(data, sort_keys=True, ensure_ascii=True, allow_nan=False, separators=(",", ":"))
        return hashlib.sha256(text.encode()).hexdigest()[:12]

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Scenario) and self.as_dict() == other.as_dict()

    def __hash__(self) -> int:
        return hash(json.dumps(self.as_dict(), sort_keys=True))

    def sample_catalogue(self) -> Catalogue:
        """The products on sale in world 0."""
        from sim.catalogue import Catalogue
        from sim.draws import SEED_OF_WORLD, derived_seed

        spec, seed = self.catalogue, derived_seed(self.seed, SEED_OF_WORLD, 0)
        if isinstance(spec, CatalogueFile):
            return Catalogue.from_csv(self.resolve(spec.path), seed, spec.columns, spec.size)
        return Catalogue.draw(spec.size, seed, spec.median_price, spec.sd_log_price)

    def warnings(self) -> list[str]:
        """What is allowed but probably not meant, in one sentence each."""
        from sim.params import COEFFICIENTS

        said = []
        for name in (self.decide_on, *(f"{g}_cents" if g in MONEY_GOALS else g for g in self.goals)):
            if self.days < DAYS_NEEDED.get(name, 0):
                said.append(
                    f"{name} needs at least {DAYS_NEEDED[name]} measured days, there are {self.days}: it will be empty."
                )
        needs_products = bool(self.strategies) or bool(self.events) or isinstance(self.catalogue, CatalogueFile)
        products = self.sample_catalogue() if needs_products else None
        said += list(products.notes) if products is not None else []
        for path, tactic in self._each_tactic():
            if products is not None:
                texts = tactic.warnings(products.price_cents, products.unit_cost_cents)
                said += [f"{path_text(path)}: {text}" for text in texts]
            if not tactic.days_on(self.calendar, self.days):
                said.append(f"{path_text(path)}: its calendar leaves it no day; it never runs.")
            stop = getattr(tactic, "stop", None)
            if isinstance(stop, int) and stop > self.days:
                said.append(f"{path_text(path)}: stop {stop} is after the last day; it runs to the end.")
        said += self._event_warnings(products)
        if "organic" in self.params and self.arrival.chance is not None:
            said.append(f"params.organic is not used: arrival.kind {self.arrival.kind} says who registers.")
        for name, value in self.params.items():
            row = COEFFICIENTS[name]
            if not row.low <= value <= row.high:
                said.append(f"params.{name}: {value:g} is outside its usual range, {row.low:g} to {row.high:g}.")
        worlds = -(-self.replications // self.noise_per_world)
        if worlds == 1:
            said.append("only 1 world: how sure the answer is will be overstated.")
        elif worlds == 2:
            said.append("only 2 worlds: intervals will be so wide that hardly any difference is clear.")
        return said

    def _event_warnings(self, products: Catalogue | None) -> list[str]:
        """What of the events will not happen as written."""
        said = []
        used = {tactic.kind for _, tactic in self._each_tactic()}
        for i, event in enumerate(self.events):
            texts = event.warnings(self.coefficients(), products.id) if products is not None else []
            texts += [f"no strategy uses {kind}, which it forbids" for kind in event.banned() if kind not in used]
            if event.start + event.days > self.days:
                texts.append(f"it lasts beyond the last day, {self.days - 1}; what follows is not seen")
            said += [f"{path_text(('events', i))}: {text}." for text in texts]
        return said
