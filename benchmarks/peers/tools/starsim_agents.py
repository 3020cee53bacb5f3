"""Starsim: its SIR with one day of infection is the cascade; the other workload is a module of one's own."""

from __future__ import annotations

from typing import Any

import numpy as np
import starsim as ss

from benchmarks.peers.workloads import CASCADE, DAYS, N_SEEDS, Graph, P, Q, T


class Adoption(ss.Module):  # type: ignore[misc]
    """Everybody who has not adopted does so with chance p + q (share of friends who have)."""

    def __init__(self, **kwargs: Any) -> None:
        super().__init__()
        self.define_states(ss.BoolState("adopted"))
        self.luck = ss.random(name="luck")
        self.update_pars(**kwargs)

    def init_post(self) -> None:
        super().init_post()
        edges = self.sim.networks[0].edges
        self.n_friends = np.maximum(
            np.bincount(np.concatenate([edges.p1, edges.p2]), minlength=len(self.sim.people)), 1
        )

    def step(self) -> None:
        edges, has = self.sim.networks[0].edges, self.adopted.raw[: len(self.sim.people)]
        heard = np.bincount(edges.p2, has[edges.p1], len(has)) + np.bincount(edges.p1, has[edges.p2], len(has))
        asked = (~self.adopted).uids
        adopts = self.luck.rvs(asked) < P + Q * heard[asked] / self.n_friends[asked]
        self.adopted[asked[adopts]] = True


def prepare(workload: str, graph: Graph) -> Any:
    return workload, graph, ss.Network(p1=graph.source, p2=graph.target, beta=np.ones(len(graph.source)), label="ties")


def run(ready: Any, seed: int) -> float:
    workload, graph, ties = ready
    common = {
        "n_agents": graph.n, "networks": ties, "dt": ss.days(1), "start": ss.days(0), "verbose": 0, "rand_seed": seed,
        "copy_inputs": True,
    }  # fmt: skip
    if workload == CASCADE:
        chosen = np.random.default_rng(seed).choice(graph.n, N_SEEDS, replace=False)
        is_seed = np.zeros(graph.n, dtype=bool)
        is_seed[chosen] = True
        sir = ss.SIR(
            beta=ss.probperday(T), p_death=ss.bernoulli(0),
            dur_inf=ss.constant(ss.days(2)),  # people recover before others are infected: one day to infect
            init_prev=ss.bernoulli(lambda module, sim, uids: is_seed[uids].astype(float)),
        )  # fmt: skip
        sim = ss.Sim(diseases=sir, stop=ss.days(60), **common)
        sim.run()
        return float(1.0 - np.mean(sim.diseases[0].susceptible.raw[: graph.n]))
    sim = ss.Sim(modules=Adoption(), stop=ss.days(DAYS - 1), **common)
    sim.run()
    return float(np.mean(next(m for m in sim.modules if isinstance(m, Adoption)).adopted.raw[: graph.n]))
