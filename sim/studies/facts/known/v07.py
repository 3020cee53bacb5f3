"""V7: elasticities of the nested logit; imports the other rooms of `facts`."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any, Final

from sim.studies.facts import labs, tables
from sim.studies.facts.fact import Band, Fact, Value
from sim.studies.facts.play import Lab
from sim.studies.facts.stages import RECS
from sim.studies.facts.theory import own_elasticity, shop_elasticity

FACT: Final = Fact(
    "V7", "Of people who are alike and see the same two products, units move with prices as the nested logit says.",
    "theory (nested logit)", "calculation", "theory",
    left_out="probabilities to 1e-6: rules are held against the formula in tests/test_rules_buy.py",
)  # fmt: skip
CUT, N, DAYS = 0.04, 40_000, 20


@FACT.test(
    RECS,
    Band("own-price elasticity less the formula's", -0.1, 0.1),
    Band("elasticity of all that is sold less the formula's", -0.1, 0.1),
)
def elasticities(lab: Lab) -> Sequence[Value]:
    """Nobody remembers or hears anything; one of two products, or both, 4 % cheaper."""
    changes: dict[str, Any] = {
        "catalogue": {"path": "pair.csv"},
        "population": {"size": N, "registered_share": 1.0, "personas": {"loyal_member": 1}},
        "graph": {"kind": "none"}, "days": DAYS, "params.attention": 20, "params.b_inv": 0.0, "params.alpha": -2.0,
        "params.nu_sd": 0.0, "params.s_0": -100.0,
        "strategies": {
            "one": {"kind": "price_cut", "discount": CUT, "products": 0.5},
            "both": {"kind": "price_cut", "discount": CUT},
        },
    }  # fmt: skip
    sold = {label: lab.play(changes, label, people=labs.alike(N)).orders for label in ("control", "one", "both")}
    cut = sold["one"]
    chosen = int(cut.loc[cut["paid_cents"] < cut["list_cents"], "product"].iloc[0])
    units = {label: (tables.units(orders, [chosen]), tables.units(orders)) for label, orders in sold.items()}
    params = lab.scenario.with_(changes).coefficients()
    step = math.log(1.0 - CUT)
    own = math.log(units["one"][0] / units["control"][0]) / step
    shop = math.log(units["both"][1] / units["control"][1]) / step
    buys = (units["control"][1] + units["both"][1]) / 2.0 / N / DAYS  # between the two
    share = (units["control"][0] / units["control"][1] + units["one"][0] / units["one"][1]) / 2.0
    return [
        own - own_elasticity(params.b_p, params.mu, share, buys), shop - shop_elasticity(params.b_p, params.mu, buys),
    ]  # fmt: skip
