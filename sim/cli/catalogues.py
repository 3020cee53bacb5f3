"""Commands that list what exists: strategies, events, arrivals, personas, params; part of the command line."""

from __future__ import annotations

from typing import Annotated, Any

import typer

from sim.cli import show
from sim.cli.options import Json
from sim.errors import InputError, did_you_mean


def strategies(
    name: Annotated[str | None, typer.Argument(metavar="NAME", help="One kind of tactic, in full.")] = None,
    lang: Annotated[str, typer.Option("--lang", help="Language of the levers: en or zh.")] = "en",
    json: Json = False,
) -> None:
    """What a strategy is made of: tactics, their levers with unit, range, default; costs; how they backfire."""
    from sim.scenario.words import UNITS_ZH, range_zh
    from sim.strategies import registry

    if lang not in ("en", "zh"):
        raise InputError("no such language", path="--lang", found=lang, allowed="en or zh")
    known = registry()
    if name is not None and name not in known:
        raise InputError("no such tactic", found=name, hint=did_you_mean(name, known, kind="tactics"))
    if json:
        show.as_json({kind: about_tactic(known[kind]) for kind in ([name] if name else known)})
    elif name is None:
        abouts = {kind: about_tactic(tactic) for kind, tactic in known.items()}
        rows = [
            [kind, about["grade"], f"{about['title_zh']}：{about['about_zh']}" if lang == "zh" else about["summary"]]
            for kind, about in abouts.items()
        ]
        print(show.table(["tactic", "evidence", "what it does"], rows, left=(0, 1, 2), wrap=2))
        print("\nEvidence: A field experiments ... D practice only.", end="")
        print("\n`grapevine strategies NAME` lists the levers of one.")
    else:
        about = about_tactic(known[name])
        if lang == "zh":
            print(f"{name} {about['title_zh']}：{about['about_zh']}\n")
            print(f"证据等级：{about['grade']}。\n成本：{about['costs_zh']}。\n可能的反效果：{about['backfires_zh']}。")
        else:
            print(f"{name}: {about['text']}\n")
            for what, key in (("Evidence", "grade"), ("It costs", "costs"), ("It can backfire", "backfires")):
                print(f"{what}: {about[key]}.")
        for fact in about["facts"]:
            id_ = fact["fact"]
            print(f"Experiments ({id_}, grade {fact['grade']}; `grapevine validate {id_}`): {fact['statement']}")
        print()
        rows = [[f["name"], plain(f["default"]), f["unit"], f["allowed"], f["description"]] for f in about["levers"]]
        if lang == "zh":
            rows = [
                [f["name"], plain(f["default"]), UNITS_ZH.get(f["unit"], f["unit"]), range_zh(f["allowed"]), f["zh"]]
                for f in about["levers"]
            ]
        print(show.table(["lever", "default", "unit", "allowed", "what it is"], rows, left=(0, 1, 2, 3, 4), wrap=4))


def plain(value: Any) -> str:
    """A default as people read it."""
    if isinstance(value, bool):
        return "yes" if value else "no"
    return str(value) if isinstance(value, (int, float, str)) and value != "" else "-"


def about_tactic(tactic: Any) -> dict[str, Any]:
    """What is known about a tactic and each of its levers, as plain data."""
    import inspect

    from sim.scenario.fields import describe_deep
    from sim.strategies.tactic import Tactic
    from sim.studies.facts.known import of_tactic

    text = inspect.cleandoc(tactic.__doc__ or "")
    own_first = sorted(describe_deep(tactic), key=lambda field: field.name.partition(".")[0] in Tactic.model_fields)
    levers = [about_field(field) for field in own_first if field.name != "kind"]
    return {
        "summary": text.partition("\n")[0], "text": text, "grade": tactic.grade, "costs": tactic.costs,
        "backfires": tactic.backfires, "title_zh": tactic.title_zh, "about_zh": tactic.about_zh,
        "costs_zh": tactic.costs_zh, "backfires_zh": tactic.backfires_zh, "levers": levers,
        "facts": [
            {"fact": fact.id, "grade": fact.grade, "statement": fact.statement, "source": fact.source}
            for fact in of_tactic(tactic.model_fields["kind"].default)
        ],
    }  # fmt: skip


def about_field(field: Any) -> dict[str, Any]:
    """What is known about one field, as plain data."""
    return {
        "name": field.name, "default": field.default, "unit": field.unit, "allowed": field.allowed,
        "description": field.description, "zh": field.zh,
    }  # fmt: skip


def arrivals(
    name: Annotated[str | None, typer.Argument(metavar="NAME", help="One rule, in full.")] = None,
    json: Json = False,
) -> None:
    """How prospects come to register by themselves: rules, their coefficients with unit, range, default; sources."""
    from sim.arrivals import registry

    known = registry()
    if name is not None and name not in known:
        raise InputError("no such arrival rule", found=name, hint=did_you_mean(name, known, kind="arrival rules"))
    if json:
        show.as_json({kind: about_arrival(known[kind]) for kind in ([name] if name else known)})
    elif name is None:
        rows = [[kind, about_arrival(rule)["summary"]] for kind, rule in known.items()]
        print(show.table(["arrival", "what it says"], rows, left=(0, 1), wrap=1))
        print("\nA scenario names one: arrival.kind. `grapevine arrivals NAME` lists its coefficients.")
    else:
        about = about_arrival(known[name])
        print(f"{name}: {about['text']}\n\nSource: {about['source']}.")
        fields = about["coefficients"]
        rows = [[f["name"], plain(f["default"]), f["unit"], f["allowed"], f["description"]] for f in fields]
        if rows:
            head = ["coefficient", "default", "unit", "allowed", "what it is"]
            print("\n" + show.table(head, rows, left=(0, 1, 2, 3, 4), wrap=4))


def about_arrival(rule: Any) -> dict[str, Any]:
    """What is known about an arrival rule and each of its coefficients, as plain data."""
    import inspect

    from sim.scenario.fields import describe

    text = inspect.cleandoc(rule.__doc__ or "")
    return {
        "summary": text.partition("\n")[0], "text": text, "source": rule.source, "title_zh": rule.title_zh,
        "coefficients": [about_field(field) for field in describe(rule) if field.name != "kind"],
    }  # fmt: skip


def events(
    name: Annotated[str | None, typer.Argument(metavar="NAME", help="One kind of event, in full.")] = None,
    json: Json = False,
) -> None:
    """What can befall every strategy alike: shocks and seasons, their fields with unit, range, default; sources."""
    from sim.events import registry

    known = registry()
    if name is not None and name not in known:
        raise InputError("no such event", found=name, hint=did_you_mean(name, known, kind="events"))
    if json:
        show.as_json({kind: about_event(known[kind]) for kind in ([name] if name else known)})
    elif name is None:
        rows = [[kind, about_event(event)["summary"]] for kind, event in known.items()]
        print(show.table(["event", "what happens"], rows, left=(0, 1), wrap=1))
        print("\nA scenario lists them under events. `grapevine events NAME` lists the fields of one.")
    else:
        about = about_event(known[name])
        print(f"{name}: {about['text']}\n\nSource: {about['source']}.\n")
        rows = [[f["name"], plain(f["default"]), f["unit"], f["allowed"], f["description"]] for f in about["fields"]]
        print(show.table(["field", "default", "unit", "allowed", "what it is"], rows, left=(0, 1, 2, 3, 4), wrap=4))


def about_event(event: Any) -> dict[str, Any]:
    """What is known about a kind of event and each of its fields, as plain data."""
    import inspect

    from sim.events import Event
    from sim.scenario.fields import describe

    text = inspect.cleandoc(event.__doc__ or "")
    own_first = sorted(describe(event), key=lambda field: field.name in Event.model_fields)
    return {
        "summary": text.partition("\n")[0], "text": text, "source": event.source, "title_zh": event.title_zh,
        "fields": [about_field(field) for field in own_first if field.name != "kind"],
    }  # fmt: skip


def personas(json: Json = False) -> None:
    """The seven kinds of shopper: default share and mean traits."""
    from sim.population import PERSONAS

    if json:
        show.as_json({name: persona._asdict() for name, persona in PERSONAS.items()})
        return
    fields = [field for field in next(iter(PERSONAS.values()))._fields if field != "zh"]
    rows = [[name, *(plain(getattr(persona, field)) for field in fields)] for name, persona in PERSONAS.items()]
    print(show.table(["persona", *fields], rows, left=(0, len(fields))))
    print("\nTraits lie between 0 and 1. A scenario sets the shares: population.personas.")


def params(
    name: Annotated[str | None, typer.Argument(metavar="NAME", help="One coefficient.")] = None,
    json: Json = False,
) -> None:
    """Every coefficient of the model: default, range, unit, how well it is known and from where."""
    from sim.params import COEFFICIENTS

    if name is not None and name not in COEFFICIENTS:
        raise InputError("unknown coefficient", found=name, hint=did_you_mean(name, COEFFICIENTS, kind="coefficients"))
    found = [COEFFICIENTS[name]] if name else list(COEFFICIENTS.values())
    if json:
        show.as_json([row._asdict() for row in found])
        return
    rows = [
        [c.name, f"{c.default:.4g}", f"{c.low:g} to {c.high:g}", c.unit, c.status, f"{c.meaning} [{c.source}]"]
        for c in found
    ]
    head = ["name", "default", "range", "unit", "status", "meaning [source]"]
    print(show.table(head, rows, left=(0, 3, 4, 5), wrap=5))
    guesses = sum(c.status == "guess" for c in found)
    if name is None:
        print(f"\n{len(found)} coefficients, {guesses} of them guesses. Change one: --set params.NAME=VALUE")
