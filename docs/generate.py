"""Write docs/reference.md from the code: commands, tactics and levers, coefficients, measures, public names."""

from __future__ import annotations

import sys
from collections.abc import Iterator, Sequence
from pathlib import Path

TARGET = Path(__file__).resolve().parent / "reference.md"


def _table(head: Sequence[str], rows: Sequence[Sequence[str]]) -> Iterator[str]:
    yield "| " + " | ".join(head) + " |"
    yield "|" + "---|" * len(head)
    for row in rows:
        yield "| " + " | ".join(cell.replace("|", "\\|").replace("\n", " ") for cell in row) + " |"
    yield ""


def _lines() -> Iterator[str]:
    import sim
    from sim import arrivals, events
    from sim.cli.catalogues import about_arrival, about_event, about_tactic, plain
    from sim.cli.commands import app
    from sim.metrics import MEASURES
    from sim.params import COEFFICIENTS
    from sim.strategies import registry

    yield from ("# Reference", "", "Written by `make docs` from the code; do not edit.", "")
    yield from ("## Commands", "", "`grapevine COMMAND --help` lists the options.", "")
    rows = []
    for command in app.registered_commands:
        assert command.callback is not None
        rows.append([f"`{command.callback.__name__.replace('_', '-')}`", (command.callback.__doc__ or "").strip()])
    yield from _table(["command", "does"], rows)

    yield from ("## Python", "")
    yield from _table(["name", "what it is"], [[f"`sim.{name}`", text] for name, (_, text) in sim.PUBLIC.items()])

    yield from ("## Tactics", "", "Evidence: A randomised field experiments ... D practice only.", "")
    for kind, tactic in registry().items():
        about = about_tactic(tactic)
        yield from (f"### {kind}", "", about["text"], "")
        yield from (
            f"Evidence {about['grade']}. It costs: {about['costs']}. It can backfire: {about['backfires']}.",
            "",
        )
        levers = [
            [f"`{lever['name']}`", plain(lever["default"]), lever["unit"], lever["allowed"], lever["description"]]
            for lever in about["levers"]
        ]
        yield from _table(["lever", "default", "unit", "allowed", "what it is"], levers)

    yield from ("## Arrivals", "", "How prospects come to register by themselves (`arrival` in a scenario).", "")
    for kind, rule in arrivals.registry().items():
        about = about_arrival(rule)
        yield from (f"### {kind}", "", about["text"], "", f"Source: {about['source']}.", "")
        rows = [
            [f"`{field['name']}`", plain(field["default"]), field["unit"], field["allowed"], field["description"]]
            for field in about["coefficients"]
        ]
        if rows:
            yield from _table(["coefficient", "default", "unit", "allowed", "what it is"], rows)

    yield from ("## Events", "", "What befalls every strategy alike, the control too (`events` in a scenario).", "")
    for kind, event in events.registry().items():
        about = about_event(event)
        yield from (f"### {kind}", "", about["text"], "", f"Source: {about['source']}.", "")
        rows = [
            [f"`{field['name']}`", plain(field["default"]), field["unit"], field["allowed"], field["description"]]
            for field in about["fields"]
        ]
        yield from _table(["field", "default", "unit", "allowed", "what it is"], rows)

    yield from ("## Measures", "")
    measures = [[f"`{m.name}`", m.unit, m.definition] for m in MEASURES.values()]
    yield from _table(["measure", "unit", "definition"], measures)

    yield from ("## Coefficients", "", "Status: verified, literature, fitted, or guess.", "")
    coefficients = [
        [f"`{c.name}`", f"{c.default:.4g}", f"{c.low:g} to {c.high:g}", c.unit, c.status, c.meaning, c.source]
        for c in COEFFICIENTS.values()
    ]
    yield from _table(["name", "default", "range", "unit", "status", "meaning", "source"], coefficients)


def text() -> str:
    """The whole page."""
    return "\n".join(_lines()).rstrip() + "\n"


if __name__ == "__main__":
    TARGET.write_text(text(), encoding="utf-8", newline="\n")
    print(TARGET.name, file=sys.stderr)
