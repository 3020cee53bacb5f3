"""The command that says why: explain; part of the command line."""

from __future__ import annotations

import os
import shutil
import textwrap
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from sim.cli import show
from sim.cli.options import Executor, Jobs, Json, Quiet, typed_command
from sim.cli.speed import say_if_compiling

if TYPE_CHECKING:
    import pandas as pd

    from sim.studies.explain import Explanation

_UNCLEAR = "?"  # marks a difference whose interval holds zero
_MOST_PRODUCTS = 5
_MOST_COLUMNS = 6  # of strategies side by side


def explain(
    folder: Annotated[Path, typer.Argument(metavar="DIR", help="A results folder; of a sweep, say which --point.")],
    point: Annotated[
        int | None,
        typer.Option("--point", min=0, help="Of a sweep: this point, compared in a folder of its own beside it."),
    ] = None,
    strategy: Annotated[
        list[str] | None,
        typer.Option("--strategy", metavar="LABEL", help="Only this one, with all its tables. Repeatable."),
    ] = None,
    luck: Annotated[
        int, typer.Option("--luck", min=0, help="Worlds whose control is played again to see what luck alone does.")
    ] = 2,
    jobs: Jobs = None,
    executor: Executor = "loky",
    json: Json = False,
    quiet: Quiet = False,
) -> None:
    """Why each strategy differs from the control, for whom, and who brought whom: sentences and tables."""
    from sim.studies.explain import explain as ask

    if point is not None:
        folder = _compared(folder, point, jobs, executor, quiet)
    found = ask(folder, strategy or None, luck)
    written = found.write() if found.results.is_writable and not strategy else None
    if json:
        show.as_json({"folder": str(folder), **found.answer})
        return
    for label in found.sentences:
        pairs, worlds = found.pairs[label], found.worlds[label]
        print(f"{label} against the control ({pairs} pair{'s' if pairs > 1 else ''} of runs, worlds: {worlds})")
        for sentence in found.sentences[label]:
            print(folded(sentence))
        print()
    for note in found.notes:
        print(folded(note) + "\n")
    print("\n\n".join([*_overview(found), *(block for label in strategy or () for block in _detail(found, label))]))
    if written is not None and not quiet:
        show.note(f"\nAll tables: {written}\nMore about one strategy: grapevine explain {folder} --strategy LABEL")


def _compared(folder: Path, point: int, jobs: int | None, executor: str, quiet: bool) -> Path:
    """The folder of a comparison at one point of a sweep, beside the sweep; played if it is not there yet."""
    from sim.experiment import Results, folder_name
    from sim.studies.ask import compare

    results = Results.open(folder)
    scenario = results.scenario_at(point)
    target = folder.absolute().parent / folder_name(scenario)
    target = Path(os.path.relpath(target)) if not folder.is_absolute() else target
    if not quiet:
        row = results.points.set_index("point").loc[point]
        said = ", ".join(f"{path} = {value:.4g}" if isinstance(value, float) else f"{path} = {value}"
                         for path, value in row.items())  # fmt: skip
        show.note(f"point {point} ({said}) -> {target}")
        say_if_compiling()
    with show.progress(quiet=quiet) as step:
        compare(scenario, jobs, target, step, executor=executor, command=typed_command())
    return target


def folded(sentence: str) -> str:
    """A sentence as lines of a terminal, set in."""
    width = min(shutil.get_terminal_size((120, 24)).columns, 120)
    return textwrap.fill(sentence, width, initial_indent="  ", subsequent_indent="    ")


def _cell(row: Any, unit: str = "cents", *, value: str = "diff") -> str:
    """A difference, marked where it cannot be told from zero."""
    from sim.studies.explain.pairs import is_clear

    if row[value] is None or row[value] != row[value]:
        return "n/a"
    entry = row if value == "diff" else {"ci_low": row[f"{value}_low"], "ci_high": row[f"{value}_high"]}
    mark = " " if is_clear(entry) or row[value] == 0 else _UNCLEAR
    return show.difference(float(row[value]), unit) + mark


def _name(factor: str) -> str:
    from sim.studies.explain import FACTOR_NAMES

    return FACTOR_NAMES[factor][0] if factor in FACTOR_NAMES else factor


def _matrix(table: pd.DataFrame, head: str, row: str, labels: list[str]) -> str:
    """Differences, a row a factor (or persona ...) and a column a strategy."""
    rows = []
    for name, group in table.groupby(row, sort=False):
        by_label = {one["strategy"]: one for one in group.to_dict("records")}
        rows.append([_name(str(name)), *(_cell(by_label[label]) for label in labels)])
    return show.table([head, *(f"{label} " for label in labels)], rows)


def _overview(found: Explanation) -> list[str]:
    why, labels = found.tables["why"], list(found.sentences)
    whole = why["by"] == "all"
    path, gmv = why["split"] == "path", why["measure"] == "gmv_cents"
    asked = (
        ("GMV difference by factor", "factor", whole & path & gmv),
        ("GMV difference by buyers", "factor", whole & ~path),
        ("GMV difference by persona", "of", path & gmv & (why["by"] == "persona") & (why["factor"] == "total")),
        ("profit difference by factor", "factor", whole & path & ~gmv),
    )
    blocks = [
        _matrix(why[rows], head, row, labels[first : first + _MOST_COLUMNS])
        for first in range(0, len(labels), _MOST_COLUMNS)
        for head, row, rows in asked
    ]
    blocks[-1] += f"\n{_UNCLEAR}: cannot be told from zero (95 % interval). Parts of a column add up to its total."
    return blocks


def _detail(found: Explanation, label: str) -> list[str]:
    """Every table about one strategy, its name over the first."""
    tables = {
        name: table[table["strategy"] == label] if "strategy" in table else table
        for name, table in found.tables.items()
    }
    blocks = [f"{label} in detail\n\n" + _funnel(tables["funnel"]), _attribution(tables["attribution"])]
    blocks += [_causes(tables["causes"])]
    if len(tables["costs"]):
        rows = [
            [f"{row['tactic']}: {row['line']}", row["cls"], _cell(row)] for row in tables["costs"].to_dict("records")
        ]
        blocks.append(show.table(["cost line", "class", "a run "], rows, left=(0, 1)))
    if "pulled_forward" in tables and len(tables["pulled_forward"]):
        blocks.append(_pulled(tables["pulled_forward"]))
    if "twins" in tables:
        blocks += [_products(tables["products"]), _twins(tables["twins"], tables.get("luck"))]
        blocks += _trees(found, label)
    return blocks


def _funnel(table: pd.DataFrame) -> str:
    head = ["funnel", "under", "people", "active", "come", "visits/day", "orders/visit", "buy", "orders/buyer"]
    rows = []
    for row in table.to_dict("records"):
        if not row["n_people"]:
            continue
        shares = ("retention", "activation", "visits_per_day", "conversion", "buyers_share")
        values = {name: row[name] for name in shares}
        rows.append([
            row["group"], row["under"], show.number(row["n_people"], "count"),
            *(show.number(values[name], "share") for name in shares[:2]),
            show.number(values["visits_per_day"], "ratio"),
            *(show.number(values[name], "share") for name in shares[3:]),
            show.number(row["orders_per_buyer"], "ratio"), show.number(row["order_value_cents"], "cents"),
        ])  # fmt: skip
    return show.table([*head, "order value"], rows, left=(0, 1))


def _attribution(table: pd.DataFrame) -> str:
    rows = [
        [row["named"], show.number(row["cost_cents"], "cents"), show.number(row["n_attributed"], "count"),
         show.number(row["attributed_gmv_cents"], "cents"),
         "" if row["n_extra"] != row["n_extra"] or row["n_extra"] is None else _cell(row, "count", value="n_extra")]
        for row in table.to_dict("records")
    ]  # fmt: skip
    return show.table(["tactic or slot", "cost a run", "orders that name it", "their GMV", "extra orders "], rows)


def _causes(table: pd.DataFrame) -> str:
    rows = []
    for (by, of), group in table.groupby(["by", "of"], sort=False):
        one = {row["what"]: row for row in group.to_dict("records")}
        if one["n_orders"]["diff"]:
            name = f"{of} purchases" if by == "purchase" else f"first seen: {of}"
            rows.append([name, _cell(one["n_orders"], "count"), _cell(one["gmv_cents"])])
    return show.table(["orders by cause", "orders ", "GMV "], rows)


def _pulled(table: pd.DataFrame) -> str:
    rows = []
    for when, group in table.groupby("when", sort=False):
        one = {row["what"]: row for row in group.to_dict("records")}
        rows.append([
            str(when), str(one["orders"]["n_days"]), _cell(one["orders"], "count"), _cell(one["gmv_cents"]),
        ])  # fmt: skip
    return show.table(["pulled forward?", "days", "orders ", "GMV "], rows)


def _products(table: pd.DataFrame) -> str:
    money = table[table["what"] == "gmv_cents"]
    named = money[money["by"] == "product"].sort_values("diff", ascending=False, kind="stable")
    if len(named) > 2 * _MOST_PRODUCTS:
        named = named.iloc[[*range(_MOST_PRODUCTS), *range(-_MOST_PRODUCTS, 0)]]
    rows = [[row["of"], _cell(row)] for row in money[money["by"] == "rank"].to_dict("records")]
    rows += [[f"product {row['of']}", _cell(row)] for row in named.to_dict("records")]
    return show.table(["GMV by product", "difference "], rows)


def _twins(table: pd.DataFrame, luck: pd.DataFrame | None) -> str:
    head = ["the same people, with and without it", "people", "orders/1,000 ", "spend/1,000 ", "retained "]
    rows = []
    for row in table.to_dict("records"):
        name = row["of"] if row["by"] != "stage" else f"at the start: {row['of']}"
        thousand = {k: 1000 * v for k, v in row.items() if isinstance(v, float)}
        rows.append([
            name, show.number(row["n_people"], "count"), _cell(thousand, "count", value="n_orders"),
            _cell(thousand, value="spend_cents"), _cell(row, "share", value="is_retained"), *_classes(row),
        ])  # fmt: skip
    if luck is not None:
        rows += [
            ["luck alone: " + row["of"], "", "", "", "", *_classes(row)]
            for row in luck[luck["by"] != "persona"].to_dict("records")
        ]
    text = show.table([*head, "in both", "only with it", "only without", "neither"], rows)
    return text + "\nOrdered at all: sure things, persuadables, sleeping dogs, lost causes."


def _classes(row: dict[Any, Any]) -> list[str]:
    names = ("sure_things", "persuadables", "sleeping_dogs", "lost_causes")
    return [show.number(row[name], "share") for name in names]


def _trees(found: Explanation, label: str) -> list[str]:
    referral = found.tables["referral"]
    means = {(row["strategy"], row["what"]): row for row in referral.to_dict("records")}
    units = {"n_invited": "count", "n_trees": "count", "viral_cycle_days": "days"}
    rows = [
        [name, *(show.number(means[x, name]["mean"], units.get(name, "ratio")) for x in (label, "control")),
         _cell(means[label, name], units.get(name, "ratio"))]
        for name in dict.fromkeys(referral["what"])
    ]  # fmt: skip
    blocks = [show.table(["invitations, a run", "mean", "control", "difference "], rows)]
    generations, largest = (
        found.tables[name][found.tables[name]["strategy"] == label] for name in ("generations", "largest_trees")
    )
    rows = [
        [str(row["generation"]), show.number(row["n_people"], "count"), f"{row['brought_each']:.3f}"]
        for row in generations.to_dict("records")
    ]
    blocks.append(show.table(["generation", "people a run", "each brings"], rows))
    rows = [
        [f"{row['inviter']} ({row['persona']}), replication {row['replication']}", str(row["size"]), str(row["depth"]),
         f"{row['virality']:.2f}"]
        for row in largest.to_dict("records")
    ]  # fmt: skip
    blocks.append(show.table(["largest trees, by who began them", "people", "generations", "virality"], rows))
    return blocks
