"""Data as people bring them: studies with mistakes, files with oddities; a right answer or a clear message."""

from __future__ import annotations

import gzip
import hashlib
import json
from pathlib import Path
from typing import Any

import duckdb
import pytest
from typer.testing import CliRunner

from sim.cli.commands import app
from sim.errors import InputError
from sim.evidence import Study
from sim.evidence.check import check
from sim.evidence.findings import gather

ORDERS = {"path": "orders.csv", "customer": "who", "time": "when", "value": "worth"}


@pytest.fixture
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    return tmp_path


def write(rows: str, name: str = "orders.csv", encoding: str = "utf-8") -> None:
    text = "\n".join(line.strip() for line in rows.strip().splitlines()) + "\n"
    Path(name).write_bytes(text.encode(encoding))


def ask(orders: dict[str, Any] | None = None, **more: Any) -> dict[str, Any]:
    answer: dict[str, Any] = json.loads(
        json.dumps(check(Study.from_dict({"orders": {**ORDERS, **(orders or {})}, **more})).as_dict())
    )
    return answer


def refused(orders: dict[str, Any] | None = None, **more: Any) -> str:
    with pytest.raises(InputError) as error:
        ask(orders, **more)
    return str(error.value)


GOOD = """
    who,when,worth
    a,2024-01-01,10.00
    b,2024-01-01,5.50
    a,2024-01-09,20.00
"""


# --- the study file -----------------------------------------------------------------------------------------


def test_every_mistake_in_a_study_is_said_with_its_line(here: Path) -> None:
    Path("shop.yaml").write_text(
        "name: shop\norders:\n  path: orders.csv\n  custommer: who\n  time: when\n  value: worth\n"
        "window: {from: 2024-13-40, to: 0}\ntargets: [laddr]\ntime_zone: Mars/Base\n"
        "fit: {priors: {params.alpha: {low: 2, high: 1}}}\n"
    )
    with pytest.raises(InputError) as error:
        Study.load("shop.yaml")
    said = str(error.value)
    assert "shop.yaml:4 orders.custommer: unknown key. Did you mean 'customer'?" in said
    assert "shop.yaml:2 orders.customer: missing key" in said
    assert "shop.yaml:7 window.to: not a week: found 0" in said
    assert "fit.priors.params.alpha.high: a prior needs low below high" in said


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("", "file is empty"),
        ("name: x\n", "a study needs data or figures"),
        ("- a\n", "a study is a mapping"),
        ("targets: [laddr]\nfigures: {conversion: {value: 0.1, sd: 0.01}}\n", "Did you mean 'ladder'?"),
        ("time_zone: Mars\nfigures: {conversion: {value: 0.1, sd: 0.01}}\n", "unknown time zone"),
        ("figures: {conversion: {value: 0.1, sd: 0}}\n", "figures.conversion.sd: out of range"),
        ("orders: {path: a.csv, customer: a, time: b}\n", "orders without a value"),
        ("window: {to: 2024-02-30}\nfigures: {conversion: {value: 0.1, sd: 1}}\n", "not a date: found '2024-02-30'"),
        ("window: {hold_out_to: 9}\nfigures: {conversion: {value: 0.1, sd: 1}}\n", "a hold-out needs the last day"),
        ("arrivals: {kind: given}\nfigures: {conversion: {value: 0.1, sd: 1}}\n", "need a file of dates"),
    ],
)
def test_what_a_study_may_not_say(here: Path, text: str, expected: str) -> None:
    Path("study.yaml").write_text(text)
    with pytest.raises(InputError, match=r"study\.yaml") as error:
        Study.load("study.yaml")
    assert expected in str(error.value)


def test_typed_figures_are_targets_and_the_rest_has_no_data() -> None:
    study = Study.from_dict(
        {"figures": {"order_value": {"value": 25.5, "sd": 0.5}, "conversion": {"value": 0.03, "sd": 0.002}}}
    )
    found = gather(study)
    assert found.targets["order_value[mean]"].value == 25.5
    assert found.targets["conversion"].sd == 0.002
    assert "ladder" in found.no_data
    assert "conversion" not in found.no_data


# --- files --------------------------------------------------------------------------------------------------


def test_a_plain_file_and_its_window(here: Path) -> None:
    write(GOOD + "c,2024-01-20,7\nc,2024-02-20,7\n")
    answer = ask(window={"from": "2024-01-02", "to": 2, "hold_out_to": "2024-01-31"})
    assert answer["window"]["from"] == "2024-01-02"
    assert answer["window"]["to"] == "2024-01-14"  # the end of the data's second week
    assert answer["window"]["hold_out_days"] == 17
    left_out = answer["sections"]["orders"]["left_out"]
    assert left_out == {"before the window": 2, "after the fit (held out or later)": 2}


def test_a_window_beyond_the_data_is_said(here: Path) -> None:
    write(GOOD)
    said = " ".join(ask(window={"from": "2023-12-25", "to": "2024-01-20", "hold_out_to": "2024-02-01"})["remarks"])
    assert "the fit goes to 2024-01-20, the last row is of 2024-01-09" in said
    assert "the fit begins on 2023-12-25" in said
    assert "the data hold 0 of the 12 days held out" in said


def test_nothing_is_changed_and_nothing_is_left_behind(here: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    write(GOOD)
    (here / "tmp").mkdir()
    monkeypatch.setattr("tempfile.tempdir", str(here / "tmp"))
    before = hashlib.sha256(Path("orders.csv").read_bytes()).hexdigest()
    ask()
    assert hashlib.sha256(Path("orders.csv").read_bytes()).hexdigest() == before
    assert list((here / "tmp").iterdir()) == []


@pytest.mark.parametrize("separator", [";", "\t", "|", ","])
def test_separators_are_found(here: Path, separator: str) -> None:
    write(GOOD.replace(",", separator))
    assert ask()["quality"]["orders"]["value"] == 35.5


def test_decimal_commas_need_a_word(here: Path) -> None:
    write("who;when;worth\na;2024-01-01;1.234,50\nb;2024-01-02;5,5\n")
    assert "Say `decimal: ','`" in refused()
    assert ask({"decimal": ","})["quality"]["orders"]["value"] == 1240.0


def test_thousands_quotes_and_bom_are_read(here: Path) -> None:
    write('\ufeffwho,when,worth\n"a, the first",2024-01-01,"1,234.50"\nb,2024-01-02,5\n')
    answer = ask()
    assert answer["quality"]["orders"]["value"] == 1239.5
    assert answer["quality"]["orders"]["customers"] == 2


def test_encodings(here: Path) -> None:
    rows = "who,when,worth\n王,2024-01-01,3\n李,2024-01-02,4\n"
    write(rows, encoding="gbk")
    assert "not UTF-8 text" in refused()
    assert ":2:" in refused()
    assert "encoding: gbk" in refused()
    assert ask({"encoding": "gbk"})["quality"]["orders"]["customers"] == 2
    assert "unknown encoding" in refused({"encoding": "klingon"})
    write(rows, encoding="utf-16")
    assert ask()["quality"]["orders"]["value"] == 7.0


def test_gz_and_parquet(here: Path) -> None:
    write(GOOD)
    Path("orders.csv.gz").write_bytes(gzip.compress(Path("orders.csv").read_bytes()))
    assert ask({"path": "orders.csv.gz"})["quality"]["orders"]["value"] == 35.5
    Path("cut.csv.gz").write_bytes(gzip.compress(Path("orders.csv").read_bytes() * 9000)[:400])
    assert "not a whole .gz file" in refused({"path": "cut.csv.gz"})
    duckdb.execute(
        "COPY (SELECT 7.0::DOUBLE AS who, TIMESTAMP '2024-01-01 10:00:00' AS \"when\", 3.25::DECIMAL(9, 2) AS worth) "
        "TO 'orders.parquet' (FORMAT parquet)"
    )
    answer = ask({"path": "orders.parquet"})
    assert answer["quality"]["orders"]["value"] == 3.25
    assert "read as 123" in answer["sections"]["orders"]["remarks"][0]


@pytest.mark.parametrize(
    ("rows", "expected"),
    [
        ("", "file is empty"),
        ("who,when,worth\n", "no rows under the header"),
        (
            "who,date,worth\na,2024-01-01,3\n",
            "no such column in orders.csv: found 'when'. Known columns: who, date, worth.",
        ),
        ("who,whn,worth\na,2024-01-01,3\n", "Did you mean 'whn'?"),
        ("who when worth\na 2024-01-01 3\n", "The first row has one cell only"),
        ("who,when,worth,worth\na,2024-01-01,3,4\n", "two columns of one name"),
        ("who,when,worth\na,2024-01-01,3,4,5,6\n", "not a CSV with these columns"),
        ("who,when,worth\na,soon,3\n", "times cannot be read: found 'soon'"),
        ("who,when,worth\na,2024-01-01,much\n", "1 of 1 are not numbers: found 'much'"),
        ("who,when,worth\n,2024-01-01,3\n", "no row counts. 1 no id"),
        ("who,when,worth\na,01/02/2024,3\n", "times can be read in two ways: found '01/02/2024'. Day or month first?"),
        ("who,when,worth\na,2024-01-31,3\nb,31/01/2024,3\n", "times are written in several ways"),
    ],
)
def test_files_that_are_refused(here: Path, rows: str, expected: str) -> None:
    write(rows) if rows else Path("orders.csv").write_text("")
    assert expected in refused()


def test_a_missing_file_names_the_nearest(here: Path) -> None:
    write(GOOD, "order.csv")
    assert "file not found: found 'orders.csv'. Did you mean 'order.csv'?" in refused()
    with pytest.raises(InputError, match="no such folder of data"):
        Study.from_dict({"orders": ORDERS}, data="elsewhere")


@pytest.mark.parametrize(
    ("first", "second", "way"),
    [
        ("31/01/2024", "02/01/2024", "%d/%m/%Y"),
        ("01/31/2024 10:15", "01/02/2024 23:59", "%m/%d/%Y"),
        ("31.01.2024", "2.1.2024", "%d.%m.%Y"),
        ("20240131", "20240102", "%Y%m%d"),
        ("2024-01-31T10:00:00", "2024-01-02 07:45", "ISO 8601"),
        ("1706659200", "1704153600", "seconds or milliseconds since 1970"),
        ("1706659200000", "1704153600000", "seconds or milliseconds since 1970"),
    ],
)
def test_ways_to_write_times(here: Path, first: str, second: str, way: str) -> None:
    write(f"who,when,worth\na,{first},1\nb,{second},1\n")
    answer = ask()
    assert answer["sections"]["orders"]["times"] == way
    assert answer["window"]["data_from"] == "2024-01-02"
    assert answer["window"]["data_to"] == "2024-01-31"


def test_a_format_that_is_said_goes_before_guesses(here: Path) -> None:
    write("who,when,worth\na,01/02/2024,3\nb,03/02/2024,3\n")
    assert ask({"time_format": "%d/%m/%Y"})["window"]["data_from"] == "2024-02-01"
    assert ask({"time_format": "%m/%d/%Y"})["window"]["data_to"] == "2024-03-02"
    assert "times are not written so" in refused({"time_format": "%Y"})


def test_times_of_other_zones_are_moved_to_the_shop(here: Path) -> None:
    write("who,when,worth\na,2024-01-01T23:30:00Z,1\nb,2024-01-01T23:30:00+08:00,1\nc,2024-01-01T23:30:00,1\n")
    answer = ask(time_zone="Asia/Shanghai")
    assert answer["window"]["data_from"] == "2024-01-01"  # what has no zone is local; +08:00 is the shop's own
    assert answer["window"]["data_to"] == "2024-01-02"  # half past eleven in London is the next morning


def test_ids_as_floats_and_refunds_and_free_orders(here: Path) -> None:
    write("who,when,worth\n13085.0,2024-01-01,10\n13085,2024-01-02,-10\n13086,2024-01-02,0\n1.3E+09,2024-01-03,2\n")
    answer = ask()
    assert answer["quality"]["orders"]["customers"] == 3
    assert answer["quality"]["orders"]["refunds"] == {"rows": 1, "value": -10.0}
    assert answer["quality"]["orders"]["free"] == 1
    assert any("spreadsheet has cut them" in text for text in answer["remarks"])
    assert any("1 refunds worth 10.00 are left out" in text for text in answer["remarks"])


def test_a_few_bad_rows_are_left_out_and_shown(here: Path) -> None:
    rows = "".join(f"c{k},2024-01-{k % 28 + 1:02},5\n" for k in range(400))
    write("who,when,worth\n" + rows + "x,someday,5\ny,2024-01-01,five\n")
    section = ask()["sections"]["orders"]
    assert section["rows_used"] == 400
    assert section["left_out"] == {"time missing or unreadable": 1, "number missing or unreadable": 1}
    assert section["examples"] == {"time missing or unreadable": "someday", "number missing or unreadable": "five"}


def test_price_times_quantity_and_filters(here: Path) -> None:
    write("who,when,price,n,state\na,2024-01-01,2.50,4,paid\na,2024-01-01,2.50,-1,paid\nb,2024-01-02,9,1,test\n")
    spec = {"path": "orders.csv", "customer": "who", "time": "when", "price": "price", "quantity": "n"}
    answer = check(Study.from_dict({"orders": {**spec, "drop": {"state": ["test"]}}})).as_dict()
    assert answer["quality"]["orders"]["value"] == 10.0
    assert answer["sections"]["orders"]["left_out"]["left out by `keep` or `drop`"] == 1
    kept = check(Study.from_dict({"orders": {**spec, "keep": {"state": ["test"]}}})).as_dict()
    assert kept["quality"]["orders"]["value"] == 9.0


def test_one_customer_one_day_gaps_doubles_and_bots_are_said(here: Path) -> None:
    write("who,when,worth\na,2024-01-01,5\na,2024-01-01,5\n")
    said = " ".join(ask()["remarks"])
    assert "one customer only" in said
    assert "1 days only" in said
    assert "1 rows are like another one" in said
    rows = [f"c{k},2024-{k % 12 + 1:02}-{k % 25 + 1:02},5" for k in range(300)]
    rows += [f"robot,2024-03-03 10:{minute:02},5" for minute in range(60)]
    rows = [row for row in rows if "-06-" not in row]
    write("who,when,worth\n" + "\n".join(rows) + "\n")
    answer = ask()
    assert [bot["customer"] for bot in answer["quality"]["orders"]["likely_bots"]] == ["robot"]
    assert any("no row from 2024-0" in text for text in answer["remarks"])
    assert any('drop: {who: ["robot"]}' in text for text in answer["remarks"])


def test_names_that_could_be_sql_stay_names(here: Path) -> None:
    write("who\"; DROP,it's,select\na,2024-01-01,5\n")
    spec = {
        "path": "orders.csv",
        "customer": 'who"; DROP',
        "time": "it's",
        "value": "select",
        "drop": {"it's": ["x'y"]},
    }
    assert check(Study.from_dict({"orders": spec})).as_dict()["quality"]["orders"]["value"] == 5.0


def test_other_sections(here: Path) -> None:
    write("s,r\n" + "".join(f"u{k % 7},u{k % 11}\n" for k in range(200)), "shares.csv")
    write("f,j,end\n" + "".join(f"u{k},a b,{'ok' if k % 4 else 'no'}\n" for k in range(80)), "groups.csv")
    study = {
        "shares": {"path": "shares.csv", "from": "s", "to": "r"},
        "groups": {"path": "groups.csv", "founder": "f", "joiners": "j", "outcome": "end", "success": "ok"},
    }
    found = gather(Study.from_dict(study))
    assert found.targets["team_success"].value == 0.75
    assert found.targets["team_joiners"].value == 2.0
    assert found.sections["shares"].left_out["sent to oneself"] == sum(k % 7 == k % 11 for k in range(200))
    study["groups"]["success"] = "okay"
    with pytest.raises(InputError, match=r"groups\.success: no group with this outcome: found 'okay', allowed no, ok"):
        gather(Study.from_dict(study))


def test_given_arrivals_and_visits(here: Path) -> None:
    rows = "".join(f"c{k},2024-01-{k % 5 + 3:02},5\n" for k in range(40))
    write("who,when,worth\n" + rows)
    write("who,day\n" + "".join(f"c{k},2024-01-02\n" for k in range(40)), "members.csv")
    write("who,when\n" + "".join(f"c{k},2024-01-{k % 5 + 3:02}\nc{k},2024-02-01\n" for k in range(40)), "visits.csv")
    found = gather(
        Study.from_dict(
            {
                "orders": ORDERS,
                "visits": {"path": "visits.csv", "customer": "who", "time": "when"},
                "arrivals": {"kind": "given", "path": "members.csv", "customer": "who", "time": "day"},
                "window": {"from": "2024-01-02", "to": "2024-02-09"},
            }
        )
    )
    assert set(found.arrival_days.tolist()) == {0}
    assert found.targets["retention_d30"].value == 1.0  # registered on day 0, all come on day 30
    assert found.targets["conversion"].value == 0.5


def test_the_command(here: Path) -> None:
    write(GOOD)
    Path("shop.yaml").write_text("orders: {path: orders.csv, customer: who, time: when, value: worth}\n")
    run = CliRunner().invoke(app, ["data", "check", "shop.yaml"])
    assert run.exit_code == 0
    assert "3; 3 count" in run.output
    assert "No data for: repeat_in_week" in run.output
    as_json = CliRunner().invoke(app, ["data", "check", "shop.yaml", "--json", "--write", "t.csv"])
    assert json.loads(as_json.stdout)["sections"]["orders"]["rows"] == 3
    assert Path("t.csv").is_file()
    assert CliRunner().invoke(app, ["data", "check", "nothing.yaml"]).exit_code == 2
    assert CliRunner().invoke(app, ["data", "forecast", "shop.yaml"]).exit_code == 2
