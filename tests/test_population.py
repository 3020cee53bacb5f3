"""Who the shoppers are: the mix to one person, traits as specified, friends alike, ids and never rows, the file."""

from __future__ import annotations

import math
import re
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from scipy import stats

from sim import params
from sim.engines import World
from sim.errors import InputError
from sim.graph import SocialGraph
from sim.population import (
    DEFAULT_MIX,
    PERSONA_TRAITS,
    PERSONAS,
    TENURE_MOST_DAYS,
    Population,
    mean_trait,
    read_population,
)
from sim.scenario import Scenario

P = params.build()
NAMES = list(PERSONAS)
N = 8000


def _ids(n: int = N) -> Any:
    return np.random.default_rng(1).choice(2**31, size=n, replace=False).astype(np.int64)


def _ties(n: int) -> Any:
    """Undirected edges: a ring with six neighbours, a tenth of the ties going anywhere; a few people without."""
    rng = np.random.default_rng(2)
    one = np.repeat(np.arange(n), 3)
    other = (one + np.tile([1, 2, 3], n)) % n
    far = rng.random(len(one)) < 0.1
    other = np.where(far, rng.integers(0, n, len(one)), other)
    keep = (one != other) & (one % 500 != 0) & (other % 500 != 0)
    return np.unique(np.sort(np.stack([one[keep], other[keep]], axis=1), axis=1), axis=0)


def _csr(edges: Any, ids: Any) -> tuple[Any, Any]:
    """Rows of friends, each list by the friend's id."""
    source, target = np.concatenate([edges, edges[:, ::-1]]).T
    order = np.lexsort((ids[target], source))
    indptr = np.concatenate([[0], np.cumsum(np.bincount(source, minlength=len(ids)))]).astype(np.int64)
    return indptr, target[order].astype(np.int32)


IDS, EDGES = _ids(), _ties(N)


@pytest.fixture(scope="module")
def alike() -> Population:
    return Population.draw(IDS, 5, P, neighbours=_csr(EDGES, IDS))


@pytest.fixture(scope="module")
def strangers() -> Population:
    return Population.draw(IDS, 5, P._replace(hom=0.0), neighbours=_csr(EDGES, IDS))


def _over_edges(values: Any) -> float:
    return float(np.corrcoef(values[EDGES].ravel(), values[EDGES[:, ::-1]].ravel())[0, 1])


# --- the mix -------------------------------------------------------------------------------------


def test_personas_are_those_of_the_model() -> None:
    assert sum(DEFAULT_MIX.values()) == pytest.approx(1.0)
    assert PERSONAS["price_hunter"][:8] == (0.22, 0.85, 0.45, 0.40, 0.50, 0.45, 0.55, 0.25)
    assert PERSONAS["silent_lurker"].social == 0.08
    assert mean_trait(DEFAULT_MIX, "price") == pytest.approx(
        0.22 * 0.85 + 0.18 * 0.55 + 0.15 * 0.45 + 0.12 * 0.45 + 0.10 * 0.30 + 0.08 * 0.30 + 0.15 * 0.50
    )
    assert mean_trait({"kol_fan": 1.0}, "kol") == 0.90


def test_templates_are_nobody_until_a_mix_has_them(alike: Population) -> None:
    """Listed after the seven of the model, with share 0: a mix with them draws them, with their means."""
    templates = [name for name, share in DEFAULT_MIX.items() if share == 0.0]
    assert templates == ["young_white_collar", "homemaker"] == NAMES[7:]
    assert alike.persona.max() == 6
    mix = DEFAULT_MIX | {"price_hunter": 0.02, "homemaker": 0.15, "young_white_collar": 0.05}
    people = Population.draw(IDS, 5, P, mix)
    for name in templates:
        mine = people.persona == NAMES.index(name)
        assert abs(mine.sum() - mix[name] * N) <= 1
        assert people.traits.price[mine].mean() == pytest.approx(PERSONAS[name].price, abs=0.05)
    assert PERSONAS["homemaker"].price > mean_trait(DEFAULT_MIX, "price") > PERSONAS["young_white_collar"].price


def test_demographics_shift_tastes_and_social_need() -> None:
    """Means by group differ by the coefficient and those of all stay; at 0 nothing is shifted, in any bit."""
    shares = {"region": {"north": 0.3, "south": 0.7}, "age_band": {"18-24": 0.5, "25-35": 0.25, "over_50": 0.25}}
    plain = Population.draw(IDS, 5, P, demographic_shares=shares)
    shifted = Population.draw(IDS, 5, P._replace(dem_taste=0.5, dem_social=0.1), demographic_shares=shares)
    women = plain.demographic("gender") == 0
    for name in ("age_band", "city_tier", "gender", "region"):
        assert (shifted.demographic(name) == plain.demographic(name)).all(), "the same people"
    by = {name: plain.demographic(name) for name in ("age_band", "region")}
    leans = [  # fashion and beauty: 18-24 and the south; home and digital: 25-35 and the north
        0.5 * ((by["age_band"] == 0) - 0.5 + (by["region"] == 1) - 0.7),
        0.5 * ((by["age_band"] == 1) - 0.25 + (by["region"] == 0) - 0.3),
    ]
    for k in range(2):
        np.testing.assert_allclose(
            getattr(shifted.traits, f"taste_{k}"), getattr(plain.traits, f"taste_{k}") + leans[k], atol=1e-12
        )
        assert abs(leans[k].mean()) < 0.03
    assert (shifted.traits.taste_2 == plain.traits.taste_2).all()
    np.testing.assert_allclose(
        shifted.traits.social, np.clip(plain.traits.social + 0.1 * (women - 0.6), 0.001, 0.999), atol=1e-12
    )
    given = Population.draw(
        IDS, 5, P._replace(dem_taste=0.5), given={"taste_0": np.zeros(len(IDS)), "region": np.full(len(IDS), "north")}
    )
    assert not given.traits.taste_0.any(), "what a file says is taken as it is"
    assert not given.demographic("region").any()


def test_shares_are_exact_to_one_person(alike: Population, strangers: Population) -> None:
    for people in (alike, strangers):
        counts = np.bincount(people.persona, minlength=len(NAMES))
        for k, name in enumerate(NAMES):
            assert abs(counts[k] - DEFAULT_MIX[name] * N) <= 1


@pytest.mark.parametrize("n", [1, 2, 7, 101])
def test_shares_of_small_and_partial_mixes(n: int) -> None:
    ids = np.arange(n)
    mix = {"kol_fan": 1 / 3, "loyal_member": 2 / 3}
    counts = np.bincount(Population.draw(ids, 1, P, mix).persona, minlength=len(NAMES))
    assert counts.sum() == n
    assert {NAMES[k] for k in np.flatnonzero(counts)} <= set(mix)
    assert abs(counts[NAMES.index("kol_fan")] - n / 3) <= 1
    assert set(Population.draw(ids, 1, P, {"trust_driven": 1.0}).persona.tolist()) == {NAMES.index("trust_driven")}


# --- traits --------------------------------------------------------------------------------------


def test_traits_have_their_personas_mean_and_spread(alike: Population) -> None:
    for trait in set(PERSONA_TRAITS) - {"activity"}:
        values = getattr(alike.traits, trait)
        assert ((values >= 0.001) & (values <= 0.999)).all()
        for name, share in DEFAULT_MIX.items():
            if share == 0.0:
                continue  # a template: nobody is one by default
            mine = values[alike.persona == NAMES.index(name)]
            noise = 4.5 * P.trait_sd / math.sqrt(len(mine)) + 5e-4
            assert mine.mean() == pytest.approx(getattr(PERSONAS[name], trait), abs=noise)
            assert mine.std() == pytest.approx(P.trait_sd, abs=0.02)


def test_without_spread_a_trait_is_its_personas_mean() -> None:
    people = Population.draw(IDS[:500], 5, P._replace(trait_sd=0.0))
    expected = [PERSONAS[NAMES[k]].trust for k in people.persona]
    assert people.traits.trust.tolist() == expected


def test_tastes_need_and_intensity_have_their_distributions(strangers: Population) -> None:
    t = strangers.traits
    for k in range(3):
        assert stats.kstest(getattr(t, f"taste_{k}"), "norm").pvalue > 1e-4
    assert stats.kstest(t.need, "norm", args=(-(P.nu_sd**2) / 2, P.nu_sd)).pvalue > 1e-4
    assert np.exp(t.need).mean() == pytest.approx(1.0, abs=0.5)  # a heavy tail
    flat = Population.draw(IDS, 5, P._replace(trait_sd=0.0))
    activity = np.array([PERSONAS[NAMES[k]].activity for k in flat.persona]) / mean_trait(DEFAULT_MIX, "activity")
    z = (np.log(flat.traits.intensity / (P.lam * activity)) + P.lam_sd**2 / 2) / P.lam_sd
    assert stats.kstest(z, "norm").pvalue > 1e-4
    assert flat.traits.intensity.mean() == pytest.approx(P.lam, rel=0.08)
    assert (t.arrive == 1.0).all()


def test_traits_do_not_go_together_by_accident(strangers: Population) -> None:
    t = strangers.traits
    columns = [t.taste_0, t.taste_1, t.taste_2, t.need, t.stay, np.log(t.intensity), strangers.is_registered]
    r = np.corrcoef(np.array(columns, dtype=float))
    r[4, 6] = r[6, 4] = 0.0  # who is registered has a tenure, hence a lower churn
    assert np.abs(r - np.eye(len(columns)))[~np.eye(len(columns), dtype=bool)].max() < 4.5 / math.sqrt(N)


# --- friends are alike ---------------------------------------------------------------------------


def test_friends_are_alike_with_homophily_and_not_without(alike: Population, strangers: Population) -> None:
    noise = 5 / math.sqrt(2 * len(EDGES))
    for people, low, high in ((alike, 0.1, 1.0), (strangers, -noise, noise)):
        for values in (people.persona.astype(float), people.traits.taste_0, people.traits.taste_2, people.traits.price):
            assert low < _over_edges(values) < high


def test_homophily_grows_with_its_weight() -> None:
    ties = _csr(EDGES, IDS)
    worlds = [Population.draw(IDS, 5, P._replace(hom=hom), neighbours=ties) for hom in (0.0, 0.3, 0.6)]
    found = [_over_edges(people.traits.taste_1) for people in worlds]
    assert found == sorted(found)


def test_homophily_leaves_the_mix_and_the_marginals_alone(alike: Population, strangers: Population) -> None:
    assert np.bincount(alike.persona).tolist() == np.bincount(strangers.persona).tolist()
    for k in range(3):
        one, other = (np.sort(getattr(p.traits, f"taste_{k}")) for p in (alike, strangers))
        assert one.tobytes() == other.tobytes()
    # given the persona of everybody, every trait keeps its values within each persona, bit for bit
    given = {"persona": np.array(NAMES)[strangers.persona]}
    fixed = Population.draw(IDS, 5, P, neighbours=_csr(EDGES, IDS), given=given)
    for k in range(len(NAMES)):
        mine = strangers.persona == k
        for trait in ("price", "herd", "trust", "social", "emotion", "kol"):
            one, other = (np.sort(getattr(p.traits, trait)[mine]) for p in (fixed, strangers))
            assert one.tobytes() == other.tobytes()
    for name in ("need", "stay"):  # not smoothed at all
        assert getattr(alike.traits, name).tobytes() == getattr(strangers.traits, name).tobytes()


# --- ids are names -------------------------------------------------------------------------------


def _columns(people: Population) -> list[Any]:
    return [people.ids, people.persona, *people.traits, people.is_registered, people.tenure_days]


def test_permuting_rows_permutes_columns(alike: Population) -> None:
    order = np.random.default_rng(3).permutation(N)
    place = np.argsort(order)
    other = Population.draw(IDS[order], 5, P, neighbours=_csr(place[EDGES], IDS[order]))
    for one, two in zip(_columns(alike), _columns(other), strict=True):
        assert one[order].tobytes() == two.tobytes()


def test_seeds_are_different_worlds_and_the_same_world(alike: Population) -> None:
    again = Population.draw(IDS, 5, P, neighbours=_csr(EDGES, IDS))
    assert all(a.tobytes() == b.tobytes() for a, b in zip(_columns(alike), _columns(again), strict=True))
    other = Population.draw(IDS, 6, P, neighbours=_csr(EDGES, IDS))
    assert abs(np.corrcoef(alike.traits.need, other.traits.need)[0, 1]) < 0.06
    assert (alike.is_registered != other.is_registered).mean() == pytest.approx(2 * 0.25 * 0.75, abs=0.03)


# --- the start -----------------------------------------------------------------------------------


def test_who_is_registered_and_since_when() -> None:
    ids = np.arange(40_000)
    people = Population.draw(ids, 7, P, registered_share=0.4)
    registered = people.is_registered
    assert registered.mean() == pytest.approx(0.4, abs=4.5 * math.sqrt(0.24 / len(ids)))
    assert not people.tenure_days[~registered].any()
    survival = np.exp(
        [math.lgamma(P.theta_b + t) - math.lgamma(P.theta_b) + math.lgamma(P.theta_a + P.theta_b)
         - math.lgamma(P.theta_a + P.theta_b + t) for t in range(TENURE_MOST_DAYS)]
    )  # fmt: skip
    days = people.tenure_days[registered]
    assert days.max() < TENURE_MOST_DAYS
    edges = [0, 1, 2, 5, 10, 20, 50, 100, 200, 400, 600, TENURE_MOST_DAYS]
    counts = np.histogram(days, edges)[0]
    weights = np.add.reduceat(survival, edges[:-1])
    assert stats.chisquare(counts, weights / weights.sum() * counts.sum()).pvalue > 1e-4


def test_churn_proneness_is_the_posterior_of_her_tenure() -> None:
    people = Population.draw(np.arange(40_000), 7, P, registered_share=0.5)
    theta = -np.expm1(people.traits.stay)
    for group in (~people.is_registered, people.is_registered & (people.tenure_days > 100), people.is_registered):
        place = stats.beta.cdf(theta[group], P.theta_a, P.theta_b + people.tenure_days[group])
        assert stats.kstest(place, "uniform").pvalue > 1e-4
    assert theta[people.is_registered].mean() < 0.5 * theta[~people.is_registered].mean()
    assert np.isfinite(people.traits.stay).all()


@pytest.mark.parametrize("share", [0.0, 1.0])
def test_nobody_or_everybody_registered(share: float) -> None:
    assert (Population.draw(IDS[:500], 1, P, registered_share=share).is_registered == bool(share)).all()


# --- given columns -------------------------------------------------------------------------------


def test_given_columns_are_taken_as_they_are() -> None:
    ids = np.arange(50)
    rng = np.random.default_rng(4)
    given = {
        "persona": np.array(NAMES)[rng.integers(0, 7, 50)],
        "price": rng.uniform(0.1, 0.9, 50), "taste_1": rng.normal(size=50),
        "intensity": rng.uniform(0, 3, 50), "need": rng.normal(size=50), "theta": rng.uniform(0, 1, 50),
        "arrive": np.zeros(50), "registered": np.arange(50) % 2, "tenure_days": np.arange(50),
    }  # fmt: skip
    people = Population.draw(ids, 1, P, given=given)
    assert [NAMES[k] for k in people.persona] == given["persona"].tolist()
    for name in ("price", "taste_1", "intensity", "need", "arrive"):
        assert getattr(people.traits, name).tolist() == given[name].tolist()
    assert people.traits.stay == pytest.approx(np.log1p(-given["theta"]))
    assert people.is_registered.tolist() == (given["registered"] == 1).tolist()
    assert people.tenure_days.tolist() == (given["tenure_days"] * given["registered"]).tolist()
    assert given["tenure_days"][2] == 2  # the file's columns are left alone
    drawn = Population.draw(ids, 1, P)
    assert people.traits.taste_0.tolist() == drawn.traits.taste_0.tolist()  # what is not given is drawn as ever


def test_a_world_of_given_people_and_ties(tmp_path: Path) -> None:
    """Columns and a graph in memory are the same world as files that say the same."""
    ids, source, target = np.array([40, 7, 12, 3]), [40, 7, 7, 12], [7, 12, 3, 3]
    people = {"id": ids, "need": np.array([1.0, 2.0, 3.0, 4.0]), "registered": np.array([1, 0, 0, 1])}
    (tmp_path / "ties.csv").write_text("".join(f"{a},{b}\n" for a, b in zip(source, target, strict=True)))
    rows = "".join(f"{i},{need},{r}\n" for i, need, r in zip(*people.values(), strict=True))
    (tmp_path / "people.csv").write_text("id,need,registered\n" + rows)
    asked = {"population": {"from": "people.csv"}, "graph": {"kind": "file", "path": "ties.csv"}}
    from_files = World.build(Scenario.from_dict(asked, tmp_path))
    usual = Scenario.from_dict({"population": {"size": 4}, "graph": {"kind": "none"}})
    given = World.build(usual, graph=SocialGraph.from_edges(source, target, ids=ids), people=people)
    for a, b in zip(
        (
            *from_files.population.traits,
            from_files.population.ids,
            from_files.graph.audience,
            from_files.graph.strength,
        ),
        (*given.population.traits, given.population.ids, given.graph.audience, given.graph.strength),
        strict=True,
    ):
        assert np.array_equal(a, b)
    # without ids people come in the order of the graph's
    need = World.build(usual, people={"need": [5, 6, 7, 8]}).population.traits.need
    assert need.tolist() == [5.0, 6.0, 7.0, 8.0]


@pytest.mark.parametrize(
    ("people", "words"),
    [
        ({"need": np.zeros(3)}, "people: people and graph differ in number: found 'need 3', allowed 4 each"),
        ({"id": np.arange(1, 5)}, "do not name the same people in the same order"),
        ({"ned": np.zeros(4)}, "unknown column of people: found 'ned'"),
        ({"trust": np.array([0.1, 0.2, 3.0, 0.4])}, "trust: value not allowed: found 3, allowed 0 to 1"),
        ({"theta": np.array([0.1, np.nan, 0.3, 0.4])}, "theta: value not allowed: found nan"),
        ({"taste_1": np.array([0.1, np.inf, 0.3, 0.4])}, "taste_1: value not allowed: found inf"),
    ],
)
def test_given_people_who_do_not_fit_are_refused(people: dict[str, Any], words: str) -> None:
    usual = Scenario.from_dict({"population": {"size": 4}, "graph": {"kind": "none"}})
    graph = SocialGraph.draw("none", np.arange(4), 1)
    with pytest.raises(InputError, match=re.escape(words)):
        World.build(usual, graph=graph, people=people)


def test_a_certain_leaver_is_still_a_number() -> None:
    people = Population.draw(np.arange(3), 1, P, given={"theta": np.array([0.0, 0.5, 1.0])})
    assert people.traits.stay[0] == 0.0
    assert people.traits.stay[2] == pytest.approx(math.log(1e-12), rel=1e-3)


def test_the_table_of_people(alike: Population) -> None:
    frame = alike.to_frame()
    assert len(frame) == len(alike) == N
    assert frame["persona"].value_counts()["price_hunter"] == round(0.22 * N)
    assert not frame.isna().any().any()


# --- the file ------------------------------------------------------------------------------------


def _write(folder: Path, text: str) -> Path:
    path = folder / "people.csv"
    path.write_text(text, encoding="utf-8")
    return path


def test_reading_a_file(tmp_path: Path) -> None:
    path = _write(tmp_path, "id,persona,price,registered,note\n7,kol_fan,0.25,1,x\n3,loyal_member,1,0,y\n")
    columns = read_population(path)
    assert columns["id"].tolist() == [7, 3]
    assert columns["persona"].tolist() == ["kol_fan", "loyal_member"]
    assert columns["price"].tolist() == [0.25, 0.999]  # equations divide by traits
    assert columns["registered"].tolist() == [1, 0]
    assert set(columns) == {"id", "persona", "price", "registered"}
    people = Population.draw(columns["id"], 1, P, given=columns)
    assert people.ids.tolist() == [7, 3]
    assert people.traits.price.tolist() == [0.25, 0.999]


def test_without_ids_people_are_numbered(tmp_path: Path) -> None:
    assert read_population(_write(tmp_path, "trust\n0.5\n0.6\n0\n"))["id"].tolist() == [0, 1, 2]


@pytest.mark.parametrize(
    ("text", "parts"),
    [
        ("id\n-1\n", [":2", "id", "-1", "2147483647"]),
        ("id\n5\n2147483648\n", [":3", "id", "2147483648"]),
        ("id\n5\n6\n5\n", [":4", "id", "5", "every id once"]),
        ("persona\nkol_fan\nkol-fan\n", [":3", "persona", "'kol-fan'", "price_hunter"]),
        ("registered\n1\n2\n", [":3", "registered", "2", "0 or 1"]),
        ("tenure_days\n-1\n", [":2", "tenure_days", "-1"]),
        ("tenure_days\n30001\n", [":2", "tenure_days", "30001"]),
        ("price\n1.01\n", [":2", "price", "1.01", "0 to 1"]),
        ("theta\n-0.1\n", [":2", "theta", "-0.1"]),
        ("intensity\n51\n", [":2", "intensity", "51"]),
        ("need\n-21\n", [":2", "need"]),
        ("arrive\n1001\n", [":2", "arrive"]),
        ("price\nnan\n", [":2", "price"]),
        ("price\ncheap\n", [":2", "price", "'cheap'"]),
        ("id\n1.5\n", [":2", "id"]),
        ("id,prise\n1,0.2\n", [":1", "prise", "price"]),
        ("id,id\n1,2\n", [":1", "twice"]),
        ("id\n", ["no rows"]),
        ("", ["empty"]),
    ],
)
def test_refusals_say_where_and_what(tmp_path: Path, text: str, parts: list[str]) -> None:
    with pytest.raises(InputError) as caught:
        read_population(_write(tmp_path, text))
    for part in ["people.csv", *parts]:
        assert part in str(caught.value)


def test_a_missing_file_is_refused(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="not found"):
        read_population(tmp_path / "nobody.csv")


def test_a_file_without_any_known_column_is_refused(tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"people\.csv"):
        read_population(_write(tmp_path, "colour,size\nred,4\n"))


def test_the_line_is_right_after_a_blank_one(tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"people\.csv:4 "):
        read_population(_write(tmp_path, "id,price\n1,0.2\n\n2,5\n"))
