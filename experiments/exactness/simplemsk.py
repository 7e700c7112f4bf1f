"""SimpleMSK, the multi-skill example of ContactCenters: `python -m experiments.exactness.simplemsk`.

Three contact types, two agent groups, three two-hour periods and a wrap-up, everything exponential, the day's rates
multiplied by a gamma busyness factor. The reference is the output published with ContactCenters 0.9.9 (Buist and
L'Ecuyer 2005, "A Java library for simulating contact centers"). Its run drew a few more arrivals than expected, so
counts are also stated at its number of arrivals, by regression on the arrivals of our days.

Two rules differ. There agents are a number: idle ones leave first when it falls, and if too many are busy, whoever
finishes first leaves; here each agent has a shift, and those who stay go on taking contacts while the others finish,
a few minutes more of work a day. And the rate of a service is here that of the period in which it begins.
"""

from __future__ import annotations

import argparse
import math
import sys
from collections.abc import Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from experiments.figures import Figure, number, print_table, write_json
from experiments.intervals import Interval, ratio_interval
from maitred.envs.decision import Kind
from maitred.envs.kernel.layout import Activity, Outcome
from maitred.envs.scenario import (
    DAY_S,
    Agents,
    Arrivals,
    ContactTypes,
    Patience,
    Returns,
    Routing,
    Scenario,
    Service,
    Staffing,
)
from maitred.envs.simulator import Ledger, Simulator
from maitred.envs.traffic import draw_trace

PERIOD_S = 7200  # the day starts at second 0: three periods, then the wrap-up
PERIODS = DAY_S // PERIOD_S
ARRIVALS_PER_MIN = np.array([[4.2, 5.3, 3.2], [5.1, 4.3, 4.8], [6.3, 5.2, 4.8]])  # type x period
SERVICES_PER_MIN = np.array([0.5, 0.6, 0.4, 0.4])  # by period, the last the wrap-up
ABANDONS_PER_MIN = np.array([0.3, 0.4, 0.2, 0.2])
STAFF = np.array([[12, 18, 9, 9], [15, 20, 11, 11]])  # group x period
SERVES = np.array([[True, True, False], [False, True, True]])  # group x type
BUSYNESS_SHAPE = 28.7
TARGET_S = 20.0
PUBLISHED_ARRIVALS = 5207.6
BATCH = 250


# The published intervals. Service level leaves out who gave up within the target; occupancy is over the time until
# the last contact of the day has ended, with the time worked past the end of shifts.
PUBLISHED = {
    "served per day": Interval(4297.3, 4297.3 - 27.1, 4297.3 + 27.1),
    "abandoned per day": Interval(910.3, 910.3 - 34.2, 910.3 + 34.2),
    "service level": Interval(math.nan, 0.494, 0.509),
    "occupancy of group 0": Interval(math.nan, 0.877, 0.884),
}


def scenario() -> Scenario:
    """The center. Staffing is cut into shifts that start and end where the number of agents changes."""
    shifts = [(group, *shift) for group in range(2) for shift in shifts_of(STAFF[group])]
    group, start, end, count = map(np.array, zip(*shifts, strict=True))
    members = [int(STAFF[g].max()) for g in range(2)]
    of_agent = np.repeat([0, 1], members)
    rates = np.zeros((1, 3, PERIODS))
    rates[0, :, :3] = 60 * ARRIVALS_PER_MIN
    return Scenario(
        name="simplemsk",
        description="SimpleMSK of ContactCenters",
        days=1,
        types=ContactTypes(("0", "1", "2"), np.ones((3, 1)), np.zeros(1)),
        arrivals=Arrivals(PERIOD_S, rates, np.zeros(7, np.int64), ("any",), day_factor_cv=BUSYNESS_SHAPE**-0.5),
        agents=Agents(
            names=tuple(f"agent {i}" for i in range(len(of_agent))),
            group=of_agent,
            group_names=("group 0", "group 1"),
            weight=np.ones(len(of_agent)),
            may_answer=SERVES[of_agent],
            mean_s=np.full((len(of_agent), 3), 60.0),
            log_se=np.zeros((len(of_agent), 3)),
            resolve_p=np.ones((len(of_agent), 3)),
            short_share=np.zeros(len(of_agent)),
            cost_per_min=np.ones(2),
        ),
        service=Service("exponential", np.zeros(3), np.zeros(3), over_the_day(1 / SERVICES_PER_MIN)),
        patience=Patience(np.zeros(1), np.full((3, 1, 1), 1 / 60), over_the_day(1 / ABANDONS_PER_MIN)),
        returns=Returns(),
        staffing=Staffing(np.zeros(len(group), np.int64), group, start.astype(float), end.astype(float), count),
        routing=Routing(places=40, may_hold=False, answer_target_s=TARGET_S),
    )


def over_the_day(by_period: NDArray[np.float64]) -> NDArray[np.float64]:
    """(PERIODS,) values of the periods of the day; the wrap-up's value goes on to its end."""
    return np.concatenate([by_period, np.full(PERIODS - len(by_period), by_period[-1])])


def shifts_of(staff: NDArray[np.int64]) -> list[tuple[int, int, int]]:
    """(start_s, end_s, agents) that add up to a number of agents per period: who came last leaves first."""
    shifts, open_shifts = [], []  # open: (start_s, agents)
    for period, (before, now) in enumerate(zip([0, *staff], [*staff, 0], strict=True)):
        time_s, leaving = period * PERIOD_S, before - now
        if leaving < 0:
            open_shifts.append((time_s, -leaving))
        while leaving > 0:
            start_s, agents = open_shifts.pop()
            shifts.append((start_s, time_s, min(agents, leaving)))
            if agents > leaving:
                open_shifts.append((start_s, agents - leaving))
            leaving -= agents
    return sorted(shifts)


def run(center: Scenario, days: Sequence[np.random.SeedSequence]) -> list[Ledger]:
    """Simulate days: an arriving contact prefers group 0, a freed agent takes the longest waiting contact."""
    simulator = Simulator(center, [draw_trace(center, seed) for seed in days])
    in_group_0 = center.agents.group == 0
    simulator.step()
    while simulator.pending.any():
        agents = np.clip(simulator.centers.candidates, 0, len(in_group_0) - 1)
        routing = simulator.centers.center["kind"] == Kind.ROUTE
        preferred = simulator.observation.mask & in_group_0[agents] & routing[:, None]
        simulator.step(preferred.argmax(axis=1))  # the first of group 0, else the first of all
    return [simulator.ledger(b) for b in range(len(simulator))]


def sums(ledger: Ledger) -> list[tuple[float, float]]:
    """Numerator and denominator of each published quantity on one day."""
    contacts, wait = ledger.contacts, leave_queue_s(ledger) - ledger.contacts["arrival_s"]
    served, abandoned = (contacts["outcome"] == o for o in (Outcome.SERVED, Outcome.ABANDONED))
    early = abandoned & (wait <= TARGET_S)
    staff = int(STAFF[0].max())
    open_s = float(np.nanmax(contacts["end_s"]))
    staffed_s = PERIOD_S * STAFF[0, :3].sum() + STAFF[0, 3] * (open_s - 3 * PERIOD_S) + ledger.overrun_s[:staff].sum()
    return [
        (float(served.sum()), 1.0),
        (float(abandoned.sum()), 1.0),
        (float((served & (wait <= TARGET_S)).sum()), float(len(contacts) - early.sum())),
        (float(ledger.accounts[:staff, Activity.WORK].sum()), float(staffed_s)),
    ]


def leave_queue_s(ledger: Ledger) -> NDArray[np.float64]:
    """When each contact was answered or gave up; the day ends long after the last has gone."""
    answer: NDArray[np.float64] = ledger.contacts["answer_s"]
    return np.where(np.isnan(answer), ledger.contacts["end_s"], answer)


def at_arrivals(values: NDArray[np.float64], arrivals: NDArray[np.float64], mean: float) -> NDArray[np.float64]:
    """Daily values as linear regression puts them were the mean number of arrivals `mean` (control variate)."""
    slope = float(np.cov(values, arrivals)[0, 1] / arrivals.var(ddof=1))
    return values - slope * (arrivals - mean)


def measure(days: int, seed: int) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """(days, quantities, 2) numerators and denominators, and (days,) arrivals."""
    center, seeds = scenario(), np.random.SeedSequence(seed).spawn(days)
    ledgers = (ledger for first in range(0, days, BATCH) for ledger in run(center, seeds[first : first + BATCH]))
    measured = [(sums(ledger), len(ledger.contacts)) for ledger in ledgers]
    return np.array([each for each, _ in measured]), np.array([count for _, count in measured], dtype=float)


def estimates(mean: float, measured: NDArray[np.float64], arrivals: NDArray[np.float64]) -> list[Interval]:
    """99 % intervals of the published quantities were the mean number of arrivals `mean`."""
    return [
        ratio_interval(at_arrivals(above, arrivals, mean), at_arrivals(below, arrivals, mean))
        for above, below in measured.transpose(1, 2, 0)
    ]


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the study; returns 1 if an estimate at the published arrivals lies outside its published interval."""
    parser = argparse.ArgumentParser(description="SimpleMSK in the kernel against the published output.")
    parser.add_argument("--days", type=int, default=4000, help="simulated days")
    parser.add_argument("--json", type=Path, help="also write the figures here")
    options = parser.parse_args(arguments)
    if options.days < 2:
        parser.error(f"--days: expected at least 2, found {options.days}")
    measured, arrivals = measure(options.days, seed=0)
    expected = float(ARRIVALS_PER_MIN.sum() * PERIOD_S / 60)
    ours, ours_at_expected = (estimates(mean, measured, arrivals) for mean in (PUBLISHED_ARRIVALS, expected))
    inside = [our.estimate in published for our, published in zip(ours, PUBLISHED.values(), strict=True)]
    rows = [
        (name, str(published), number(our.estimate), str(our), "inside" if good else "OUTSIDE", number(other.estimate))
        for (name, published), our, good, other in zip(PUBLISHED.items(), ours, inside, ours_at_expected, strict=True)
    ]
    header = (
        "quantity", "published", f"at its {PUBLISHED_ARRIVALS} arrivals", "99 % interval", "", f"at {expected:.0f}"
    )  # fmt: skip
    print_table(f"SimpleMSK, {options.days} days", header, rows)
    if options.json:
        write_json(options.json, [figure(name, our) for name, our in zip(PUBLISHED, ours, strict=True)])
    return int(not all(inside))


def figure(name: str, ours: Interval) -> Figure:
    """Our estimate against the published one, where one was published beside its interval."""
    title, unit, reference = (
        f"SimpleMSK: {name}",
        "contacts" if "per day" in name else "share",
        PUBLISHED[name].estimate,
    )
    if math.isnan(reference):
        return Figure(title, ours.estimate, unit)
    return Figure.against(title, ours.estimate, unit, reference)


if __name__ == "__main__":
    sys.exit(main())
