"""Products: drawn by id with the distributions of the specification, read from files without surprises."""

from __future__ import annotations

import gzip
import math
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sim import catalogue as rooms
from sim.catalogue import Catalogue, read_products
from sim.draws import PRODUCT, normal, u01
from sim.errors import InputError
from sim.tables import header, line_of, read_columns

REAL = Path(__file__).resolve().parents[2] / "shared" / "data" / "alibaba_ecomm" / "items.csv.gz"
COLUMNS = (
    "id", "price_cents", "unit_cost_cents", "quality", "taste", "arousal", "sociality", "spam_onset", "category",
    "stock", "launch_day",
)  # fmt: skip


def equal(a: Catalogue, b: Catalogue, but: tuple[str, ...] = ()) -> bool:
    return all(np.array_equal(getattr(a, name), getattr(b, name)) for name in COLUMNS if name not in but)


def saved(folder: Path, text: str | bytes, name: str = "products.csv") -> Path:
    path = folder / name
    path.write_bytes(text if isinstance(text, bytes) else text.encode())
    return path


# --- drawn ------------------------------------------------------------------------------------------


def test_distributions_are_those_of_the_specification() -> None:
    n = 20_000
    drawn = Catalogue.draw(n, seed=11)
    error = 4 / math.sqrt(n)  # four standard errors of a mean of unit variance
    log_price = np.log(drawn.price_cents)
    assert log_price.mean() == pytest.approx(math.log(3000), abs=0.7 * error)
    assert log_price.std() == pytest.approx(0.7, abs=0.7 * error)
    share = drawn.unit_cost_cents / drawn.price_cents
    dear = drawn.price_cents > 2000  # rounding to cents is small there
    assert share[dear].min() > 0.5995
    assert share[dear].max() < 0.7505
    assert share[dear].mean() == pytest.approx(0.675, abs=0.05 * error)
    for scores in (drawn.quality, drawn.arousal, *drawn.taste.T):
        assert scores.mean() == pytest.approx(0, abs=error)
        assert scores.std() == pytest.approx(1, abs=error)
    assert drawn.sociality.min() >= 0.3
    assert drawn.sociality.max() <= 1.2
    assert drawn.sociality.mean() == pytest.approx(0.75, abs=0.26 * error)
    assert np.array_equal(drawn.spam_onset, np.where(drawn.sociality > 0.8, 2.0, 1e9))
    together = np.corrcoef([log_price, drawn.quality, drawn.arousal, drawn.sociality, share, *drawn.taste.T])
    assert np.abs(together - np.eye(8)).max() < 1.5 * error
    assert (drawn.stock == -1).all()
    assert (drawn.launch_day == 0).all()
    assert drawn.p_ref_cents == 3000
    assert np.bincount(drawn.category).min() > 0.9 * n / len(drawn.category_names)


def test_one_product_by_hand() -> None:
    drawn = Catalogue.draw(3, seed=5, median_price_cents=5000, sd_log_price=0.4)
    for k in range(3):
        price = 5000 * math.exp(0.4 * normal(u01(5, PRODUCT, 0, k, 0)))
        assert drawn.price_cents[k] == math.floor(price + 0.5)
        assert drawn.quality[k] == normal(u01(5, PRODUCT, 0, k, 2))
        assert drawn.sociality[k] == pytest.approx(0.3 + 0.9 * u01(5, PRODUCT, 0, k, 7))


@settings(max_examples=30, deadline=None)
@given(st.integers(1, 60), st.integers(1, 60), st.integers(0, 2**48 - 1))
def test_more_products_leave_the_earlier_ones(small: int, more: int, seed: int) -> None:
    one, other = Catalogue.draw(small, seed), Catalogue.draw(small + more, seed)
    for name in COLUMNS:
        assert np.array_equal(getattr(one, name), getattr(other, name)[:small])
    assert len(one) == small


def test_prices_stay_payable() -> None:
    assert Catalogue.draw(500, 1, median_price_cents=1, sd_log_price=3.0).price_cents.min() == 1
    assert Catalogue.draw(500, 1, median_price_cents=10**8, sd_log_price=3.0).price_cents.max() <= 10**9
    assert (Catalogue.draw(50, 1, sd_log_price=0.0).price_cents == 3000).all()
    assert not equal(Catalogue.draw(50, 1), Catalogue.draw(50, 2), but=("id", "stock", "launch_day"))


def test_summary_and_frame() -> None:
    drawn = Catalogue.draw(101, 3)
    told = drawn.summary()
    assert told.n_products == 101
    assert told.median_price_cents == int(np.median(drawn.price_cents))
    assert told.low_margin_cents <= told.median_margin_cents
    frame = drawn.to_frame()
    assert list(frame["id"]) == list(range(101))
    assert frame["price_cents"].sum() == drawn.price_cents.sum()


# --- from a file --------------------------------------------------------------------------------------

FULL = """\
id,price,unit_cost,quality,category,arousal,stock,launch_day
7,20.00,12.50,0.5,tea,-1,100,0
3,9.99,0,-2,toys,0.25,-1,14
12,150,200.10,1e-1,tea,0,0,-3
"""


def test_a_full_file_is_taken_as_it_is(tmp_path: Path) -> None:
    read = Catalogue.from_csv(saved(tmp_path, FULL), seed=1)
    assert read.id.tolist() == [3, 7, 12]
    assert read.price_cents.tolist() == [999, 2000, 15000]
    assert read.unit_cost_cents.tolist() == [0, 1250, 20010]
    assert read.quality.tolist() == [-2.0, 0.5, 0.1]
    assert [read.category_names[code] for code in read.category] == ["toys", "tea", "tea"]
    assert read.arousal.tolist() == [0.25, -1.0, 0.0]
    assert read.stock.tolist() == [-1, 100, 0]
    assert read.launch_day.tolist() == [14, 0, -3]
    assert read.p_ref_cents == 2000
    assert any("1 products cost more than their list price" in note for note in read.notes)


def test_missing_columns_are_drawn_by_product_id(tmp_path: Path) -> None:
    drawn = Catalogue.draw(40, seed=9)
    rows = "".join(f"{k},{drawn.price_cents[k] / 100}\n" for k in reversed(range(40)))
    read = Catalogue.from_csv(saved(tmp_path, "id,price\n" + rows), seed=9)
    assert equal(read, drawn)
    # One more column moves only itself.
    rows = "".join(f"{k},{drawn.price_cents[k] / 100},0.5\n" for k in range(40))
    read = Catalogue.from_csv(saved(tmp_path, "id,price,quality\n" + rows), seed=9)
    assert equal(read, drawn, but=("quality",))
    assert (read.quality == 0.5).all()
    assert any("unit costs" in note for note in read.notes)


def test_a_sample_is_the_same_in_every_order_and_nested(tmp_path: Path) -> None:
    rows = [f"{1000 + 7 * k},{5 + k}\n" for k in range(200)]
    path = saved(tmp_path, "id,price\n" + "".join(rows))
    back = saved(tmp_path, "id,price\n" + "".join(reversed(rows)), "back.csv")
    few, many = Catalogue.from_csv(path, 1, size=20), Catalogue.from_csv(path, 1, size=50)
    assert len(few) == 20
    assert set(few.id.tolist()) < set(many.id.tolist())
    assert equal(few, Catalogue.from_csv(back, 1, size=20))
    assert np.array_equal(few.id, Catalogue.from_csv(path, 2, size=20).id)  # the same products in every world
    assert len(Catalogue.from_csv(path, 1, size=900)) == 200
    assert few.p_ref_cents == Catalogue.from_csv(path, 1).p_ref_cents


def test_sociality_and_spam_onset_can_be_given(tmp_path: Path) -> None:
    drawn = Catalogue.draw(3, seed=4)
    read = Catalogue.from_csv(
        saved(tmp_path, "id,price,sociality,spam_onset\n0,9,0.3,1e9\n1,9,1.2,2\n2,9,1,0\n"), seed=4
    )
    assert read.sociality.tolist() == [0.3, 1.2, 1.0]
    assert read.spam_onset.tolist() == [1e9, 2.0, 0.0]
    # the onset follows from the sociality that is given, else from the one that is drawn
    read = Catalogue.from_csv(saved(tmp_path, "id,price,sociality\n0,9,0.3\n1,9,0.81\n2,9,0.8\n"), seed=4)
    assert read.spam_onset.tolist() == [1e9, 2.0, 1e9]
    read = Catalogue.from_csv(saved(tmp_path, "id,price,spam_onset\n0,9,5\n1,9,6\n2,9,7\n"), seed=4)
    assert read.sociality.tolist() == drawn.sociality.tolist()
    assert read.spam_onset.tolist() == [5.0, 6.0, 7.0]


def test_packed_files_and_other_column_names(tmp_path: Path) -> None:
    packed = tmp_path / "p.csv.gz"
    packed.write_bytes(gzip.compress(b"sku;x\n"))
    packed.write_bytes(gzip.compress("\ufeffsku,cost now,brand\r\n1,3.456,a\r\n\r\n2,1,b\r\n".encode()))
    read = Catalogue.from_csv(packed, 1, {"id": "sku", "price": "cost now"})
    assert read.price_cents.tolist() == [346, 100]
    assert "columns not used: brand" in read.notes
    assert any("rounded to whole cents" in note for note in read.notes)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "products.csv: catalogue file is empty"),
        ("id,price\n", "products.csv: catalogue file has no rows"),
        ("id,prise\n1,2\n", "products.csv:1: column 'price' is missing. Did you mean 'prise'?"),
        ("id;price\n1;2\n", "cells seem not to be separated by commas"),
        ("id,price,qualty\n1,2,3\n", "products.csv:1: unknown column 'qualty'. Did you mean 'quality'?"),
        ("id,price,price\n1,2,3\n", "products.csv:1: column 'price' appears twice"),
        ("id,price\n1,2\n\n1,3\n", "products.csv:4 id: product id appears twice: found 1"),
        ("id,price\n-1,2\n", "products.csv:2 id: product id out of range: found -1"),
        (f"id,price\n1,1\n{2**31},2\n", "products.csv:3 id: product id out of range: found 2147483648"),
        (f"id,price\n{2**70},2\n", "products.csv:2 id: number too large"),
        ("id,price\n1.5,2\n", "products.csv:2 id: not a whole number: found '1.5'"),
        ("id,price\n1,0\n", "products.csv:2 price: price out of range: found 0"),
        ("id,price\n1,-3\n", "products.csv:2 price: price out of range: found -3"),
        ("id,price\n1,0.004\n", "products.csv:2 price: price out of range"),
        ("id,price\n1,1e300\n", "products.csv:2 price: price out of range"),
        ("id,price\n1,cheap\n", "products.csv:2 price: not a number: found 'cheap'"),
        ("id,price\n1,2\n2,\n", "products.csv:3 price: blank cell"),
        ("id,price\n1,nan\n", "products.csv:2 price: not a number: found 'nan'"),
        ("id,price\n1,inf\n", "products.csv:2 price: not a number: found 'inf'"),
        ("id,price,unit_cost\n1,2,-1\n", "products.csv:2 unit_cost: unit cost out of range: found -1"),
        ("id,price,quality\n1,2,NaN\n", "products.csv:2 quality: not a number"),
        ("id,price,quality\n1,2,11\n", "products.csv:2 quality: quality out of range: found 11"),
        ("id,price,sociality\n1,2,-0.1\n", "products.csv:2 sociality: sociality out of range: found -0.1"),
        ("id,price,spam_onset\n1,2,-1\n", "products.csv:2 spam_onset: spam onset out of range: found -1"),
        ("id,price,stock\n1,2,-2\n", "products.csv:2 stock: stock out of range: found -2"),
        ("id,price,launch_day\n1,2,99999\n", "products.csv:2 launch_day: launch day out of range"),
        ("id,price\n1,2,3\n", "products.csv:2: wrong number of cells in this row: found 3, allowed 2"),
        ("id,price\n1\n", "products.csv:2: wrong number of cells in this row: found 1, allowed 2"),
        (b"id,price,category\n1,2,\xff\n", "not UTF-8 text"),
        (b"\x1f\x8bnot packed", "not a whole .gz file"),
        ('id,price\n1,2\n"3,4\n', "not a CSV"),
    ],
)  # fmt: skip
def test_bad_files_are_refused_with_their_line(tmp_path: Path, text: str | bytes, message: str) -> None:
    with pytest.raises(InputError) as caught:
        Catalogue.from_csv(saved(tmp_path, text), seed=1)
    assert message in str(caught.value)


def test_lines_are_right_after_quoted_line_breaks(tmp_path: Path) -> None:
    path = saved(tmp_path, 'id,price,category\n1,2,"a\nb"\n\n2,0,c\n')
    with pytest.raises(InputError, match=r"products\.csv:5 price"):
        read_products(path)
    assert line_of(path, 0) == 2


def test_bad_column_mappings(tmp_path: Path) -> None:
    path = saved(tmp_path, "sku,price\n1,2\n")
    with pytest.raises(InputError, match=r"a catalogue has no column 'idd'\. Did you mean 'id'"):
        read_products(path, {"idd": "sku"})
    with pytest.raises(InputError, match=r"no column 'sk' .* Did you mean 'sku'"):
        read_products(path, {"id": "sk"})
    with pytest.raises(InputError, match="catalogue file not found"):
        read_products(tmp_path / "none.csv")
    with pytest.raises(InputError, match="this is a folder"):
        read_products(tmp_path)


@settings(max_examples=200, deadline=None)
@given(
    st.one_of(
        st.binary(max_size=60),
        st.text('id,price\n"0123456789.-e ', max_size=60).map(lambda t: f"id,price\n{t}".encode()),
    )
)
def test_any_bytes_are_read_or_refused(tmp_path_factory: pytest.TempPathFactory, text: bytes) -> None:
    path = tmp_path_factory.getbasetemp() / "any.csv"
    path.write_bytes(text)
    problem = ""
    try:
        table = read_columns(path, required={"id": "int", "price": "money"})
    except InputError as error:
        problem = str(error)
    assert problem.startswith(str(path)) or {values.dtype for values in table.values()} == {np.dtype(np.int64)}


@settings(max_examples=60, deadline=None)
@given(st.data())
def test_what_is_written_is_read(tmp_path_factory: pytest.TempPathFactory, data: st.DataObject) -> None:
    n = data.draw(st.integers(1, 6))
    ints = st.integers(-(2**63), 2**63 - 1)
    floats = st.floats(allow_nan=False, allow_infinity=False)
    words = st.text(st.characters(exclude_categories=["Cs", "Cc"]), min_size=1, max_size=8).filter(
        lambda t: t.strip() == t != ""
    )
    table: dict[str, list[Any]] = {
        "a": data.draw(st.lists(ints, min_size=n, max_size=n)),
        "b": data.draw(st.lists(floats, min_size=n, max_size=n)),
        "c": data.draw(st.lists(words, min_size=n, max_size=n)),
        "d": data.draw(st.lists(st.integers(-(10**13), 10**13), min_size=n, max_size=n)),
    }
    import csv

    path = tmp_path_factory.getbasetemp() / "written.csv"
    with path.open("w", newline="", encoding="utf-8") as stream:
        out = csv.writer(stream)
        out.writerow(["a", "b", "c", "d"])
        out.writerows(zip(table["a"], table["b"], table["c"], [cents / 100 for cents in table["d"]], strict=True))
    read = read_columns(path, required={"a": "int", "b": "float", "c": "text", "d": "money"})
    assert {name: values.tolist() for name, values in read.items()} == table
    assert header(path) == ["a", "b", "c", "d"]


def test_extra_columns_can_be_refused(tmp_path: Path) -> None:
    path = saved(tmp_path, "id,shoe\n1,2\n")
    assert list(read_columns(path, required={"id": "int"})) == ["id"]
    with pytest.raises(InputError, match="unknown column 'shoe'"):
        read_columns(path, required={"id": "int"}, extra="refuse")


def test_compiled_and_plain_python_agree() -> None:
    ids = np.array([0, 5, 2**31 - 1], dtype=np.int64)
    plain = np.empty((3, rooms.N_ATTRIBUTES))
    getattr(rooms._fill, "py_func", rooms._fill)(ids, 123456789, plain)
    assert np.array_equal(plain, rooms._traits(ids, 123456789))


@pytest.mark.skipif(not REAL.exists(), reason="the shared data are not here")
def test_real_prices() -> None:
    read = Catalogue.from_csv(REAL, 7, {"id": "item_id", "price": "price"}, size=500)
    assert len(read) == 500
    assert read.price_cents.min() >= 1
    assert (read.unit_cost_cents < read.price_cents).mean() > 0.99
