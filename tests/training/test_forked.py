"""Numbers worked out in a fork: as things stood when it began, and worked out here where it fails."""

import os
import signal

import numpy as np
import pytest

from maitred.training.forked import POSSIBLE, Forked

pytestmark = pytest.mark.skipif(not POSSIBLE, reason="no forks on this platform")


def test_a_fork_sees_what_was_there_and_changes_nothing_here():
    begin, go = os.pipe()
    state = np.array([1.0, 2.0])

    def work():
        os.read(begin, 1)
        state[1] += 5
        return state

    forked = Forked(work)
    state[0] = 10
    assert not forked.done
    os.write(go, b"!")
    np.testing.assert_array_equal(forked.result(), [1, 7])
    np.testing.assert_array_equal(state, [10, 2])
    assert forked.done


def test_what_the_work_raises_is_raised_here():
    def work():
        raise ValueError("this cannot be done")

    with pytest.raises(ValueError, match="this cannot be done"):
        Forked(work).result()


def test_where_a_fork_is_killed_its_work_is_done_here():
    ours = os.getpid()

    def work():
        if os.getpid() != ours:
            os.kill(os.getpid(), signal.SIGKILL)
        return np.array([3.0])

    assert Forked(work).result() == [3]


def test_a_fork_given_up_on_is_gone():
    tell, told = os.pipe()

    def work():
        os.write(told, os.getpid().to_bytes(4))
        signal.pause()

    forked = Forked(work)
    process = int.from_bytes(os.read(tell, 4))
    assert not forked.done
    forked.stop()
    assert forked.done
    with pytest.raises(ProcessLookupError):
        os.kill(process, 0)
