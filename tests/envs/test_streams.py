import numpy as np
import pytest

from maitred.envs.streams import TOGETHER, Streams
from tests.envs.toy import toy


def keys(streams, centers):
    return [int(streams.next(center).key[0]) for center in centers]


def test_a_trace_follows_from_seed_center_and_episode_whatever_was_asked_for_before():
    order = [0, 2, 2, 1, 0, 2]
    few, many = Streams(toy(), 3), Streams(toy(), TOGETHER + 3)
    for streams in (few, many):
        streams.seed(4)
    expected = [int(few.trace(*pair).key[0]) for pair in ((0, 0), (2, 0), (2, 1), (1, 0), (0, 1), (2, 2))]
    assert keys(few, order) == keys(many, order) == expected
    assert len(set(expected)) == len(expected)


def test_seeding_starts_every_stream_anew():
    streams = Streams(toy(), 2)
    first = keys(streams, [0, 1, 0, 1])
    streams.seed(0)
    assert keys(streams, [0, 1, 0, 1]) == first
    streams.seed(1)
    assert not set(keys(streams, [0, 1, 0, 1])) & set(first)


def test_an_episode_on_a_given_weekday_takes_the_place_of_the_next():
    streams, plain = Streams(toy(), 2), Streams(toy(), 2)
    keys(streams, [0]), keys(plain, [0])
    for weekday in (3, 5):
        np.testing.assert_array_equal(streams.next(1, weekday).start_weekday, [weekday])
    keys(plain, [1, 1])
    assert keys(streams, [1, 0]) == keys(plain, [1, 0])


def test_siblings_play_the_same_traces_and_divide_the_centers():
    streams = Streams(toy(), 4, siblings=2)
    streams.seed(3)
    keys = [int(streams.next(center).key[0]) for center in range(4)]
    assert keys[0] == keys[1] != keys[2] == keys[3]
    with pytest.raises(ValueError, match="siblings: expected a divisor of 4 centers, found 3"):
        Streams(toy(), 4, siblings=3)
