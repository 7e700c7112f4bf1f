"""One agent, conversations of one class: the published table, direct solves, limits known in closed form."""

import numpy as np
import pytest

from experiments.exactness.chat_chain import Turns
from experiments.exactness.chat_formulas import closed_chat, open_chat
from experiments.intervals import ratio_interval
from tests.experiments.exactness.brute_force import Center

THINK_S = 80.0
TABLE = {  # work: reply time, utilisation, slow-down and throughput at 1..6 conversations, overhead .05, as printed
    20: """20 25 33 44 59 80
           .20 .40 .58 .74 .86 .94
           1 1.05 1.13 1.24 1.39 1.60
           1 1.90 2.65 3.23 3.59 3.75""",
    35: """35 48 68 98 137 185
           .30 .57 .78 .91 .97 .99
           1 1.12 1.29 1.55 1.89 2.30
           1 1.79 2.32 2.59 2.65 2.61""",
    60: """60 91 138 203 282 370
           .43 .74 .91 .98 1.0 1.0
           1 1.22 1.56 2.02 2.58 3.22
           1 1.64 1.93 1.98 1.94 1.87""",
}


def decimals(text: str) -> int:
    return len(text.partition(".")[2])


@pytest.mark.parametrize("work_s", TABLE)
def test_the_published_table_is_met_to_its_printed_digits(work_s):
    turns = Turns(work_s, THINK_S, 0.05)
    results = [closed_chat(turns, conversations) for conversations in range(1, 7)]
    for name, row in zip(
        ("reply_s", "utilisation", "slow_down", "throughput"), TABLE[work_s].splitlines(), strict=True
    ):
        printed = row.split()
        values = [getattr(result, name) for result in results]
        assert [f"{value:.{decimals(text)}f}" for value, text in zip(values, printed, strict=True)] == [
            f"{float(text):.{decimals(text)}f}" for text in printed
        ]


def birth_death(turn_s: list[float], think_s: float) -> tuple[float, float]:
    """Reply time and turns per second, with turn_s[j-1] the mean turn while j messages are with the agent."""
    conversations = len(turn_s)
    weights = [1.0]
    for j in range(1, conversations + 1):
        weights.append(weights[-1] * (conversations - j + 1) / think_s * turn_s[j - 1])
    p = np.array(weights) / sum(weights)
    turns_per_s = float(p[1:] @ (1 / np.array(turn_s)))
    return float(p @ np.arange(conversations + 1)) / turns_per_s, turns_per_s


@pytest.mark.parametrize("conversations", range(1, 7))
@pytest.mark.parametrize(("work_s", "overhead"), [(20, 0.0), (35, 0.05), (60, 0.1)])
def test_mean_value_analysis_solves_the_birth_death_chain(work_s, overhead, conversations):
    result = closed_chat(Turns(work_s, THINK_S, overhead), conversations)
    turn_s = work_s * (1 + overhead * (conversations - 1))
    reply_s, turns_per_s = birth_death([turn_s] * conversations, THINK_S)
    assert result.reply_s == pytest.approx(reply_s, rel=1e-12)
    assert result.utilisation == pytest.approx(turns_per_s * turn_s, rel=1e-12)
    assert result.throughput == pytest.approx(turns_per_s * (work_s + THINK_S), rel=1e-12)
    assert result.slow_down * result.throughput == pytest.approx(conversations, rel=1e-12)


def test_overhead_counts_open_conversations_not_messages_in_line():
    in_line_s, _ = birth_death([60 * (1 + 0.05 * (j - 1)) for j in range(1, 3)], THINK_S)
    assert round(closed_chat(Turns(60, THINK_S, 0.05), 2).reply_s) == 91
    assert round(in_line_s) != 91


def test_a_second_conversation_without_overhead_costs_the_agents_share_of_a_turn():
    both = closed_chat(Turns(20, THINK_S), 2)  # share .2: the +18 % and +4 % of Goes et al. 2018
    assert (both.reply_s / 20, both.slow_down) == pytest.approx((1.2, 1.04))


def test_an_agent_with_places_to_spare_is_a_jackson_network():
    turns, arrivals_per_s, mean_turns = Turns(10, 20), 0.01, 4.0
    result = open_chat(turns, arrivals_per_s, cap=20, mean_turns=mean_turns, line=0)
    load = arrivals_per_s * mean_turns * turns.work_s
    thinking = arrivals_per_s * (mean_turns - 1) * turns.think_s
    assert result.reply_s == pytest.approx(turns.work_s / (1 - load), rel=1e-5)
    assert result.utilisation == pytest.approx(load, rel=1e-5)
    assert result.mean_open == pytest.approx(load / (1 - load) + thinking, rel=1e-5)


def test_one_conversation_at_a_time_waits_as_pollaczek_and_khinchine_say():
    turns, arrivals_per_s, mean_turns = Turns(10, 20, 0.05), 0.005, 4.0
    result = open_chat(turns, arrivals_per_s, cap=1, mean_turns=mean_turns, line=200)
    mean_s = mean_turns * 10 + (mean_turns - 1) * 20
    spread = mean_turns * 10**2 + (mean_turns - 1) * 20**2 + mean_turns * (mean_turns - 1) * (10 + 20) ** 2
    wait_s = arrivals_per_s * (spread + mean_s**2) / 2 / (1 - arrivals_per_s * mean_s)
    assert result.lost_p < 1e-9
    assert result.wait_s == pytest.approx(wait_s, rel=1e-6)
    assert result.reply_s == pytest.approx(10, rel=1e-9)
    assert result.mean_open == pytest.approx(arrivals_per_s * mean_s, rel=1e-6)


def test_an_open_center_with_overhead_is_what_brute_force_says():
    world = (Turns(20, 60, 0.2), 0.008, 3, 5.0, 4)
    exact, runs = open_chat(*world), []
    for seed in range(20):
        center = Center(*world, seed)
        center.run(2_000)
        runs.append(center.run(30_000))
    ratios = {"mean_open": "open/time", "utilisation": "work/time", "lost_p": "lost/arrived", "wait_s": "wait/opened"}
    for quantity, ratio in {**ratios, "reply_s": "reply/replies"}.items():
        above, below = (np.array([run[name] for run in runs]) for name in ratio.split("/"))
        interval = ratio_interval(above, below, level=1 - 0.01 / 5)  # all five at 99 %
        assert getattr(exact, quantity) in interval, quantity
        assert interval.high - interval.low < 0.12 * interval.estimate, quantity


def test_a_turn_that_started_alone_is_not_lengthened_by_who_comes():
    # One turn each and two places: whoever starts is alone by then, so any overhead leaves M/M/1 with two places.
    result = open_chat(Turns(20, 60, 3.0), 0.04, cap=2, mean_turns=1.0, line=0)
    p = np.array([1, 0.8, 0.8**2]) / (1 + 0.8 + 0.8**2)
    assert result.utilisation == pytest.approx(1 - p[0])
    assert result.lost_p == pytest.approx(p[2])
    assert result.reply_s == pytest.approx((p[1] + 2 * p[2]) / (0.04 * (1 - p[2])))


def test_a_long_line_loses_nobody_and_keeps_the_agents_load():
    turns = Turns(20, 60)
    result = open_chat(turns, 0.005, cap=3, mean_turns=5.0, line=150)
    assert result.lost_p < 1e-9
    assert result.utilisation == pytest.approx(0.005 * 5 * 20, rel=1e-9)


@pytest.mark.parametrize(
    ("changed", "field"),
    [
        ({"cap": 0}, "cap"),
        ({"mean_turns": 0.5}, "mean_turns"),
        ({"line": -1}, "line"),
        ({"arrivals_per_s": 0}, "arriv"),
    ],
)
def test_an_impossible_center_is_refused_by_name(changed, field):
    good = {"arrivals_per_s": 0.01, "cap": 2, "mean_turns": 3.0, "line": 5}
    with pytest.raises(ValueError, match=field):
        open_chat(Turns(20, 60), **{**good, **changed})


def test_a_closed_network_needs_a_conversation():
    with pytest.raises(ValueError, match="conversations"):
        closed_chat(Turns(20, 60), 0)
