"""A small call log in the 17-field Technion layout, simulated from known parameters.

One queue, first come first served; a free agent takes the head, the longest idle agent takes a call that
finds several free. Whole seconds throughout, so that the log holds exactly what happened.

    python -m tests.envs.contact_log.synthetic_technion calls.tsv --days 30
"""

import argparse
import heapq
import itertools
from collections import deque
from dataclasses import asdict, dataclass, field
from datetime import date, timedelta
from pathlib import Path

import numpy as np

OPEN_S, CLOSE_S = 8 * 3600, 20 * 3600
HEADER = (
    "vru+line call_id customer_id priority type date vru_entry vru_exit vru_time q_start q_exit q_time"
    " outcome ser_start ser_exit ser_time server"
)


@dataclass(frozen=True)
class Parameters:
    """The truth behind the log. Rates are fresh calls an hour, hours 8 to 19; log-times in log seconds."""

    rate_per_h: tuple[float, ...] = (85, 100, 120, 115, 95, 95, 105, 110, 105, 95, 85, 70)
    type_share: dict[str, float] = field(default_factory=lambda: {"PS": 0.68, "NW": 0.22, "NE": 0.10})
    log_mean: dict[str, float] = field(default_factory=lambda: {"PS": 5.15, "NW": 4.75, "NE": 5.45})
    log_sd: dict[str, float] = field(default_factory=lambda: {"PS": 0.80, "NW": 0.85, "NE": 0.90})
    patience_mean_s: dict[str, float] = field(default_factory=lambda: {"PS": 400, "NW": 200, "NE": 700})
    n_agents: int = 8
    agent_sd: float = 0.19
    interaction_sd: float = 0.17
    left_menu_p: float = 0.05
    retrial_p: float = 0.40
    retrial_delay_mean_s: float = 600.0
    short_p: float = 0.05
    short_max_s: int = 9


@dataclass(frozen=True)
class Truth:
    """What the log was made from and what stands in it.

    `agent_effect` (agent) and `interaction` (agent, type) add to the mean log service. The counts are
    those of the simulated calls; `quirks` says how many rows of each fault were planted: those that alter
    a call and those ("extra") that add a row which is no call of the simulation.
    """

    parameters: Parameters
    agent_effect: dict[str, float]
    interaction: dict[tuple[str, str], float]
    calls: int
    served: int
    abandoned: int
    left_menu: int
    wait_s: int
    short_calls: int
    retrials: int
    quirks: dict[str, int]
    rows: int


@dataclass
class Call:
    """One simulated call; times in seconds since midnight of its day."""

    type: str
    customer: int
    entry: int
    enter: int
    patience: int
    outcome: str = "HANG"
    end: int = 0
    service_s: int = 0
    agent: str = "NO_SERVER"
    queued: bool = True
    retrial: bool = False


def write_synthetic_log(path: Path | str, seed: int, *, days: int = 20, quirks: bool = True) -> Truth:
    """Simulate `days` days from 3 January 1999 and write them to `path`; the same seed, the same bytes."""
    rng, parameters = np.random.default_rng(seed), Parameters()
    agents = [f"A{i + 1:02d}" for i in range(parameters.n_agents)]
    agent_effect = {a: float(rng.normal(0, parameters.agent_sd)) for a in agents}
    pairs = itertools.product(agents, parameters.type_share)
    interaction = {pair: float(rng.normal(0, parameters.interaction_sd)) for pair in pairs}
    customers = itertools.count(1)
    calls, rows = [], []
    for day in range(days):
        today = simulate_day(rng, parameters, agent_effect, interaction, customers)
        calls += today
        rows += [_row(call, date(1999, 1, 3) + timedelta(day)) for call in today]
    for number, row in enumerate(rows):
        row[0], row[1] = f"AA01{number % 16 + 1:02d}", str(33_000 + number)
    planted = plant_quirks(rng, rows) if quirks else {}
    text = "".join("\t".join(row) + "\n" for row in [HEADER.split(), *rows])
    Path(path).write_text(text)
    served = [call for call in calls if call.outcome == "AGENT"]
    return Truth(
        parameters=parameters,
        agent_effect=agent_effect,
        interaction=interaction,
        calls=len(calls),
        served=len(served),
        abandoned=sum(call.outcome == "HANG" and call.queued for call in calls),
        left_menu=sum(not call.queued for call in calls),
        wait_s=sum(call.end - call.enter for call in calls if call.queued),
        short_calls=sum(call.service_s <= parameters.short_max_s for call in served),
        retrials=sum(call.retrial for call in calls),
        quirks=planted,
        rows=len(rows),
    )


def simulate_day(rng, parameters, agent_effect, interaction, customers) -> list[Call]:
    """Run one day's queue; return its calls by time of entry."""
    calls = _fresh_calls(rng, parameters, customers)
    order = itertools.count()
    events = [(call.enter, 1, next(order), call) for call in calls if call.queued]
    heapq.heapify(events)
    idle, queue = deque(agent_effect), deque()

    def serve(now: int, call: Call) -> None:
        call.outcome, call.end, call.agent = "AGENT", now, idle.popleft()
        call.service_s = _service_s(rng, parameters, agent_effect, interaction, call)
        heapq.heappush(events, (now + call.service_s, 0, next(order), call))

    while events:
        now, kind, _, call = heapq.heappop(events)
        if kind == 0:  # an agent ends a service
            idle.append(call.agent)
            if queue:
                serve(now, queue.popleft())
        elif kind == 1:  # a call leaves the menu
            if idle:
                serve(now, call)
            else:
                queue.append(call)
                heapq.heappush(events, (now + call.patience, 2, next(order), call))
        elif call.outcome == "HANG":  # its patience ends in the queue
            queue.remove(call)
            call.end = now
            again = _retrial(rng, parameters, call)
            if again:
                calls.append(again)
                heapq.heappush(events, (again.enter, 1, next(order), again))
    return sorted(calls, key=lambda call: call.entry)


def _fresh_calls(rng, parameters, customers) -> list[Call]:
    types, shares = zip(*parameters.type_share.items(), strict=True)
    calls = []
    for hour, rate in enumerate(parameters.rate_per_h):
        for entry in OPEN_S + 3600 * hour + rng.integers(0, 3600, rng.poisson(rate)):
            type_ = types[rng.choice(len(types), p=shares)]
            call = _new_call(rng, parameters, type_, next(customers), int(entry))
            call.queued = bool(rng.random() >= parameters.left_menu_p)
            calls.append(call)
    return calls


def _new_call(rng, parameters, type_: str, customer: int, entry: int) -> Call:
    patience = round(rng.exponential(parameters.patience_mean_s[type_]))
    return Call(type_, customer, entry, entry + int(rng.integers(5, 12)), patience)


def _retrial(rng, parameters, lost: Call) -> Call | None:
    entry = lost.end + 1 + round(rng.exponential(parameters.retrial_delay_mean_s))
    if rng.random() >= parameters.retrial_p or entry >= CLOSE_S:
        return None
    again = _new_call(rng, parameters, lost.type, lost.customer, entry)
    again.retrial = True
    return again


def _service_s(rng, parameters, agent_effect, interaction, call: Call) -> int:
    if rng.random() < parameters.short_p:
        return int(rng.integers(1, parameters.short_max_s + 1))
    mean = parameters.log_mean[call.type] + agent_effect[call.agent] + interaction[call.agent, call.type]
    return max(1, min(3599, round(rng.lognormal(mean, parameters.log_sd[call.type]))))


def _clock(second: int) -> str:
    hours, rest = divmod(second % 86_400, 3600)
    return f"{hours}:{rest // 60:02d}:{rest % 60:02d}"


def _row(call: Call, day: date) -> list[str]:
    """Write a call as the switch did: no queue times unless it waited, no customer unless it waited."""
    wait = call.end - call.enter if call.queued else 0
    in_queue = call.queued and (wait > 0 or call.outcome == "HANG")
    answered = call.outcome == "AGENT"
    return [
        "",
        "",
        str(call.customer if wait > 0 else 0),
        "0",
        call.type,
        day.strftime("%y%m%d"),
        _clock(call.entry),
        _clock(call.enter),
        str(call.enter - call.entry),
        *((_clock(call.enter), _clock(call.end)) if in_queue else ("0:00:00", "0:00:00")),
        str(wait),
        call.outcome,
        *((_clock(call.end), _clock(call.end + call.service_s)) if answered else ("0:00:00", "0:00:00")),
        str(call.service_s),
        call.agent,
    ]


def plant_quirks(rng, rows: list[list[str]]) -> dict[str, int]:
    """Alter some rows and add others, in place; return how many of each."""
    free = list(rng.permutation(len(rows)))

    def take(n: int, fits=lambda row: True) -> list[list[str]]:
        chosen = [i for i in free if fits(rows[i])][:n]
        free[:] = [i for i in free if i not in set(chosen)]
        return [rows[i] for i in chosen]

    waited = take(6, lambda row: row[11] != "0")
    clipped = take(5, lambda row: row[12] == "AGENT")
    unnamed = take(20, lambda row: row[12] == "AGENT")
    lost = take(7, lambda row: row[12] == "HANG" and row[9] != "0:00:00")
    padded, merged, models = take(4), take(5), [list(row) for row in take(60)]
    for row in waited:  # the entry's clock runs a minute ahead
        hours, minutes, seconds = map(int, row[7].split(":"))
        row[6], row[8] = _clock(3600 * hours + 60 * minutes + seconds + 60), "-60"
    for row in clipped:
        hours, minutes, seconds = map(int, row[13].split(":"))
        row[14], row[15] = _clock(3600 * hours + 60 * minutes + seconds + 4000), "4000"
    for row in unnamed:
        row[16] = "NO_SERVER"
    for row in lost:
        row[13:16] = ["12:00:00", "12:00:05", "5"]
    for row in padded:
        row[4] = f" {row[4]} "
    extra = _extra_rows(models)
    planted = {name: len(added) for name, added in extra.items()}
    for row in merged:
        row[3:5] = [row[3] + row[4]]
    rows += list(itertools.chain.from_iterable(extra.values()))
    return {
        "negative_menu_time": len(waited),
        "clipped": len(clipped),
        "no_server": len(unnamed),
        "hang_with_service": len(lost),
        "padded_type": len(padded),
        "merged": len(merged),
        **planted,
    }


def _extra_rows(models: list[list[str]]) -> dict[str, list[list[str]]]:
    """Rows that are no calls of the simulation, each with a call_id of its own but for the duplicates."""
    duplicates = [list(models.pop()) for _ in range(6)]
    for number, row in enumerate(models):
        row[0], row[1] = "AA0299", str(number)
    phantoms, aa, short, bad_time, over, menu = ([models.pop() for _ in range(n)] for n in (12, 3, 4, 3, 2, 2))
    none = ["0:00:00", "0:00:00", "0"]
    for row in phantoms:
        row[12] = "PHANTOM"
    for row in aa:
        row[4] = "AA"
    for row in bad_time:
        row[6] = "25:61:00"
    for row in short:
        del row[10:]
    for row in over:
        row[6:] = ["23:58:00", "23:58:06", "6", *none, "AGENT", "23:58:06", "0:00:36", "150", "A01"]
    for row in menu:
        row[6:] = ["23:59:55", "0:00:05", "-86390", *none, "HANG", *none, "NO_SERVER"]
    return {
        "extra_duplicate": duplicates,
        "extra_phantom": phantoms,
        "extra_type_aa": aa,
        "extra_malformed": short,
        "extra_bad_time": bad_time,
        "extra_service_over_midnight": over,
        "extra_menu_over_midnight": menu,
        "extra_blank": [[""]],
    }


def main() -> None:
    """Write a log and print its truth."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("path", type=Path)
    parser.add_argument("--days", type=int, default=20)
    parser.add_argument("--seed", type=int, default=1)
    arguments = parser.parse_args()
    for name, value in asdict(write_synthetic_log(arguments.path, arguments.seed, days=arguments.days)).items():
        print(f"{name}: {value}")


if __name__ == "__main__":
    main()
