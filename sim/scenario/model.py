"""Scenario: what is asked of the simulator, checked at the door; imports `params`, `strategies` and the world's rooms.

A scenario is frozen. `load` reads a file, `with_` makes a changed copy, `digest` names the question.
"""

from __future__ import annotations

import hashlib
import json
import os
import re
from collections.abc import Iterator, Mapping
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, Self

import yaml
from pydantic import (
    BaseModel,
    ConfigDict,
    PrivateAttr,
    SerializerFunctionWrapHandler,
    ValidationError,
    field_validator,
    model_serializer,
    model_validator,
)

from sim.errors import InputError, ScenarioError, did_you_mean, nearest
from sim.money import to_cents
from sim.scenario.fields import Part, about, names_of
from sim.scenario.parts import (
    DAYS_NEEDED,
    GOAL_NAMES,
    GRAPHS,
    MEASURE_NAMES,
    MONEY_GOALS,
    MOST_DAYS,
    SWITCHES,
    CatalogueFile,
    CatalogueSpec,
    DrawnCatalogue,
    GraphFile,
    GraphSpec,
    PopulationSpec,
    PowerlawCluster,
)
from sim.scenario.reader import Document, Path_, parse_path, path_text, plain, read_file, read_text
from sim.scenario.refusals import again, raise_all, refusal, translate
from sim.version import RESULTS_VERSION

if TYPE_CHECKING:
    from sim.catalogue import Catalogue
    from sim.params import Params
    from sim.strategies.tactic import Tactic

CONTROL: Final = "control"
SUFFIXES: Final = (".yaml", ".yml")
USUAL_SIZE: Final = 10_000
MOST_STRATEGIES: Final = 1000
MOST_TACTICS: Final = 50
_LABEL: Final = re.compile(r"[\w\-]{1,40}\Z")
_NAME: Final = re.compile(r"\w[\w.\- ]{0,59}\Z")


class Scenario(Part):
    """What is asked: a population on a graph, a catalogue, strategies, days and seeds."""

    model_config = ConfigDict(
        frozen=True,
        extra="forbid",
        strict=True,
        allow_inf_nan=False,
        populate_by_name=True,
        arbitrary_types_allowed=True,
    )

    name: str = about(
        "Names the scenario and its results folder.", zh="场景名称，也是结果文件夹的名称。", default="scenario"
    )
    description: str = about(
        "One sentence on the question asked.", zh="一句话说明要回答的问题。", default="", max_length=4000
    )
    days: int = about(
        "Measured days, after the burn-in.",
        unit="days",
        zh="测量天数（预热之后）。",
        default=90,
        ge=1,
        le=MOST_DAYS,
    )
    burn_in_days: int = about(
        "Days before the measured ones, excluded from every measure; strategies start after them.",
        unit="days",
        zh="预热天数：不计入任何指标，策略在其后开始。",
        default=30,
        ge=0,
        le=1000,
    )
    seed: int = about(
        "Seed of all worlds; another seed is another set of worlds.",
        zh="随机种子：不同种子即不同的一组世界。",
        default=1,
        ge=0,
        le=2**63 - 1,
    )
    replications: int = about(
        "Times every strategy is run; replication r lives in world r // noise_per_world.",
        unit="runs per strategy",
        zh="每个策略的重复次数；第 r 次重复属于第 r // noise_per_world 个世界。",
        default=20,
        ge=1,
        le=100_000,
    )
    noise_per_world: int = about(
        "Replications that share one world (people, graph, products) and differ in daily luck.",
        unit="runs per world",
        zh="共享同一世界（人群、关系图、商品）而日常随机性不同的重复次数。",
        default=4,
        ge=1,
        le=100_000,
    )
    decide_on: str = about(
        "The measure on which the verdict decides, subject to the goals.",
        zh="结论依据的指标（须满足 goals）。",
        default="profit_cents",
    )
    population: PopulationSpec = about(
        "Who the shoppers are.", zh="人群。", default=PopulationSpec(), validate_default=True
    )
    graph: GraphSpec = about("Who knows whom.", zh="关系图：谁认识谁。", default=PowerlawCluster())
    catalogue: CatalogueSpec = about("What is on sale.", zh="商品目录。", default=DrawnCatalogue())
    arrival: Any = about(
        "How prospects come to register by themselves; `grapevine arrivals` lists the rules.",
        zh="潜在用户如何自行注册；grapevine arrivals 列出全部规则。",
        default_factory=lambda: _usual_arrival(),
    )
    params: dict[str, float] = about(
        "Coefficients of the model that differ from their defaults; `grapevine params` lists all with sources.",
        zh="与默认值不同的模型系数；grapevine params 列出全部系数及来源。",
        default_factory=dict,
    )
    switches: dict[str, bool] = about(
        "Whole blocks of influence: off sets all their coefficients to 0.",
        zh="整块影响机制的开关：关闭即其系数全为 0。",
        validate_default=True,
        default_factory=dict,
    )
    goals: dict[str, float] = about(
        "What must be reached, measure by measure, in the units people use (money in currency).",
        zh="各指标须达到的目标（金额以货币单位计）。",
        default_factory=dict,
    )
    events: list[Any] = about(
        "Shocks; none are available yet, so leave it empty.", zh="冲击事件；目前须为空。", default_factory=list
    )
    strategies: dict[str, tuple[Any, ...]] = about(
        "Label -> one tactic, or a list of tactics run together. `control` (no tactic) always exists.",
        zh="策略名称 -> 一个战术，或同时运行的战术列表；control（无战术）始终存在。",
        default_factory=dict,
    )

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
        if "name" not in document.data and _NAME.match(path.stem):
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
            found = translate(error.errors(include_url=False), cls, _kinds(), document, file)
            raise ScenarioError.together(found) from None
        made._folder, made._file = folder, file
        if check_files:
            made.check_files(document)
        return made

    def with_(self, changes: Mapping[str, Any]) -> Self:
        """A changed copy, checked again: `scenario.with_({"params.b_h": 0.4, "strategies.coupons[1].face": 4})`."""
        data = self.as_dict()
        for path, value in changes.items():
            _put(data, parse_path(path), plain(value, (path,)), path)
        made = self._of(Document(data, {}), folder=self._folder)
        made._file = self._file
        return made

    # --- checks that one field alone cannot make ----------------------------------------------------

    @model_validator(mode="before")
    @classmethod
    def _default_size(cls, data: Any) -> Any:
        """Without a word on the population it has the usual size, unless a graph's file says who there is."""
        if isinstance(data, dict) and "population" not in data:
            graph = data.get("graph")
            is_file = isinstance(graph, GraphFile) or (isinstance(graph, dict) and graph.get("kind") == "file")
            return data if is_file else {**data, "population": {"size": USUAL_SIZE}}
        return data

    @field_validator("name")
    @classmethod
    def _check_name(cls, name: str) -> str:
        if not _NAME.match(name):
            raise_all([refusal("not a name", found=name, allowed="up to 60 letters, digits, spaces, _ - and .")])
        return name.strip()

    @field_validator("population", mode="after")
    @classmethod
    def _check_population(cls, population: PopulationSpec) -> PopulationSpec:
        shares = _persona_shares()
        given = population.personas
        problems = [
            refusal("unknown persona", ("personas", name), hint=did_you_mean(name, shares, kind="personas"))
            for name in given
            if name not in shares
        ]
        problems += [
            refusal("out of range", ("personas", name), found=share, allowed="0 to 1")
            for name, share in given.items()
            if not 0 <= share <= 1
        ]
        total = sum(given.values())
        if given and not problems and abs(total - 1.0) > 1e-6:
            problems.append(
                refusal("shares of personas do not sum to 1", ("personas",), found=float(f"{total:.6g}"), allowed="1")
            )
        raise_all(problems)
        full = {name: given.get(name, 0.0) for name in shares} if given else dict(shares)
        return population.model_copy(update={"personas": full})

    @field_validator("arrival", mode="before")
    @classmethod
    def _check_arrival(cls, given: Any) -> Any:
        problems: list[Any] = []
        made = _of_kind(given, (), problems, _arrivals(), "an arrival rule, like {kind: threshold, share: 0.2}")
        raise_all(problems)
        return made

    @field_validator("params")
    @classmethod
    def _check_params(cls, given: dict[str, float]) -> dict[str, float]:
        from sim.params import COEFFICIENTS

        problems = []
        for name, value in given.items():
            row = COEFFICIENTS.get(name)
            if row is None:
                hint = did_you_mean(name, COEFFICIENTS, kind="coefficients")
                problems.append(refusal("unknown coefficient", (name,), hint=hint))
            elif not row.least <= value <= row.most:
                allowed = f"{row.least:g} to {row.most:g}" + (f" ({row.unit})" if row.unit not in ("", "1") else "")
                allowed += f", usually {row.low:g} to {row.high:g}"
                problems.append(refusal("out of range", (name,), found=value, allowed=allowed))
        raise_all(problems)
        return given

    @field_validator("switches")
    @classmethod
    def _check_switches(cls, given: dict[str, bool]) -> dict[str, bool]:
        raise_all(
            [
                refusal("unknown switch", (name,), hint=did_you_mean(name, SWITCHES, kind="switches"))
                for name in given
                if name not in SWITCHES
            ]
        )
        return {name: given.get(name, True) for name in SWITCHES}

    @field_validator("goals")
    @classmethod
    def _check_goals(cls, given: dict[str, float]) -> dict[str, float]:
        problems = []
        for name, value in given.items():
            if name not in GOAL_NAMES:
                hint = (
                    f"Goals are in currency: write '{name.removesuffix('_cents')}'."
                    if name in MEASURE_NAMES
                    else did_you_mean(name, GOAL_NAMES, kind="measures")
                )
                problems.append(refusal("unknown measure", (name,), hint=hint))
            elif name in MONEY_GOALS:
                try:
                    to_cents(value)
                except InputError as error:
                    problems.append(refusal(error.problem, (name,), found=value, allowed=error.allowed or ""))
        raise_all(problems)
        return given

    @field_validator("decide_on")
    @classmethod
    def _check_decide_on(cls, name: str) -> str:
        if name not in MEASURE_NAMES:
            in_cents = f"{name}_cents"
            known = in_cents in MEASURE_NAMES
            hint = f"Did you mean '{in_cents}'?" if known else did_you_mean(name, MEASURE_NAMES, kind="measures")
            raise_all([refusal("unknown measure", found=name, hint=hint)])
        return name

    @field_validator("events")
    @classmethod
    def _check_events(cls, events: list[Any]) -> list[Any]:
        if events:
            raise_all([refusal("events are not available yet", found=events, allowed="an empty list")])
        return events

    @field_validator("strategies", mode="wrap")
    @classmethod
    def _check_strategies(cls, given: Any, _: Any) -> dict[str, tuple[Any, ...]]:
        if not isinstance(given, dict):
            raise_all([refusal("wrong type", found=given, allowed="a mapping: label -> tactic, or a list of tactics")])
        if len(given) > MOST_STRATEGIES:
            raise_all([refusal("too many strategies", found=len(given), allowed=f"at most {MOST_STRATEGIES:,}")])
        problems: list[Any] = []
        made: dict[str, tuple[Any, ...]] = {}
        for label, raw in given.items():
            if not isinstance(label, str) or not _LABEL.match(label):
                problems.append(refusal("not a label", (str(label),), allowed="up to 40 letters, digits, _ and -"))
            elif label == CONTROL:
                if raw not in ([], (), {}, None):
                    hint = "It is the shop as it is; give your strategy another label."
                    problems.append(refusal("control cannot have tactics", (label,), hint=hint))
            elif isinstance(raw, (list, tuple)):
                if len(raw) > MOST_TACTICS:
                    problems.append(
                        refusal("too many tactics", (label,), found=len(raw), allowed=f"at most {MOST_TACTICS}")
                    )
                    continue
                made[label] = tuple(_tactic(one, (label, i), problems) for i, one in enumerate(raw))
            else:
                made[label] = (_tactic(raw, (label,), problems),)
        raise_all(problems)
        return made

    @model_validator(mode="after")
    def _check_together(self) -> Self:
        problems = []
        if self.days + self.burn_in_days > MOST_DAYS:
            problems.append(
                refusal(
                    "too many days with the burn-in",
                    ("days",),
                    found=self.days + self.burn_in_days,
                    allowed=f"days + burn_in_days at most {MOST_DAYS:,}",
                )
            )
        size, graph = self.population.size, self.graph
        if size is None and self.population.source is None and not isinstance(graph, GraphFile):
            hint = "It can be left out only if graph.kind is file, or population.from names a file."
            problems.append(refusal("missing key", ("population", "size"), hint=hint))
        if size is not None:
            tag = getattr(graph, "kind", "")
            for name in ("mean_degree", "min_degree"):
                value = getattr(graph, name, None)
                if value is not None and value >= size and value > 0:
                    hint = "Lower it, or write graph: {kind: none}."
                    allowed = f"less than population.size, {size:,}"
                    problems.append(
                        refusal(
                            "more friends than people", ("graph", tag, name), found=value, allowed=allowed, hint=hint
                        )
                    )
            n_communities = getattr(graph, "n_communities", None)
            if n_communities is not None and n_communities > size:
                allowed = f"at most population.size, {size:,}"
                problems.append(
                    refusal(
                        "more communities than people",
                        ("graph", tag, "n_communities"),
                        found=n_communities,
                        allowed=allowed,
                    )
                )
        low, high = getattr(graph, "min_degree", None), getattr(graph, "max_degree", None)
        if low is not None and high is not None and low > high:
            problems.append(
                refusal(
                    "above max_degree", ("graph", "configuration", "min_degree"), found=low, allowed=f"at most {high}"
                )
            )
        for path, tactic in self._each_tactic():
            start, stop = getattr(tactic, "start", 0), getattr(tactic, "stop", None)
            if isinstance(start, int) and start >= self.days:
                allowed = f"0 to {self.days - 1} (days counted from the end of the burn-in)"
                problems.append(refusal("starts after the last day", (*path, "start"), found=start, allowed=allowed))
            if isinstance(stop, int) and isinstance(start, int) and stop <= start:
                allowed = f"after start, which is {start}"
                problems.append(refusal("stops before it starts", (*path, "stop"), found=stop, allowed=allowed))
            wanted = getattr(getattr(tactic, "target", None), "personas", None) or ()
            problems += [
                refusal(
                    "unknown persona",
                    (*path, "target", "personas"),
                    found=name,
                    hint=did_you_mean(name, self.population.personas),
                )
                for name in wanted
                if name not in self.population.personas
            ]
        raise_all(problems)
        return self

    def _each_tactic(self) -> Iterator[tuple[Path_, Any]]:
        for label, tactics in self.strategies.items():
            for i, tactic in enumerate(tactics):
                yield (("strategies", label) if len(tactics) == 1 else ("strategies", label, i)), tactic

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
                usable[path] = (file, _stamp(file))
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
            return _n_products(file, stamp, tuple(sorted(self.catalogue.columns.items())))
        if path == "graph.path" and isinstance(self.graph, GraphFile):
            graph = self.graph
            return _n_nodes(file, stamp, graph.directed, graph.source, graph.target, graph.weight)
        return _n_shoppers(file, stamp)

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
            label: _dump(tactics[0]) if len(tactics) == 1 else [_dump(one) for one in tactics]
            for label, tactics in self.strategies.items()
        }
        data["arrival"] = _dump(self.arrival)
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
        """12 hex digits that name the question: everything but replications and description, and the files' content."""
        data = self.as_dict()
        del data["replications"], data["description"]
        if data["arrival"] == {"kind": "organic"}:
            del data["arrival"]  # the usual rule asks the same question as no word on it
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
        needs_products = bool(self.strategies) or isinstance(self.catalogue, CatalogueFile)
        products = self.sample_catalogue() if needs_products else None
        said += list(products.notes) if products is not None else []
        for path, tactic in self._each_tactic():
            if products is not None:
                texts = tactic.warnings(products.price_cents, products.unit_cost_cents)
                said += [f"{path_text(path)}: {text}" for text in texts]
            stop = getattr(tactic, "stop", None)
            if isinstance(stop, int) and stop > self.days:
                said.append(f"{path_text(path)}: stop {stop} is after the last day; it runs to the end.")
        if "organic" in self.params and self.arrival.chance is not None:
            said.append(f"params.organic is not used: arrival.kind {self.arrival.kind} says who registers.")
        for name, value in self.params.items():
            row = COEFFICIENTS[name]
            if not row.low <= value <= row.high:
                said.append(f"params.{name}: {value:g} is outside its usual range, {row.low:g} to {row.high:g}.")
        worlds = -(-self.replications // self.noise_per_world)
        if worlds < 3:
            said.append(f"only {worlds} world{'s' if worlds > 1 else ''}: how sure the answer is will be overstated.")
        return said


# --- shipped scenarios ---------------------------------------------------------------------------------


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


# --- helpers -------------------------------------------------------------------------------------------


def _tactics() -> dict[str, type[BaseModel]]:
    from sim import strategies

    return dict(strategies.registry())


def _arrivals() -> dict[str, type[BaseModel]]:
    from sim import arrivals

    return dict(arrivals.registry())


def _usual_arrival() -> BaseModel:
    from sim.arrivals import Organic

    return Organic()


def _kinds() -> dict[str, Mapping[str, type[BaseModel]]]:
    """What a `kind` may be, for each key whose parts are found by it."""
    return {"graph": GRAPHS, "arrival": _arrivals(), "strategies": _tactics()}


def _persona_shares() -> dict[str, float]:
    from sim.population import PERSONAS

    return {name: float(persona.share) for name, persona in PERSONAS.items()}


def _dump(tactic: BaseModel) -> dict[str, Any]:
    data: dict[str, Any] = tactic.model_dump(mode="json", by_alias=True)
    return data


def _tactic(raw: Any, path: Path_, problems: list[Any]) -> Any:
    """The tactic that `raw` describes; what is wrong with it goes to `problems`."""
    return _of_kind(raw, path, problems, _tactics(), "a tactic, like {kind: group_buy, discount: 0.2}")


def _of_kind(raw: Any, path: Path_, problems: list[Any], kinds: Mapping[str, type[BaseModel]], example: str) -> Any:
    """What `raw` describes, by its kind; what is wrong with it goes to `problems`."""
    if isinstance(raw, tuple(kinds.values())):
        return raw
    if not isinstance(raw, dict):
        problems.append(refusal("wrong type", path, found=raw, allowed=example))
        return None
    kind = raw.get("kind")
    if not isinstance(kind, str) or kind not in kinds:
        if kind is None:
            problems.append(refusal("missing key 'kind'", path, hint=f"Kinds: {', '.join(kinds)}."))
        else:
            hint = did_you_mean(kind, kinds, kind="kinds") if isinstance(kind, str) else ""
            problems.append(refusal("unknown kind", (*path, "kind"), found=kind, allowed=", ".join(kinds), hint=hint))
        return None
    try:
        return kinds[kind].model_validate(raw)
    except ValidationError as error:
        problems.extend(again(one, path) for one in error.errors(include_url=False))
        return None


def _put(data: dict[str, Any], path: Path_, value: Any, text: str) -> None:
    """Set one value in the plain data of a scenario; what is not there is refused with the nearest name."""
    if path[0] not in data:
        raise ScenarioError("unknown path", path=text, hint=did_you_mean(str(path[0]), names_of(Scenario), kind="keys"))
    here: Any = data
    for depth, part in enumerate(path[:-1]):
        nextpart = path[depth + 1]
        here = _step(here, part, path[: depth + 1])
        if isinstance(here, list) and isinstance(nextpart, str):
            hint = f"Say which: {path_text((*path[: depth + 1], 0))}" if here else None
            raise ScenarioError("this is a list", path=text, found=here, hint=hint)
    last = path[-1]
    if isinstance(last, int):
        _step(here, last, path)
        if isinstance(here, list):
            here[last] = value
        return  # [0] of a strategy that is one tactic: handled by the step below
    if not isinstance(here, dict):
        raise ScenarioError("unknown path", path=text, found=here, hint=f"{path_text(path[:-1])} has no parts.")
    if last == "kind" and here.get("kind") != value and isinstance(value, str):
        # Another kind has other fields: keep those both know.
        model = _kinds().get(str(path[0]), {}).get(value)
        known = names_of(model) if model is not None else list(here)
        for name in [name for name in here if name not in known]:
            del here[name]
    elif path == ("catalogue", "path") and here.get("path") is None and value is not None:
        here.clear()
    here[last] = value


def _step(here: Any, part: str | int, path: Path_) -> Any:
    if isinstance(part, int):
        if isinstance(here, dict) and part == 0 and "kind" in here:
            return here  # a strategy that is one tactic: label[0] is that tactic
        if not isinstance(here, list):
            raise ScenarioError("this is not a list", path=path_text(path), found=here)
        if part >= len(here):
            allowed = f"0 to {len(here) - 1}" if here else "nothing: the list is empty"
            raise ScenarioError("no such place in the list", path=path_text(path), allowed=allowed)
        return here[part]
    if not isinstance(here, dict) or part not in here:
        names = list(here) if isinstance(here, dict) else []
        raise ScenarioError("unknown path", path=path_text(path), hint=did_you_mean(part, names, kind="names"))
    return here[part]


def _stamp(file: Path) -> tuple[int, int]:
    stat = file.stat()
    return stat.st_mtime_ns, stat.st_size


# Files are read once per state, however many copies of a scenario `with_` makes.


@lru_cache(maxsize=32)
def _n_products(file: Path, stamp: tuple[int, int], columns: tuple[tuple[str, str], ...]) -> int:
    from sim.catalogue import read_products

    return int(read_products(file, dict(columns)).columns["id"].size)


@lru_cache(maxsize=32)
def _n_nodes(
    file: Path, stamp: tuple[int, int], directed: bool, source: str | None, target: str | None, weight: str | None
) -> int:
    from sim.graph import read_edges

    return int(read_edges(file, directed=directed, source=source, target=target, weight=weight).ids.size)


@lru_cache(maxsize=32)
def _n_shoppers(file: Path, stamp: tuple[int, int]) -> int:
    from sim.population import read_population

    table: Any = read_population(file)
    return int(len(table["id"]) if isinstance(table, dict) else len(table))


def content_hash(file: Path) -> str:
    """SHA-256 of a file's bytes."""
    return _content_hash(file, _stamp(file))


@lru_cache(maxsize=64)
def _content_hash(file: Path, stamp: tuple[int, int]) -> str:
    with file.open("rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()
