"""The report: one file, no network, both languages, numbers as in the tables, nothing in it is ever run."""

from __future__ import annotations

import html
import html.parser
import json
import re
import string
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import jinja2
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from jinja2 import nodes
from told import SCENARIO, Opened, browser, told
from typer.testing import CliRunner

from sim.cli.commands import app
from sim.errors import InputError
from sim.report import render, write_report
from sim.report.page import in_script
from sim.report.words import locale
from sim.scenario import question
from sim.studies.story import Story

HOSTILE = (
    "<img src=x onerror=window.pwned=1>",
    '"></script><script>window.pwned=2</script>',
    "🛍️💥'`${window.pwned=3}`{{7*7}}",
    "مرحبا‮ שלום",
    "x" * 200,
    "__proto__",
)


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    made = told(tmp_path_factory.mktemp("report"))
    write_report(made)
    return made


@pytest.fixture(scope="module")
def chromium() -> Iterator[Any]:
    with browser() as one:
        yield one


class Links(html.parser.HTMLParser):
    """Everything an HTML file names elsewhere."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.found: list[str] = []
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.found += [
            str(value) for name, value in attrs if name in ("src", "href", "action", "data", "srcset", "poster")
        ]
        assert tag not in ("link", "iframe", "object", "embed", "base", "form", "img")


# --- the file ---------------------------------------------------------------------------------------------------


def test_one_small_file_that_names_no_other(folder: Path) -> None:
    text = (folder / "report.html").read_text(encoding="utf-8")
    assert len(text.encode()) < 3_000_000
    assert all(link.startswith("#") for link in Links(text).found)
    assert "default-src 'none'" in html.unescape(text)
    assert str(folder.parent) not in text  # no path of this machine


def test_locales_say_the_same() -> None:
    english, chinese = locale("en"), locale("zh")
    assert list(english) == list(chinese)
    for key in english:
        names = [sorted({n for _, n, _, _ in string.Formatter().parse(one[key]) if n}) for one in (english, chinese)]
        assert names[0] == names[1], key


def test_every_tactic_is_told_in_chinese() -> None:
    from sim.report.words import tactics_zh
    from sim.strategies import registry

    assert set(tactics_zh()) == set(registry())


def test_templates_work_out_no_number() -> None:
    environment = jinja2.Environment(loader=jinja2.PackageLoader("sim.report", "templates"))
    allowed = {"safe", "length", "list", "reject"}
    sums = (nodes.Sub, nodes.Mul, nodes.Div, nodes.FloorDiv, nodes.Mod, nodes.Pow)
    for name in ("report.html", "page.html", "parts.html", "robust.html"):
        tree = environment.parse(environment.loader.get_source(environment, name)[0])  # type: ignore[union-attr]
        assert not list(tree.find_all(sums))
        assert {one.name for one in tree.find_all(nodes.Filter)} <= allowed
        for one in tree.find_all(nodes.Add):  # only text is put together
            assert any(isinstance(side, nodes.Const) and isinstance(side.value, str) for side in (one.left, one.right))


@pytest.mark.parametrize("text", ["</script>", "<!--<script>", "a\u2028b", "&lt;"])
def test_data_cannot_leave_their_element(text: str) -> None:
    safe = in_script(json.dumps({"a": text}, ensure_ascii=False))
    assert not re.search("[<>&\u2028]", safe)
    assert json.loads(safe) == {"a": text}


def test_a_second_report_is_the_same(folder: Path, tmp_path: Path) -> None:
    assert write_report(folder, to=tmp_path / "again.html").read_bytes() == (folder / "report.html").read_bytes()


def test_the_control_against_itself_is_exactly_zero(folder: Path) -> None:
    assert Story.of(folder).repeated == {"replication": 0, "n_measures": 49, "n_different": 0}
    story = Story.of(folder)
    story.results.runs.loc[story.results.runs["strategy"] == "control", "gmv_cents"] += 1
    assert story.repeated is not None
    assert story.repeated["n_different"] == 1


# --- the command ------------------------------------------------------------------------------------------------


def test_the_command_says_where(folder: Path, tmp_path: Path) -> None:
    target = tmp_path / "mail.html"
    answer = CliRunner().invoke(app, ["report", str(folder), "--lang", "zh", "--to", str(target), "--json"])
    assert answer.exit_code == 0, answer.output
    assert json.loads(answer.stdout)["bytes"] == target.stat().st_size
    assert '<html lang="zh-Hans" data-lang="zh">' in target.read_text(encoding="utf-8")


@pytest.mark.parametrize("arguments", [["nowhere"], [".", "--lang", "fr"]])
def test_bad_input_is_refused_in_one_message(
    arguments: list[str], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.chdir(tmp_path)
    answer = CliRunner().invoke(app, ["report", *arguments])
    assert answer.exit_code == 2
    assert "Traceback" not in answer.output


# --- a folder that came by mail -----------------------------------------------------------------------------------


def copy(folder: Path, to: Path) -> Path:
    to.mkdir()
    for file in folder.iterdir():
        if file.is_file() and file.name != "report.html":
            (to / file.name).write_bytes(file.read_bytes())
    return to


def test_links_out_of_the_folder_are_refused(folder: Path, tmp_path: Path) -> None:
    secret = tmp_path / "secret.parquet"
    secret.write_bytes((folder / "runs.parquet").read_bytes())
    made = copy(folder, tmp_path / "mailed")
    (made / "runs.parquet").unlink()
    (made / "runs.parquet").symlink_to(secret)
    with pytest.raises(InputError, match="leads out"):
        write_report(made)


def test_files_named_by_a_mailed_scenario_are_not_opened(folder: Path, tmp_path: Path) -> None:
    secret = tmp_path / "secret_ties.csv"
    secret.write_text("source,target\n" + "\n".join(f"{k},{k + 1}" for k in range(899)) + "\n", encoding="utf-8")
    made = copy(folder, tmp_path / "mailed")
    text = (made / "scenario.yaml").read_text(encoding="utf-8")
    text = re.sub(r"graph: \{.*\}", f"graph: {{kind: file, path: {json.dumps(str(secret))}}}", text)
    assert "secret_ties" in text
    (made / "scenario.yaml").write_text(text, encoding="utf-8")
    opened: list[str] = []
    is_on = [True]

    def note(event: str, arguments: Any) -> None:
        if is_on[0] and event == "open":
            opened.append(str(arguments[0]))

    sys.addaudithook(note)
    try:
        page = render(made)
    finally:
        is_on[0] = False
    assert opened
    assert not [path for path in opened if "secret" in path]
    assert "49 measures" not in page  # nothing was played again either


# --- in a browser -------------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def opened(folder: Path, chromium: Any) -> Iterator[Opened]:
    one = Opened(chromium, folder / "report.html")
    yield one
    one.close()


VISIBLE = "[...document.querySelectorAll('.page:not([hidden]) figure.chart')].filter((f) => f.offsetParent !== null)"


def test_every_chart_draws_without_a_network(folder: Path, chromium: Any) -> None:
    for width in (390, 1440):
        one = Opened(chromium, folder / "report.html", width, "dark" if width == 390 else "light")
        for lang in ("en", "zh"):
            if lang == "zh":
                one.press("lang")
            drawn = one.page.evaluate(
                f"{VISIBLE}.map((f) => f.querySelectorAll('.plot svg path, .plot svg text').length)"
            )
            assert len(drawn) >= 18
            assert min(drawn) > 3
            assert one.page.evaluate("document.documentElement.scrollWidth") == width
            cut = one.page.evaluate(
                f"{VISIBLE}.filter((f) => f.querySelector('svg').getBoundingClientRect().right"
                " > f.getBoundingClientRect().right + 1).length"
            )
            assert cut == 0
        before = one.page.evaluate("getComputedStyle(document.body).backgroundColor")
        one.press("theme")
        assert one.page.evaluate("getComputedStyle(document.body).backgroundColor") != before
        assert one.page.evaluate("document.querySelectorAll('[data-failed]').length") == 0
        assert one.said == []
        assert all(url.startswith(("file:", "data:", "blob:")) for url in one.asked)
        one.close()


def number_of(text: str) -> float:
    """What a person reads."""
    found = re.match(r"([+−]?)([\d,.]+)\s*(million|billion|万|亿)?", text.strip())
    assert found is not None, text
    factor = {None: 1.0, "million": 1e6, "billion": 1e9, "万": 1e4, "亿": 1e8}[found[3]]
    return (-1 if found[1] == "−" else 1) * float(found[2].replace(",", "")) * factor


def test_numbers_on_the_screen_are_those_of_the_verdict(folder: Path, opened: Opened) -> None:
    verdict = json.loads((folder / "verdict.json").read_text(encoding="utf-8"))
    labels = list(verdict["measures"]["gmv_cents"])
    for lang in ("en", "zh"):
        if opened.page.evaluate("document.documentElement.dataset.lang") != lang:
            opened.press("lang")
        rows = opened.page.query_selector_all(f"#verdict-{lang} .wide tbody tr")
        assert len(rows) == len(labels)
        n_read = 0
        for label, row in zip(labels, rows, strict=True):
            for cell in row.query_selector_all("td[data-measure]"):
                entry = verdict["measures"][cell.get_attribute("data-measure")][label]
                is_mean = "is-mean" in (cell.get_attribute("class") or "")
                value = entry["mean" if is_mean else "diff"]
                text = cell.inner_text()
                is_share = (
                    ("%" in text.split("\n")[0].split(" +")[0] and is_mean) or "point" in text or "百分点" in text
                )
                scale = 100 if is_share else 0.01 if cell.get_attribute("data-measure").endswith("_cents") else 1
                # The number shown has its decimals: half of the last one is what rounding may do.
                shown = number_of(text)
                least = 0.005 if "." in text.split()[0] and "万" not in text else 50 if "万" in text else 0.5
                assert shown == pytest.approx(value * scale, abs=max(least, 0.051 if is_share else 0)), (label, text)
                n_read += 1
        assert n_read >= 3 * len(labels)
    opened.press("lang")


def test_data_can_be_taken_from_every_chart(folder: Path, opened: Opened) -> None:
    page = opened.page
    with page.expect_download() as waiting:
        page.click("#verdict-en figure[data-name^=differences] [data-do=csv]")
    table = pd.read_csv(waiting.value.path(), encoding="utf-8-sig").set_index("strategy")
    verdict = json.loads((folder / "verdict.json").read_text(encoding="utf-8"))
    name = str(waiting.value.suggested_filename)
    measure = name.removeprefix("differences_").removesuffix(".csv")
    for label, row in table.iterrows():
        factor = 0.01 if measure.endswith("_cents") else 100
        assert row["diff"] == pytest.approx(factor * verdict["measures"][measure][label]["diff"], rel=1e-5)
    button = page.locator("#verdict-en figure[data-name^=differences] [data-do=table]")
    button.focus()
    page.keyboard.press("Enter")
    shown = page.locator("#verdict-en figure[data-name^=differences] .data tbody tr")
    assert shown.count() == len(table)
    assert button.get_attribute("aria-expanded") == "true"
    button.press("Enter")


def test_another_strategy_is_shown_when_asked(opened: Opened) -> None:
    page = opened.page
    page.select_option("#why-pick-en", label="coupons")
    opened.ready()
    titles = page.evaluate(
        "[...document.querySelectorAll('#why-en figure')].filter((f) => f.offsetParent).map((f) => f.innerText)"
    )
    assert titles
    assert all(title.startswith("coupons") for title in titles)
    assert page.evaluate(f"{VISIBLE}.every((f) => f.querySelector('svg'))")


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_everybody_can_use_it(folder: Path, chromium: Any, theme: str) -> None:
    kit = pytest.importorskip("axe_core_python", reason="the extra `dev` brings axe-core")
    source = (Path(kit.__file__).parent / "axe.min.js").read_text(encoding="utf-8")
    one = Opened(chromium, folder / "report.html", 1440, theme)
    one.page.evaluate(source)
    for _ in ("en", "zh"):
        found = one.page.evaluate("axe.run(document, {resultTypes: ['violations']})")
        assert [(v["id"], [n["target"] for n in v["nodes"]][:3]) for v in found["violations"]] == []
        one.press("lang")
    one.close()


def test_it_prints_whole(folder: Path, chromium: Any, tmp_path: Path) -> None:
    pypdf = pytest.importorskip("pypdf", reason="the extra `dev` brings pypdf")
    one = Opened(chromium, folder / "report.html", 1440, "dark")
    one.page.emulate_media(media="print")
    one.page.set_viewport_size({"width": 690, "height": 980})  # the printed part of A4
    wrong = one.page.evaluate(
        f"{VISIBLE}.filter((f) => {{ const s = f.querySelector('svg').getBoundingClientRect();"
        " const p = f.getBoundingClientRect(); return s.right > p.right + 1 || s.bottom > p.bottom + 1"
        " || getComputedStyle(f).breakInside !== 'avoid' || p.height > 980; }).length"
    )
    assert wrong == 0
    assert one.page.evaluate("document.documentElement.scrollWidth") == 690
    target = tmp_path / "report.pdf"
    target.write_bytes(one.page.pdf(format="A4", prefer_css_page_size=False))
    pages = pypdf.PdfReader(target).pages
    text = re.sub(r"\s+", "", "".join(page.extract_text() for page in pages))
    titles = one.page.evaluate(f"{VISIBLE}.map((f) => f.querySelector('h3').innerText)")
    assert len(titles) >= 18
    assert len(pages) >= 9
    for title in titles:
        assert re.sub(r"\s+", "", title) in text, title
    one.close()


# --- hostile names ------------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def hostile(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Names that the door refuses, smuggled in: labels, the scenario's name, personas, tactics, lines, versions."""
    with pytest.MonkeyPatch.context() as patch:
        anything = re.compile(r".{1,300}\Z", re.DOTALL)
        patch.setattr(question, "_LABEL", anything)
        patch.setattr(question, "NAME", anything)
        strategies = {name: {"kind": "referral" if k == 0 else "coupon", "start": k} for k, name in enumerate(HOSTILE)}
        text = SCENARIO.split("strategies:")[0].replace("size: 900", "size: 300").replace("days: 42", "days: 32")
        text = text.replace("name: told", f"name: {json.dumps(HOSTILE[0], ensure_ascii=False)}").replace(
            "Two ways", "<b>Two</b> ways"
        )
        text += f"strategies: {json.dumps(strategies, ensure_ascii=False)}\n"
        made = told(tmp_path_factory.mktemp("hostile"), text)
        for name in ("funnel", "shoppers", "ledger"):
            table = pq.read_table(made / f"{name}.parquet")
            for column in ("persona", "tactic", "line"):
                if column in table.column_names:
                    given = [f"{HOSTILE[2]} {one}" for one in table[column].to_pylist()]
                    at = table.column_names.index(column)
                    table = table.set_column(at, table.schema.field(at), pa.array(given, pa.string()))
            pq.write_table(table, made / f"{name}.parquet")
        manifest = json.loads((made / "manifest.json").read_text(encoding="utf-8"))
        manifest |= {"command": HOSTILE[1], "versions": {HOSTILE[0]: HOSTILE[1]}}
        (made / "manifest.json").write_text(json.dumps(manifest), encoding="utf-8")
        write_report(made)
    return made


def test_hostile_names_are_text(hostile: Path, chromium: Any) -> None:
    one = Opened(chromium, hostile / "report.html", 390)
    for _ in ("en", "zh"):
        assert one.page.evaluate("window.pwned") is None
        text = one.page.evaluate("document.body.textContent")
        for name in HOSTILE:
            assert name in text or name[:59] in text
        assert one.page.evaluate("document.querySelectorAll('.page img, .page script, .page b, .plot img').length") == 0
        assert one.page.evaluate("document.documentElement.scrollWidth") == 390
        assert one.page.evaluate("document.querySelectorAll('[data-failed]').length") == 0
        for value in range(len(HOSTILE)):
            one.page.select_option("select:visible >> nth=0", str(value))
            one.ready()
        one.press("lang")
    page = one.page
    page.hover(".page:not([hidden]) figure .plot svg")
    assert page.evaluate("window.pwned") is None
    assert one.said == []
    one.close()


def test_a_formula_in_a_name_stays_text(folder: Path, opened: Opened) -> None:
    # The rule of the page's own script, held against cells that a spreadsheet would run.
    script = (Path(str(__import__("sim.report").report.__file__)).parent / "templates" / "report.js").read_text()
    rule = re.search(r"const plain = (.*);", script)
    assert rule is not None
    shown = opened.page.evaluate(f"['=1+1', '+1', '-1', '@x', 'plain', -3].map({rule[1]})")
    assert shown == ["'=1+1", "'+1", "'-1", "'@x", "plain", -3]
