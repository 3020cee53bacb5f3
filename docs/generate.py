"""Write the pages of docs/ that come from the code: scenario.md, strategies.md, reference.md. Run by `make docs`."""

from __future__ import annotations

import re
import sys
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any, Final

HERE: Final = Path(__file__).resolve().parent
_NOTE: Final = "Written by `make docs` from the code; do not edit."
_LEVER: Final = ("lever", "default", "unit", "allowed", "what it is")
_FIELD: Final = ("field", "default", "unit", "allowed", "what it is")
#: how good the evidence for a tactic's effect is
GRADES: Final = {
    "A": "randomised field experiments",
    "B": "quasi-experiments or structural estimates",
    "C": "observational studies",
    "D": "practice only",
}


def _table(head: Sequence[str], rows: Sequence[Sequence[str]]) -> Iterator[str]:
    yield "| " + " | ".join(head) + " |"
    yield "|" + "---|" * len(head)
    for row in rows:
        yield "| " + " | ".join(_safe(cell) for cell in row) + " |"
    yield ""


def _safe(cell: str) -> str:
    """Text that stays in its cell, and shows `a < b` and `i * j` as they are."""
    return cell.replace("|", "\\|").replace("\n", " ").replace("<", "&lt;").replace(" * ", " \\* ")


def _rows(fields: Sequence[dict[str, Any]]) -> list[list[str]]:
    from sim.cli.catalogues import plain

    return [[f"`{f['name']}`", plain(f["default"]), f["unit"], f["allowed"], f["description"]] for f in fields]


def _sentence(text: str) -> str:
    text = text[:1].upper() + text[1:]
    return text if text.endswith((".", "!", "?")) else text + "."


def _paragraphs(text: str) -> Iterator[str]:
    for part in text.split("\n\n"):
        yield " ".join(part.split())
        yield ""


# --- strategies ------------------------------------------------------------------------------------


def strategies() -> Iterator[str]:
    """One section a tactic: what it does, what it costs, how it hurts, its own levers; then the common ones, once."""
    from sim.cli.catalogues import about_tactic
    from sim.strategies import registry
    from sim.strategies.tactic import Tactic

    known = {kind: about_tactic(tactic) for kind, tactic in registry().items()}
    yield from ("# Strategies", "", _NOTE, "")
    yield from _paragraphs(
        "A strategy is a label in a scenario for one tactic, or for several that run together. Below is every "
        "tactic: its own levers here, those that [every tactic has](#levers-of-every-tactic) at the end of the page."
    )
    yield "Evidence says how well the size of its effect is known: " + "; ".join(
        f"**{grade}** {what}" for grade, what in GRADES.items()
    ) + "."  # fmt: skip
    yield ""
    rows = [
        [f"[{kind}](#{kind}) {about['title_zh']}", about["grade"], about["summary"]] for kind, about in known.items()
    ]
    yield from _table(["tactic", "evidence", "what it does"], rows)
    for kind, about in known.items():
        yield from (f"## {kind}", "", f"*{about['title_zh']}*", "")
        yield from _paragraphs(about["text"])
        yield from (f"- **Costs**: {_sentence(about['costs'])}", f"- **Backfires**: {_sentence(about['backfires'])}")
        yield f"- **Evidence**: {about['grade']}, {GRADES[about['grade']]}."
        if about["facts"]:
            told = ", ".join(f"{fact['fact']} (grade {fact['grade']})" for fact in about["facts"])
            yield f"- **Held against experiments**: {told}; see [validation](validation.md)."
        yield ""
        yield from ("```yaml", _example(kind, registry()[kind]), "```", "")
        yield from _table(_LEVER, _rows(_own(about["levers"], set(Tactic.model_fields))))
    yield from ("## Levers of every tactic", "")
    yield "When it runs, for whom, and how much it may spend."
    yield ""
    common = [lever for lever in about["levers"] if lever["name"].partition(".")[0] in Tactic.model_fields]
    yield from _table(_LEVER, _rows(common))


def _own(levers: Sequence[dict[str, Any]], common: set[str]) -> list[dict[str, Any]]:
    return [lever for lever in levers if lever["name"].partition(".")[0] not in common]


def _example(kind: str, tactic: Any) -> str:
    """The tactic's own example, as it stands in a scenario."""
    import yaml

    from sim.scenario.kinds import dumped

    example, plain = tactic.example(), tactic()
    changed = {name: value for name, value in dumped(example).items() if value != dumped(plain)[name]}
    flow = yaml.safe_dump({"kind": kind, **changed}, default_flow_style=True, sort_keys=False, width=10**6).strip()
    return f"strategies:\n  mine: {flow}"


# --- the scenario file --------------------------------------------------------------------------------


def scenario() -> Iterator[str]:
    """Every field of a scenario file: meaning, unit, range, default; kinds of graphs, arrivals and events."""
    from sim import arrivals, events
    from sim.cli.catalogues import about_arrival, about_event, about_field
    from sim.scenario import GRAPHS, Scenario, describe
    from sim.scenario.fields import describe_deep
    from sim.scenario.parts import CampaignSpec, CatalogueFile, DrawnCatalogue

    yield from ("# The scenario file", "", _NOTE, "")
    yield from _paragraphs(
        "A scenario is one YAML file. Every field has a default, which what is left out takes. Money is in currency "
        "units with at most two decimals, paths start from the file's own folder. `grapevine new` writes a file with "
        "all of this as comments, in English or Chinese; `grapevine check` refuses what is wrong with file, line "
        "and what to do. A JSON schema for editors is `sim.scenario.schema()`."
    )
    kinds = {"graph", "catalogue", "arrival", "events", "strategies", "budgets"}
    fields = [about_field(field) for field in describe_deep(Scenario) if field.name.partition(".")[0] not in kinds]
    places = {
        "graph": "graph",
        "catalogue": "catalogue",
        "arrival": "arrivals",
        "events": "events",
        "budgets": "budgets",
    }
    for field in describe(Scenario):
        if field.name in places:
            fields.append(about_field(field) | {"name": field.name, "unit": f"see [below](#{places[field.name]})"})
        elif field.name == "strategies":
            fields.append(about_field(field) | {"unit": "see [Strategies](strategies.md)"})
    order = [field.name for field in describe(Scenario)]
    fields.sort(key=lambda field: order.index(field["name"].partition(".")[0]))
    yield from ("## Fields", "")
    yield from _table(_FIELD, _rows(fields))

    yield from ("## graph", "", "Who knows whom: `graph: {kind: ...}`.", "")
    for kind, graph in GRAPHS.items():
        yield from (f"### graph: {kind}", "")
        yield from _paragraphs(graph.__doc__ or "")
        rows = _rows([about_field(field) for field in describe(graph) if field.name != "kind"])
        if rows:
            yield from _table(_FIELD, rows)
    yield from ("## catalogue", "", "Drawn, or your own products from a file.", "")
    for part in (DrawnCatalogue, CatalogueFile):
        yield from _paragraphs(part.__doc__ or "")
        yield from _table(_FIELD, _rows([about_field(field) for field in describe(part)]))
    yield from ("## budgets", "")
    yield from _paragraphs(CampaignSpec.__doc__ or "")
    yield from _table(_FIELD, _rows([about_field(field) for field in describe(CampaignSpec)]))

    yield from ("## arrivals", "", "How prospects come to register by themselves: `arrival: {kind: ...}`.", "")
    for kind, rule in arrivals.registry().items():
        about = about_arrival(rule)
        yield from (f"### arrival: {kind}", "")
        yield from _paragraphs(about["text"])
        yield from (f"Source: {about['source']}.", "")
        if about["coefficients"]:
            yield from _table(_FIELD, _rows(about["coefficients"]))
    yield from ("## events", "", "What befalls every strategy alike, the control too: a list of `{kind: ...}`.", "")
    for kind, event in events.registry().items():
        about = about_event(event)
        yield from (f"### event: {kind}", "")
        yield from _paragraphs(about["text"])
        yield from (f"Source: {about['source']}.", "")
        yield from _table(_FIELD, _rows(about["fields"]))


# --- the rest -----------------------------------------------------------------------------------------


def reference() -> Iterator[str]:
    """Commands with their options, names of the Python package, measures, coefficients."""
    import sim
    from sim.metrics import MEASURES
    from sim.params import COEFFICIENTS

    yield from ("# Reference", "", _NOTE, "")
    yield from ("## Commands", "", "`grapevine COMMAND --help` says the same.", "")
    known = _commands()
    panels: dict[str, list[tuple[str, Any]]] = {}
    for name, (panel, command) in known.items():
        panels.setdefault(panel, []).append((name, command))
    for panel, commands in panels.items():
        yield from (f"### {panel}", "")
        rows = [
            [f"[`{name}`](#grapevine-{name.replace(' ', '-')})", (one.help or "").strip()] for name, one in commands
        ]
        yield from _table(["command", "does"], rows)
    for name, (_, command) in known.items():
        yield from _command(name, command)

    yield from ("## Python", "")
    yield from _table(["name", "what it is"], [[f"`sim.{name}`", text] for name, (_, text) in sim.PUBLIC.items()])
    yield from ("## Measures", "")
    measures = [[f"`{m.name}`", m.unit, m.definition] for m in MEASURES.values()]
    yield from _table(["measure", "unit", "definition"], measures)
    yield from ("## Coefficients", "", "Status: verified, literature, fitted, or guess.", "")
    coefficients = [
        [f"`{c.name}`", f"{c.default:.4g}", f"{c.low:g} to {c.high:g}", c.unit, c.status, c.meaning, c.source]
        for c in COEFFICIENTS.values()
    ]
    yield from _table(["name", "default", "range", "unit", "status", "meaning", "source"], coefficients)


def _commands() -> dict[str, tuple[str, Any]]:
    """Every command by what is typed, with its heading in the help; those of a group as `group command`."""
    from typer.main import get_command

    from sim.cli.commands import app

    found: dict[str, tuple[str, Any]] = {}
    for name, one in get_command(app).commands.items():  # type: ignore[attr-defined]
        panel = str(one.rich_help_panel)
        if hasattr(one, "commands"):
            found |= {f"{name} {inner}": (panel, command) for inner, command in one.commands.items()}
        else:
            found[name] = (panel, one)
    return found


def _command(name: str, made: Any) -> Iterator[str]:
    """A command's arguments and options, as typer knows them."""
    yield from (f"### grapevine {name}", "")
    yield from _paragraphs(made.help or "")
    rows = []
    for one in made.params:
        if one.name == "help":
            continue
        is_argument = one.param_type_name == "argument"
        name = (one.metavar or one.name.upper()) if is_argument else ", ".join(sorted(one.opts, key=len, reverse=True))
        text = getattr(one, "help", "") or ""
        rows.append([f"`{name}`", re.sub(r"\s+\[default: [^]]+\]$", "", text), _default(one)])
    if rows:
        yield from _table(["option", "what it is", "default"], rows)


def _default(option: Any) -> str:
    found = re.search(r"\[default: ([^]]+)\]$", getattr(option, "help", "") or "")
    if found:
        return found.group(1)
    value = option.default
    return "" if value is None or value is False or value is ... or callable(value) else str(value)


#: every page that is written: file name -> its lines
PAGES: Final[dict[str, Callable[[], Iterator[str]]]] = {
    "reference.md": reference,
    "scenario.md": scenario,
    "strategies.md": strategies,
}


def text(name: str) -> str:
    """The whole of one page."""
    return re.sub(r"\n{3,}", "\n\n", "\n".join(PAGES[name]())).rstrip() + "\n"


if __name__ == "__main__":
    for page in PAGES:
        (HERE / page).write_text(text(page), encoding="utf-8", newline="\n")
        print(page, file=sys.stderr)
