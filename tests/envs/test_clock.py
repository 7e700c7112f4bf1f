from maitred.envs.clock import clock, duration


def test_the_day_is_told_where_there_are_several():
    assert clock(8 * 3600 + 65.9, days=1) == "08:01:05"
    assert clock(2 * 86_400 + 59, days=7) == "day 3 of 7, 00:00:59"


def test_durations_are_minutes_and_seconds():
    assert [duration(s) for s in (5.9, 75, 3700)] == ["0:05", "1:15", "61:40"]
