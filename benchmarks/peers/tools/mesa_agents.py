"""Mesa: agents with friends; in a cascade only who has something new acts, else everybody on every day."""

from __future__ import annotations

from typing import Any

import mesa

from benchmarks.peers.workloads import CASCADE, DAYS, N_SEEDS, Graph, P, Q, T


class Person(mesa.Agent):  # type: ignore[misc]
    def __init__(self, model: mesa.Model) -> None:
        super().__init__(model)
        self.friends: list[Person] = []
        self.has = self.will_have = False

    def tell(self) -> None:
        random = self.model.random.random
        for friend in self.friends:
            if not friend.has and random() < T:
                friend.will_have = True
                self.model.new.append(friend)

    def decide(self) -> None:
        if not self.has:
            n = len(self.friends)
            chance = P + (Q * sum(friend.has for friend in self.friends) / n if n else 0.0)
            self.will_have = self.model.random.random() < chance

    def settle(self) -> None:
        self.has = self.will_have


class People(mesa.Model):  # type: ignore[misc]
    def __init__(self, graph: Graph) -> None:
        super().__init__()
        people = [Person(self) for _ in range(graph.n)]
        for a, b in zip(graph.source.tolist(), graph.target.tolist(), strict=True):
            people[a].friends.append(people[b])
            people[b].friends.append(people[a])
        self.new: list[Person] = []


def prepare(workload: str, graph: Graph) -> Any:
    return workload, People(graph)


def run(ready: Any, seed: int) -> float:
    workload, model = ready
    model.random.seed(seed)
    people = list(model.agents)
    for person in people:
        person.has = person.will_have = False
    if workload == CASCADE:
        acting = model.random.sample(people, N_SEEDS)
        for person in acting:
            person.has = True
        while acting:
            model.new = []
            for person in acting:
                person.tell()
            acting = list(dict.fromkeys(model.new))
            for person in acting:
                person.settle()
    else:
        for _ in range(DAYS):
            model.agents.do("decide")
            model.agents.do(lambda person: person.settle() if person.will_have else None)
    return sum(person.has for person in people) / len(people)
