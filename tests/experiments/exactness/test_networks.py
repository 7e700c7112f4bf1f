"""The simulator's average cost of fixed policies against the exact solver's, in short; intervals are at 99 %."""

import pytest

from experiments.exactness.networks import compare, main


@pytest.mark.parametrize("name, policy", [("V", "c-mu"), ("V", "reserve 1"), ("chat", "fixed caps 2 3")])
def test_the_simulator_costs_what_the_solver_says(name, policy):
    """`reserve` leaves agents free while contacts wait, and fixed caps places: the epochs of both models agree."""
    (found,) = compare(name, days=1, episodes=24, seed=7, only=[policy])
    assert found.exact in found.interval, found.row
    assert found.interval.high - found.interval.low < 0.4 * abs(found.exact)


def test_days_out_of_range_are_refused(capsys):
    with pytest.raises(SystemExit):
        main(["--days", "0"])
    assert "--days: expected 1 to 366, found 0" in capsys.readouterr().err
