"""What the screens "money", "assumptions", "method" and "what would change it" hold; imports `verdict`, `words`."""

from __future__ import annotations

from typing import Any

from sim.charts.money import line_name
from sim.charts.numbers import NOTHING, amount, heading, money, number, percent
from sim.metrics import MEASURES
from sim.report.verdict import difference
from sim.report.words import Words, tactics_zh
from sim.studies.explain.pairs import is_clear
from sim.studies.story import Story


def money_screen(story: Story, words: Words) -> dict[str, Any]:
    """Cost, profit and return of every strategy; every line of the ledger."""
    measures = story.answer["measures"]
    rows = []
    for label in story.others:
        per_cost = {name: measures[name][label]["diff_per_cost"] for name in ("gmv_cents", "profit_cents")}
        roi = story.entry("roi", label)
        rows.append(
            {
                "label": words.name(label, opens=True),
                "cost": difference(story, "cost_cents", label, words),
                "profit": difference(story, "profit_cents", label, words),
                "gmv_per_cost": number(per_cost["gmv_cents"], words.lang, signed=True),
                "roi": number(roi["mean"], words.lang, signed=True),
                "cac": amount(measures["cac_cents"][label]["mean"], "cac_cents", words.lang),
            }
        )
    ledger = [
        {
            "strategy": str(row["strategy"]),
            "tactic": str(row["tactic"]),
            "line": line_name(str(row["line"]), words.lang),
            "cls": words(f"cls_{row['cls']}") if f"cls_{row['cls']}" in words else str(row["cls"]),
            "amount": money(row["diff"], words.lang),
            "is_clear": is_clear(row),
        }
        for row in story.why("costs").to_dict("records")
    ]
    return {"rows": rows, "ledger": ledger}


def assumptions_screen(story: Story, words: Words) -> dict[str, Any]:
    """Coefficients by how well they are known, those changed, the evidence for each tactic."""
    rows = [
        row
        | {"value": f"{row['value']:.6g}", "default": f"{row['default']:.6g}", "known": words(f"known_{row['status']}")}
        for row in story.assumptions
    ]
    evidence: dict[tuple[str, str], dict[str, Any]] = {}
    for one in story.evidence:
        key = (one["strategy"], one["kind"])
        name = one["zh"] if words.lang == "zh" and one["zh"] else one["kind"].replace("_", " ")
        chinese = tactics_zh().get(one["kind"]) if words.lang == "zh" else None
        if chinese is not None:
            one = one | {"costs": chinese[0], "backfires": chinese[1]}
        one = one | {"said_in": "zh-Hans" if chinese is not None else "en"}
        evidence[key] = one | {"name": name, "label": words.name(one["strategy"], opens=True)}
    return {
        "known": [{"status": k, "name": words(f"known_{k}"), "n": n} for k, n in story.known_as.items()],
        "n": len(rows),
        "guesses": story.known_as["guess"],
        "changed": [row for row in rows if row["is_changed"]],
        "rows": rows,
        "drawn": [
            {"path": row["path"], **{end: f"{row[end]:.4g}" for end in ("p05", "median", "p95")}} for row in story.drawn
        ],
        "evidence": list(evidence.values()),
    }


def method_screen(story: Story, words: Words) -> dict[str, Any]:
    """How the numbers came about, how to get them again, the control against itself."""
    results, answer, lang = story.results, story.answer, words.lang
    scenario, manifest = results.scenario, results.manifest
    n, worlds = answer["replications"], answer["worlds"]
    said = [words("method_pairs", w=worlds, n=n)]
    said += [words("method_one_world")] if worlds < 2 else []
    said += [words("method_looks" if answer["looks"] else "method_intervals"), words("method_best")]
    said += [words("method_worlds_from")] if story.worlds_from is not None else []
    again = story.repeated
    if again is None:
        aa = {"state": "unknown", "said": words("aa_not")}
    elif again["n_different"]:
        found = {"r": again["replication"], "n": again["n_measures"], "k": again["n_different"]}
        aa = {"state": "failed", "said": words("aa_different", **found)}
    else:
        aa = {"state": "passed", "said": words("aa_same", r=again["replication"], n=again["n_measures"])}
    size = getattr(scenario.population, "size", None)
    facts = [
        (words("fact_scenario"), scenario.name),
        (words("fact_people"), number(size, lang)),
        (words("fact_days"), scenario.days),
        (words("fact_burn_in"), scenario.burn_in_days),
        (words("fact_runs"), number(len(results.runs), lang)),
        (words("fact_seed"), scenario.seed),
        (words("fact_digest"), manifest.get("digest", "")),
        (words("fact_results_version"), manifest.get("results_version", "")),
        (words("fact_finished"), str(manifest.get("finished") or "–").replace("T", " ").replace("+00:00", " UTC")),
    ]
    shown = list(
        dict.fromkeys(
            [
                answer["decide_on"],
                "gmv_cents",
                "profit_cents",
                "cost_cents",
                "retained_share",
                "retention_d30",
                "roi",
                "k_factor",
                "dau_mean",
            ]
        )
    )
    return {
        "said": said,
        "looks": _looks(story, words),
        "aa": aa,
        "facts": facts,
        "command": _again(story),
        "versions": manifest.get("versions") or {},
        "definitions": [(heading(name, lang), MEASURES[name].definition) for name in shown],
    }


def _again(story: Story) -> str:
    """What to type to get the same numbers: what was typed, or a comparison of the scenario that the folder holds."""
    typed = str(story.results.manifest.get("command") or "")
    is_one = typed.startswith("grapevine ") and typed != "grapevine app"
    return typed if is_one else f"grapevine compare results/{story.results.folder.name}/scenario.yaml"


def _looks(story: Story, words: Words) -> list[dict[str, Any]]:
    """What was seen each time that somebody looked while runs were added."""
    measure, rows = story.answer["decide_on"], []
    for look in story.answer["looks"]:
        lead, low, high = (
            amount(look[name], measure, words.lang, difference=True) for name in ("lead", "lead_low", "lead_high")
        )
        rows.append(
            {
                "n": number(look["replications"], words.lang),
                "worlds": number(look["worlds"], words.lang),
                "label": words.name(look["label"], opens=True) if look["label"] else NOTHING,
                "rival": words.name(look["rival"], opens=True) if look["rival"] else NOTHING,
                "lead": lead,
                "bound": NOTHING if look["lead_low"] is None else words("bound", low=low, high=high),
                "state": words(f"look_{look['state']}"),
            }
        )
    return rows


def robust_screen(story: Story, words: Words) -> dict[str, Any]:
    """How far the answer holds when the assumptions move; what to type where nobody has asked."""
    folder, found, lang = story.results.folder.name, story.robustness, words.lang
    answer: dict[str, Any] = {"topics": [], "rows": []}
    if found is not None:
        said = found["sentences" if lang == "en" else "sentences_zh"]
        answer["topics"] = [
            (words(f"robust_{t}"), lines) for t, lines in said.items() if lines and f"robust_{t}" in words
        ]
        measure = found["measure"]
        answer["rows"] = [
            {
                "label": words.name(str(row["strategy"]), opens=True),
                "best": percent(row["p_best_points"], lang, decimals=0),
                "better": percent(row["p_better"], lang, decimals=0),
                "diff": amount(row["diff"], measure, lang, difference=True),
                "low": amount(row["diff_p5"], measure, lang, difference=True),
                "high": amount(row["diff_p95"], measure, lang, difference=True),
            }
            for row in found["best"]
        ]
        answer["measure"] = heading(measure, lang)
    return answer | {
        "command": f"grapevine robustness results/{folder}",
        "then": f"grapevine report results/{folder}",
        "guesses": story.known_as["guess"],
        "n": len(story.assumptions),
    }
