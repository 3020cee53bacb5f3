"""A calibration from its study file to its folder: rounds of runs, posterior, checks, forecast; imports the rooms
beside it.

Everything after the runs is worked out anew from what is stored, in seconds. The same command goes on where it was.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable
from concurrent.futures import Executor
from pathlib import Path
from typing import Any, Final

import numpy as np

from sim.errors import InputError
from sim.evidence import Study
from sim.evidence.findings import Evidence, gather
from sim.experiment import Keep
from sim.params import COEFFICIENTS
from sim.studies.calibrate.bank import Round, chosen, each_run, orders_of_run, play, prior_shares, table_of
from sim.studies.calibrate.blocks import BLOCKS, tells
from sim.studies.calibrate.doubt import is_told, recover
from sim.studies.calibrate.forecast import Paths, forecast, newcomers_ahead
from sim.studies.calibrate.gate import (
    draws_check,
    predictive_check,
    predictive_table,
    reach_check,
    recovery_checks,
)
from sim.studies.calibrate.inference import Bank, infer
from sim.studies.calibrate.outcome import Calibration, Effort, answer_of
from sim.studies.calibrate.point import Point, find_point
from sim.studies.calibrate.priors import Floats, Priors, Span
from sim.studies.calibrate.proposal import Proposal, mixture_weights
from sim.studies.calibrate.rehearsal import rehearse
from sim.studies.calibrate.world import Look, Setting, longer, setting_of, with_prices
from sim.studies.calibrate.writing import write
from sim.version import RESULTS_VERSION

FEWEST_CUSTOMERS: Final = 60
FEWEST_DAYS: Final = 28

Watch = Callable[[str, int, int], None]  # what is done, how much of it, of how much


def priors_of(study: Study, evidence: Evidence) -> Priors:
    """The study's priors; without any, the usual ranges of the coefficients that its data can tell."""
    if study.fit.priors:
        return Priors(Span(path, p.low, p.high, p.scale == "log") for path, p in study.fit.priors.items())
    held = {target.measure for target in evidence.targets}
    spans = []
    for block in BLOCKS:
        if held & set(block.families):
            for path in block.paths:
                row = COEFFICIENTS.get(path.removeprefix("params."))
                if row is not None and path not in ("params.churn", "params.om_0", "params.om_tau", "params.e_0"):
                    spans.append(Span(path, row.low, row.high))
    if not spans:
        hint = "Orders, visits, shares or teams tell something; `grapevine data check` shows what these data hold."
        raise study.refuse("the data of this study tell no coefficient", "fit.priors", hint=hint)
    return Priors(spans)


def digest_of(setting: Setting, priors: Priors, effort: Effort) -> str:
    """12 hex digits that name the runs asked for."""
    text = json.dumps(
        [setting.scenario.digest, [vars(s) for s in priors], vars(effort), RESULTS_VERSION], sort_keys=True
    )
    return hashlib.sha256(text.encode()).hexdigest()[:12]


def fit_rounds(
    setting: Setting,
    priors: Priors,
    evidence: Evidence,
    effort: Effort,
    folder: Path,
    jobs: int | None,
    watch: Watch,
    proposals: list[Proposal],
    keep: Keep = "orders",
    executor: Executor | str | None = None,
) -> tuple[list[Round], Bank, list[str], Floats, Floats]:
    """All rounds: (rounds, all runs as a bank, names of summaries, their values in the data, their standard errors).

    What later rounds were drawn from goes to `proposals`.
    """
    rounds: list[Round] = []
    folder.mkdir(parents=True, exist_ok=True)
    while True:
        number = len(rounds) + 1
        if number == 1:
            shares = prior_shares(priors, effort.points, setting.scenario.seed)
        else:
            shares = proposals[-1].draw(effort.later_points, setting.scenario.seed + number)
        what = f"round {number} of {effort.rounds + 1}"
        where, step = folder / f"round-{number}", _told(watch, what)
        rounds.append(play(setting.scenario, priors, shares, number, where, jobs, step, keep=keep, executor=executor))
        bank, names, observed, sd = bank_of(rounds, proposals, priors, evidence, setting.look, folder)
        if number > effort.rounds:
            return rounds, bank, names, observed, sd
        proposals.append(Proposal.of(bank, observed, sd))


def _told(watch: Watch, what: str) -> Callable[[Any], None]:
    return lambda progress: watch(what, progress.done, progress.total)


def bank_of(
    rounds: list[Round], proposals: list[Proposal], priors: Priors, evidence: Evidence, look: Look, folder: Path
) -> tuple[Bank, list[str], Floats, Floats]:
    """Stored runs as numbers, beside the data's."""
    tables = [table_of(one, look, folder) for one in rounds]
    names, values, whole = chosen(tables, evidence.targets)
    if not names:
        raise InputError("data and runs have no target in common", hint="`grapevine data check` lists the targets.")
    shares = np.vstack([one.shares for one in rounds])
    weight = mixture_weights(shares, [len(one.shares) for one in rounds], proposals)
    measures = [evidence.targets[name].measure for name in names]
    bank = Bank(shares[whole], values.to_numpy(dtype=np.float64)[whole], tells(priors.paths, measures), weight[whole])
    observed = np.array([evidence.targets[name].value for name in names])
    sd = np.array([evidence.targets[name].sd for name in names])
    return bank, names, observed, sd


def point_fit(
    study: Study | str | Path,
    runs: int = 128,
    jobs: int | None = None,
    to: str | Path | None = None,
    size: int = 2000,
    watch: Watch | None = None,
    data: str | Path | None = None,
    out: Path = Path("results"),
    executor: Executor | str | None = None,
) -> Point:
    """One set of coefficients near the data of a study, by a quick search of so many runs; no posterior, no gate."""
    watch = watch or (lambda what, done, total: None)
    study = study if isinstance(study, Study) else Study.load(study, data)
    evidence = gather(study)
    priors, setting, keep = prepared(study, evidence, size)
    digest = digest_of(setting, priors, Effort(size=size))
    folder = Path(to) if to is not None else out / f"point-{study.name}-{digest}"
    step = _told(watch, f"search, {runs} runs in batches")
    return find_point(setting, priors, evidence.targets, folder, runs, jobs, keep, step, executor)


def prepared(study: Study, evidence: Evidence, size: int) -> tuple[Priors, Setting, Keep]:
    """What is fitted, in which world, and which records of runs are kept."""
    orders = evidence.orders
    if orders is not None:
        n_people, n_days = len(set(orders.inside().customer.tolist())), orders.n_days - evidence.history_days
        for what, found, least in (("customers", n_people, FEWEST_CUSTOMERS), ("days", n_days, FEWEST_DAYS)):
            if found < least:
                raise study.refuse(
                    f"too few {what} to calibrate with", "orders", found=found, allowed=f"{least} or more"
                )
    priors = priors_of(study, evidence)
    setting = setting_of(evidence, size)
    if evidence.orders is not None:
        setting = with_prices(setting, evidence.orders, priors)
    is_orders_only = study.visits is None and study.shares is None and study.groups is None
    return priors, setting, "orders" if is_orders_only else "records"


def calibrate(
    study: Study | str | Path,
    jobs: int | None = None,
    to: str | Path | None = None,
    effort: Effort | None = None,
    watch: Watch | None = None,
    data: str | Path | None = None,
    out: Path = Path("results"),
    executor: Executor | str | None = None,
) -> Calibration:
    """Fit the model to the data of a study: posterior, checks, gate; written into the folder `to`.

    Killed and asked again, it goes on. `effort` says how much is run; `data`: where the files lie.
    """
    effort, watch = effort or Effort(), watch or (lambda what, done, total: None)
    study = study if isinstance(study, Study) else Study.load(study, data)
    evidence = gather(study)
    priors, setting, keep = prepared(study, evidence, effort.size)
    folder = Path(to) if to is not None else out / f"calibrate-{study.name}-{digest_of(setting, priors, effort)}"
    proposals: list[Proposal] = []
    rounds, bank, names, observed, sd = fit_rounds(
        setting, priors, evidence, effort, folder, jobs, watch, proposals, keep, executor
    )
    posterior = infer(bank, observed, sd)
    n_first = int(np.sum(table_of(rounds[0], setting.look, folder)[names].notna().all(axis=1)))
    first = Bank(bank.shares[:n_first], bank.summaries[:n_first], bank.tells)
    watch("recovery of planted coefficients", 0, 1)
    recovery = recover(first, sd)
    told = is_told(recovery, bank.is_told)
    checks = recovery_checks(recovery, told, [span.name for span in priors])
    checks += [reach_check(infer(first, observed, sd).nearest, recovery), draws_check(posterior)]
    orders = evidence.orders
    ahead = evidence.window.hold_out_days // 7 if evidence.window is not None and orders is not None else 0
    later = [] if orders is None else newcomers_ahead(orders, 7 * ahead)
    onward = longer(evidence, setting, effort.size, later)
    shares = posterior.draws(effort.predictive, setting.scenario.seed)
    step = _told(watch, "played at draws of the posterior")
    number = len(rounds) + 1
    played = play(
        onward.scenario, priors, shares, number, folder / "predictive", jobs, step, "predictive", keep, executor
    )
    predictive = predictive_table(evidence.targets, table_of(played, setting.look, folder), names)
    checks.append(predictive_check(predictive))
    watch("forecast", 0, 1)
    outlook = None
    if ahead and orders is not None:
        long = setting.look.until(setting.n_days + 7 * ahead)
        runs = [orders_of_run(table, long) for _, table in each_run(played.results, long.label)]
        outlook = forecast(orders, Paths.of(runs, onward.scale), ahead)
    rehearsal = None if orders is None else rehearse(rounds, proposals, priors, orders, setting, folder)
    found = Calibration(
        folder, study, evidence, setting, priors, rounds, bank, names, posterior, recovery, told, checks, predictive,
        outlook, rehearsal,
    )  # fmt: skip
    object.__setattr__(found, "answer", answer_of(found, effort))
    write(found)
    return found
