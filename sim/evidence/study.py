"""A study file: which columns of which files say what, and what is to be fitted to them; imports scenario, `errors`.

`Study.load` reads and checks the file itself; `intake` reads the data it names.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import date
from pathlib import Path
from typing import Any, Final, Literal, Self

from pydantic import ConfigDict, PrivateAttr, ValidationError, model_validator

from sim.errors import InputError, did_you_mean, nearest
from sim.evidence.target import FAMILIES
from sim.scenario import Scenario, find
from sim.scenario.fields import Part, about
from sim.scenario.reader import Document, plain, read_file
from sim.scenario.refusals import raise_all, refusal, translate
from sim.scenario.shipped import SUFFIXES

_DATE: Final = re.compile(r"\d{4}-\d{2}-\d{2}\Z", re.ASCII)
_Scale = Literal["linear", "log"]


def _dates_as_text(content: Any) -> Any:
    if isinstance(content, dict):
        return {key: _dates_as_text(value) for key, value in content.items()}
    if isinstance(content, list):
        return [_dates_as_text(value) for value in content]
    return content.isoformat() if type(content) is date else content


def _is_date(text: str) -> bool:
    try:
        return bool(_DATE.match(text)) and bool(date.fromisoformat(text))
    except ValueError:
        return False


class FileSpec(Part):
    """A CSV (.gz too) or Parquet file, and how to read it where it is not plain."""

    path: str = about("CSV, CSV.gz or Parquet; relative to the study file, or to --data DIR.", min_length=1)
    separator: str | None = about("Between cells; found by itself if left out.", default=None, max_length=4)
    encoding: str = about("Of the text.", default="utf-8")
    decimal: Literal[".", ","] = about("Decimal sign of values.", default=".")
    time_format: str | None = about("Of times, like '%d.%m.%Y %H:%M'; ISO 8601 if left out.", default=None)
    keep: dict[str, list[str]] = about(
        "Column -> values of rows to keep; other rows are left out.", default_factory=dict
    )
    drop: dict[str, list[str]] = about("Column -> values of rows to leave out.", default_factory=dict)


class OrdersSpec(FileSpec):
    """One row an order, or one a line of an order."""

    customer: str = about("Column: who ordered.")
    time: str = about("Column: when.")
    value: str | None = about("Column: value of the row in currency.", default=None)
    price: str | None = about("Column: price of one; value is then price times quantity.", default=None)
    product: str | None = about("Column: what was ordered.", default=None)
    quantity: str | None = about("Column: how many.", default=None)


class VisitsSpec(FileSpec):
    """One row a visit or event."""

    customer: str = about("Column: who came.")
    time: str = about("Column: when.")


class SharesSpec(FileSpec):
    """One row a share or invitation."""

    sender: str = about("Column: who sent it.", alias="from")
    receiver: str = about("Column: who got it.", alias="to")
    time: str | None = about("Column: when.", default=None)
    product: str | None = about("Column: what was shared.", default=None)
    sampled: float = about("Which part of all shares the file holds, drawn by lot.", default=1.0, gt=0, le=1)


class GroupsSpec(FileSpec):
    """One row a group-buy."""

    founder: str = about("Column: who founded it.")
    joiners: str | None = about("Column: how many joined, or their ids with spaces between.", default=None)
    outcome: str = about("Column: how it ended.")
    success: str = about("The value of `outcome` that means success.", default="success")
    is_sample: bool = about("Successes or failures were sampled: no rate of success.", default=False)


class ExperimentSpec(FileSpec):
    """One row a unit that was given an arm by lot."""

    unit: str | None = about("Column: who; a row is a unit if left out.", default=None)
    arm: str = about("Column: the arm.")
    control: str = about("The arm all others are held against.")
    outcomes: list[str] = about("Columns: what was measured; numbers, or true and false.", min_length=1)


class TiesSpec(FileSpec):
    """One row a tie between two people."""

    source: str = about("Column: whose tie; who hears, or trusts.", alias="from")
    target: str = about("Column: to whom; who is heard, or trusted.", alias="to")
    directed: bool = about("Whether a tie goes one way.", default=False)


class AdoptionsSpec(FileSpec):
    """One row a person who took up an item."""

    person: str = about("Column: who.")
    item: str | None = about("Column: what; one item if left out.", default=None)
    time: str = about("Column: when: a date, or the number of a period.")
    is_period: bool = about("`time` is the number of a period (year, month).", default=False)
    never: float | None = about("Period from which on a person has not adopted (yet).", default=None)


class ArrivalsSpec(FileSpec):
    """When customers registered."""

    kind: Literal["model", "first_order", "given"] = about(
        "model: by the scenario's rule; first_order: on the day of the first order; given: dates in a file.",
        default="model",
    )
    path: str = about("File of dates (kind: given).", default="")
    customer: str | None = about("Column: who.", default=None)
    time: str | None = about("Column: when she registered.", default=None)

    @model_validator(mode="after")
    def _check(self) -> Self:
        if self.kind == "given":
            for key in ("path", "customer", "time"):
                if not getattr(self, key):
                    raise_all([refusal("missing key", (key,), hint="Arrivals that are given need a file of dates.")])
        elif self.path:
            raise_all([refusal("a file of dates is used with kind: given", ("path",), found=self.path)])
        return self


class WindowSpec(Part):
    """Which days are fitted and which are held out; a date, or the number of a week of the data (1, 2, ..)."""

    start: str | int | None = about(
        "First day or week of the fit; that of the data if left out.", default=None, alias="from"
    )
    to: str | int | None = about("Last day or week of the fit; that of the data if left out.", default=None)
    hold_out_to: str | int | None = about("Last day or week of the hold-out, which follows the fit.", default=None)
    history_to: str | int | None = about(
        "Last day or week of history: days up to it say who is an old customer and what a season sells, but no target "
        "is of them. For records that begin in the middle of a shop's life.",
        default=None,
    )

    @model_validator(mode="after")
    def _check(self) -> Self:
        problems = []
        for key, value in (
            ("from", self.start), ("to", self.to), ("hold_out_to", self.hold_out_to), ("history_to", self.history_to)
        ):  # fmt: skip
            if isinstance(value, str) and not _is_date(value):
                problems.append(refusal("not a date", (key,), found=value, allowed="like '2010-11-30', or a week: 39"))
            if isinstance(value, int) and value < 1:
                problems.append(refusal("not a week", (key,), found=value, allowed="1 or more"))
        if self.hold_out_to is not None and self.to is None:
            problems.append(refusal("a hold-out needs the last day of the fit", ("to",), hint="Say `to`."))
        raise_all(problems)
        return self


class Figure(Part):
    """A number somebody typed."""

    value: float = about("The number.")
    sd: float = about("Its standard error.", gt=0)


class FiguresSpec(Part):
    """Five figures that every shop knows, for who has no raw data."""

    visits_per_day: Figure | None = about("Visits a day.", default=None)
    conversion: Figure | None = about("Orders per visit.", default=None)
    order_value: Figure | None = about("Mean value of an order, in currency.", default=None)
    retention_d30: Figure | None = about("Share of newcomers who come back on day 30.", default=None)
    repeat_rate_90d: Figure | None = about("Share of first-time buyers who order again within 90 days.", default=None)


class Prior(Part):
    """Where a coefficient may lie before the data are seen."""

    low: float = about("Lowest value.")
    high: float = about("Highest value.")
    scale: _Scale = about("Even between low and high on this scale.", default="linear")

    @model_validator(mode="after")
    def _check(self) -> Self:
        if not self.low < self.high:
            raise_all(
                [refusal("a prior needs low below high", ("high",), found=self.high, allowed=f"above {self.low}")]
            )
        if self.scale == "log" and self.low <= 0:
            raise_all([refusal("a prior on a log scale needs low above 0", ("low",), found=self.low)])
        return self


class FitSpec(Part):
    """What is fitted."""

    priors: dict[str, Prior] = about("Path of the scenario -> where it may lie.", default_factory=dict)


class Study(Part):
    """What a study file says."""

    model_config = ConfigDict(frozen=True, extra="forbid", strict=True, allow_inf_nan=False, populate_by_name=True)

    name: str = about("Names the study.", default="study", min_length=1, max_length=60)
    description: str = about("What the data are.", default="", max_length=4000)
    source: str = about("Where the data come from; stands beside every target.", default="", max_length=1000)
    terms: str = about("On which terms they may be used.", default="", max_length=1000)
    currency: str = about("Currency of values.", default="USD", max_length=12)
    time_zone: str = about("Zone of the days: times that name another zone are moved to this one.", default="UTC")
    orders: OrdersSpec | None = about("Who ordered what, when, for how much.", default=None)
    visits: VisitsSpec | None = about("Who came when.", default=None)
    shares: SharesSpec | None = about("Who sent something to whom.", default=None)
    groups: GroupsSpec | None = about("Group-buys and how they ended.", default=None)
    ties: TiesSpec | None = about("Who knows, trusts or follows whom.", default=None)
    adoptions: AdoptionsSpec | None = about("Who took up what, when.", default=None)
    experiments: dict[str, ExperimentSpec] = about("Name -> experiment.", default_factory=dict)
    arrivals: ArrivalsSpec = about("When customers registered.", default=ArrivalsSpec())
    window: WindowSpec = about("Which days are fitted and held out.", default=WindowSpec())
    figures: FiguresSpec = about("Typed figures.", default=FiguresSpec())
    targets: list[str] = about("Families of targets to use; all that the data hold if left out.", default_factory=list)
    scenario: str | None = about("The scenario to fit: a shipped name, or a file relative to the study.", default=None)
    set: dict[str, Any] = about("Changes to the scenario, by path.", default_factory=dict)
    strategy: str | None = about(
        "The scenario's strategy that was in force when the data came about; none (control) if left out.", default=None
    )
    fit: FitSpec = about("What is fitted.", default=FitSpec())

    _folder: Path = PrivateAttr(default=Path())
    _file: Path | None = PrivateAttr(default=None)
    _data: Path | None = PrivateAttr(default=None)
    _document: Document = PrivateAttr(default=Document({}, {}))

    @model_validator(mode="after")
    def _check(self) -> Self:
        problems = [
            refusal(
                "unknown family of targets",
                ("targets", i),
                found=name,
                hint=did_you_mean(name, FAMILIES, kind="families"),
            )
            for i, name in enumerate(self.targets)
            if name not in FAMILIES
        ]
        orders = self.orders
        if orders is not None and orders.value is None and (orders.price is None or orders.quantity is None):
            hint = "Name the column of `value`, or those of `price` and `quantity`."
            problems.append(refusal("orders without a value", ("orders",), hint=hint))
        if orders is not None and orders.value is not None and orders.price is not None:
            problems.append(refusal("value and price are both given", ("orders", "price"), hint="Keep one of them."))
        try:
            from zoneinfo import ZoneInfo

            ZoneInfo(self.time_zone)
        except (KeyError, ValueError, OSError):
            problems.append(
                refusal("unknown time zone", ("time_zone",), found=self.time_zone, allowed="like Europe/London or UTC")
            )
        raise_all(problems)
        return self

    # --- reading --------------------------------------------------------------------------------------

    @classmethod
    def load(cls, source: str | Path, data: str | Path | None = None) -> Self:
        """Read a study file, or a shipped study by its name; the files it names lie in `data`, or beside it."""
        path = find_study(source)
        document = read_file(path, what="study", dates=True)
        if "name" not in document.data:
            document.data["name"] = (path.resolve().parent.name if path.stem == "study" else path.stem)[:60] or "study"
        return cls._of(document, path.parent, path, data)

    @classmethod
    def from_dict(cls, content: dict[str, Any], folder: str | Path = ".", data: str | Path | None = None) -> Self:
        """A study from the plain data a file would hold; dates may be dates."""
        return cls._of(Document(plain(_dates_as_text(content)), {}), Path(folder), None, data)

    @classmethod
    def _of(cls, document: Document, folder: Path, file: Path | None, data: str | Path | None) -> Self:
        try:
            made = cls.model_validate(document.data)
        except ValidationError as error:
            raise InputError.together(translate(error.errors(include_url=False), cls, {}, document, file)) from None
        made._folder, made._file, made._document = folder, file, document
        made._data = None if data is None else Path(data)
        if made._data is not None and not made._data.is_dir():
            raise InputError("no such folder of data", found=str(made._data), hint="--data DIR is where the files lie.")
        if not made.sections() and not any(value for _, value in made.figures):
            raise InputError("a study needs data or figures", file=file, hint="Name a file of orders, for example.")
        return made

    @property
    def folder(self) -> Path:
        """Where the study file lies."""
        return self._folder

    @property
    def file(self) -> Path | None:
        """The study file, if it came from one."""
        return self._file

    def sections(self) -> dict[str, FileSpec]:
        """Every section that names a file of data, by its path in the study."""
        named = ("orders", "visits", "shares", "groups", "ties", "adoptions")
        found: dict[str, FileSpec] = {name: part for name in named if (part := getattr(self, name)) is not None}
        found |= {f"experiments.{name}": part for name, part in self.experiments.items()}
        if self.arrivals.kind == "given":
            found["arrivals"] = self.arrivals
        return found

    def resolve(self, path: str) -> Path:
        """A path of this study as a path from here."""
        return (self._data or self._folder) / path

    def refuse(self, problem: str, path: str, **more: Any) -> InputError:
        """An error about a field of this study, with its line."""
        line = self._document.line(tuple(path.split(".")))
        return InputError(problem, file=self._file, line=line, path=path, **more)

    def existing(self, section: str, spec: FileSpec) -> Path:
        """The file of a section; refused if it is not there."""
        file = self.resolve(spec.path)
        if file.is_file():
            return file
        if file.is_dir():
            raise self.refuse("a file is expected, this is a folder", f"{section}.path", found=str(file))
        near = nearest(file.name, [f.name for f in file.parent.iterdir()]) if file.parent.is_dir() else None
        where = (self._data or self._folder).resolve()
        hint = f"Did you mean '{near}'?" if near else f"Paths start from {where}; --data DIR names another folder."
        raise self.refuse("file not found", f"{section}.path", found=spec.path, hint=hint)

    def base(self) -> Scenario:
        """The scenario to fit, with the study's changes."""
        if self.scenario is None:
            raise self.refuse("missing key 'scenario'", "scenario", hint="The name of a shipped scenario, or a path.")
        is_path = self.scenario.endswith(SUFFIXES) or "/" in self.scenario or "\\" in self.scenario
        try:
            found = Scenario.load(
                find(self._folder / self.scenario if is_path else self.scenario), check_files=not self.set
            )
        except InputError as error:
            if error.file is not None:
                raise
            raise self.refuse(error.problem, "scenario", found=self.scenario, hint=error.hint) from None
        return found.with_(self.set) if self.set else found

    def with_(self, **changes: Any) -> Self:
        """A copy with some fields of the file replaced, checked again."""
        content = {**self._document.data, **changes}
        return self._of(Document(plain(content), self._document.lines), self._folder, self._file, self._data)


def shipped_studies() -> dict[str, Path]:
    """Studies that come with the package: name -> file."""
    package = Path(__file__).resolve().parent.parent
    for folder in (package / "calibration", package.parent / "calibration"):
        found = dict(_named(folder))
        if found:
            return found
    return {}


def _named(folder: Path) -> Iterator[tuple[str, Path]]:
    for file in sorted(folder.glob("*/*.yaml")):
        if file.stem == "scenario":  # what was fitted, written beside a study
            continue
        yield (file.parent.name if file.stem == "study" else f"{file.parent.name}.{file.stem}"), file


def find_study(source: str | Path) -> Path:
    """The file of a study: a path (a folder with study.yaml too), or the name of a shipped one."""
    path = Path(source)
    if path.is_dir() and (path / "study.yaml").is_file():
        return path / "study.yaml"
    known = shipped_studies()
    if str(source) in known and not path.exists():
        return known[str(source)]
    if path.is_dir():
        raise InputError("no study.yaml in this folder", found=str(source), hint="Give the path of a study file.")
    if not path.is_file():
        near = did_you_mean(str(source), known, kind="shipped studies")
        raise InputError("no such study", found=str(source), hint=near or "Give the path of a study file.")
    return path


__all__ = ["FileSpec", "Study", "find_study", "shipped_studies"]
