import math

import pytest

from experiments.exactness.erlang import Queue, compare
from experiments.exactness.formulas import (
    abandonment_queue,
    delay_queue,
    erlang_b,
    erlang_b_with_retrials,
)

TARGET_H = 20 / 3600

QUICK = [
    Queue("A short of agents", 50, 6, agents=9, abandons_per_h=4),
    Queue("A", 50, 6, agents=12, abandons_per_h=4),
    Queue("A in a hurry", 50, 6, agents=8, abandons_per_h=30),
    Queue("C", 50, 6, agents=11),
    Queue("B", 150, 6, agents=30, lines=30),
    Queue("B with retrials", 150, 6, agents=30, lines=30, retrial_p=0.8),
]


@pytest.mark.parametrize("queue", QUICK, ids=lambda queue: queue.name)
def test_kernel_agrees_with_the_closed_form(queue):
    for comparison in compare(queue, days=10, episodes=20, seed=QUICK.index(queue), level=0.999):
        assert comparison.inside, comparison.row


def test_erlang_b_and_c_values():
    assert erlang_b(25, 30) == pytest.approx(0.052603, abs=1e-6)
    queue = delay_queue(50, 6, 10, TARGET_H)
    assert queue.wait_p == pytest.approx(0.487611, abs=1e-6)
    assert queue.service_level == pytest.approx(0.538740, abs=1e-6)
    assert queue.occupancy == pytest.approx(0.833333, abs=1e-6)


@pytest.mark.parametrize(
    "agents, wait_p, abandon_p, mean_wait_h, service_level",
    [
        (8, 0.641054, 0.142890, 0.035723, 0.3913),
        (9, 0.490788, 0.090012, 0.022503, 0.5443),
        (10, 0.349989, 0.053717, 0.013429, 0.6830),
        (11, 0.233016, 0.030431, 0.007608, 0.7946),
        (12, 0.145274, 0.016392, 0.004098, 0.8755),
    ],
)
def test_erlang_a_values(agents, wait_p, abandon_p, mean_wait_h, service_level):
    queue = abandonment_queue(50, 6, 4, agents, TARGET_H)
    assert queue.wait_p == pytest.approx(wait_p, abs=1e-6)
    assert queue.abandon_p == pytest.approx(abandon_p, abs=1e-6)
    assert queue.mean_wait_h == pytest.approx(mean_wait_h, abs=1e-6)
    assert queue.service_level == pytest.approx(service_level, abs=1e-4)


def test_erlang_a_tends_to_erlang_c_and_b():
    patient = abandonment_queue(50, 6, 1e-4, 11, TARGET_H)
    assert patient.service_level == pytest.approx(delay_queue(50, 6, 11, TARGET_H).service_level, abs=1e-4)
    hasty = abandonment_queue(150, 6, 1e7, 30, TARGET_H)
    assert hasty.abandon_p == pytest.approx(erlang_b(25, 30), abs=1e-3)


def test_retrials_are_a_fixed_point():
    blocked = erlang_b_with_retrials(25, 30, 0.8)
    assert erlang_b(25 / (1 - 0.8 * blocked), 30) == pytest.approx(blocked)
    assert erlang_b_with_retrials(25, 30, 0.0) == pytest.approx(erlang_b(25, 30))


def test_too_few_agents_without_abandonment():
    with pytest.raises(ValueError, match=r"more than 8\.33"):
        delay_queue(50, 6, 8, TARGET_H)


def test_impatience_cannot_help_the_queue_grow():
    abandoned = [abandonment_queue(50, 6, 4, n, TARGET_H).abandon_p for n in range(5, 20)]
    assert abandoned == sorted(abandoned, reverse=True) and math.isfinite(abandoned[0])
