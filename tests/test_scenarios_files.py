"""Files a scenario names: their paths, what is refused at the door, and the digest that sees their content."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

import pytest

from sim.errors import ScenarioError
from sim.scenario import Scenario
from tests.campus import CAMPUS, CAMPUS_SCENARIO, load

# --- files a scenario names ---------------------------------------------------------------------------


def write(name: str, text: str) -> None:
    Path(name).parent.mkdir(parents=True, exist_ok=True)
    Path(name).write_text(text, encoding="utf-8")


WITH_FILES = """\
graph: {kind: file, path: edges.csv}
catalogue: {path: products.csv}
"""


def test_paths_are_relative_to_the_file(folder: Path) -> None:
    write("deep/edges.csv", "source,target\n1,2\n2,5\n")
    write("deep/products.csv", "id,price\n1,9.99\n")
    write("deep/shop.yaml", WITH_FILES)
    scenario = Scenario.load("deep/shop.yaml")
    assert scenario.files() == {
        "graph.path": Path("deep/edges.csv"),
        "catalogue.path": Path("deep/products.csv"),
    }
    assert scenario.population.size is None
    # As text for another folder the paths lead to the same files.
    write("out/scenario.yaml", scenario.to_yaml(folder="out"))
    again = Scenario.load("out/scenario.yaml")
    assert again.digest == scenario.digest
    assert {file.resolve() for file in again.files().values()} == {file.resolve() for file in scenario.files().values()}


def test_missing_and_malformed_files_are_refused_at_the_door(folder: Path) -> None:
    write("edges.csv", "source,target\n1,2\n2,x\n")
    write("productss.csv", "id,price\n1,9.99\n")
    error = refused_files(WITH_FILES)
    assert "campus.yaml:2 catalogue.path: file not found: found 'products.csv'. Did you mean 'productss.csv'?" in error
    assert re.search(r"edges\.csv:3 .*'x'", error)
    write("products.csv", "id,price\n1,0\n")
    assert re.search(r"products\.csv:2 price: price out of range: found 0", refused_files(WITH_FILES))
    # An old scenario can still be opened where its data are not.
    Path("products.csv").unlink()
    assert Scenario.load("campus.yaml", check_files=False).graph.kind == "file"


def refused_files(text: str) -> str:
    with pytest.raises(ScenarioError) as caught:
        load(text)
    return str(caught.value)


def test_graph_larger_than_the_population(folder: Path) -> None:
    write("edges.csv", "source,target\n1,2\n2,3\n3,4\n")
    text = "graph: {kind: file, path: edges.csv}\npopulation: {size: 3}\n"
    assert (
        "campus.yaml:2 population.size: the graph has more people than the population: found 3, allowed at least 4"
        in (refused_files(text))
    )
    assert load(text.replace("3}", "9}")).population.size == 9


def test_population_file_has_its_own_size(folder: Path) -> None:
    write("people.csv", "id,persona\n5,kol_fan\n9,price_hunter\n")
    assert load("population: {from: people.csv}\n").population.source == "people.csv"
    assert "allowed 2, or leave it out" in refused_files("population: {from: people.csv, size: 20}\n")
    write("people.csv", "id,persona\n5,kol_fann\n")
    assert "people.csv:2" in refused_files("population: {from: people.csv}\n")


# --- the digest ---------------------------------------------------------------------------------------


def test_digest_names_the_question() -> None:
    same = [{"replications": 400}, {"description": "other words"}]
    other = [
        {"seed": 8}, {"days": 91}, {"noise_per_world": 2}, {"params.b_h": 0.31}, {"switches.social": False},
        {"strategies.coupons[1].face": 2.51}, {"goals.profit": 1}, {"decide_on": "gmv_cents"}, {"name": "other"},
        {"strategies.team_up": {"kind": "coupon"}}, {"graph.mean_degree": 9},
    ]  # fmt: skip
    digests = [CAMPUS_SCENARIO.with_(change).digest for change in other]
    assert all(CAMPUS_SCENARIO.with_(change).digest == CAMPUS_SCENARIO.digest for change in same)
    assert len({CAMPUS_SCENARIO.digest, *digests}) == len(other) + 1
    assert re.fullmatch(r"[0-9a-f]{12}", CAMPUS_SCENARIO.digest)


def test_digest_sees_content_not_places(folder: Path) -> None:
    for place in ("a", "b"):
        write(f"{place}/edges-{place}.csv", "source,target\n1,2\n")
        write(f"{place}/shop.yaml", f"graph: {{kind: file, path: edges-{place}.csv}}")
    first, second = Scenario.load("a/shop.yaml"), Scenario.load("b/shop.yaml")
    assert first.digest == second.digest
    write("b/edges-b.csv", "source,target\n1,2\n1,3\n")
    assert first.digest != second.digest


def test_digest_is_the_same_in_another_process(folder: Path) -> None:
    Path("campus.yaml").write_text(CAMPUS, encoding="utf-8")
    code = "import sys; from sim.scenario import Scenario; print(Scenario.load('./campus.yaml').digest)"
    root = Path(__file__).resolve().parents[1]
    told = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True,
        env={"PYTHONPATH": str(root), "PYTHONHASHSEED": "123", "PATH": "", "HOME": str(folder)},
    )  # fmt: skip
    assert told.stdout.strip() == CAMPUS_SCENARIO.digest


def test_defaults_written_out_ask_the_same_question() -> None:
    short = Scenario.from_yaml("name: x\nstrategies: {a: {kind: coupon}}")
    assert Scenario.from_yaml(short.to_yaml()).digest == short.digest
    assert (
        Scenario.from_yaml("name: x\nstrategies: {a: [{kind: coupon, start: 0}], control: []}").digest == short.digest
    )
