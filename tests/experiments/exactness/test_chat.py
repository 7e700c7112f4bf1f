"""The kernel's conversations against mean value analysis and the exact chain, in short; intervals are at 99 %."""

import pytest

from experiments.exactness import chat


@pytest.mark.parametrize("name, conversations", [("simple", 1), ("simple", 6), ("medium", 3), ("complex", 2)])
def test_the_kernel_meets_mean_value_analysis(name, conversations):
    found = chat.single_class(name, conversations, turns=60_000, episodes=8, seed=conversations)
    assert all(one.exact in one.interval for one in found), [one.row for one in found]
    assert all(abs(one.error) < 0.03 for one in found)


def test_the_kernel_meets_the_exact_chain_of_two_classes():
    found = chat.two_classes(("simple", 2, "complex", 1), turns=100_000, episodes=8, seed=3)
    assert len(found) == 6
    assert all(one.exact in one.interval for one in found), [one.row for one in found]


def test_the_kernel_meets_the_exact_chain_of_conversations_that_come_and_go():
    found = chat.coming_and_going(cap=4, turns=80_000, episodes=8, seed=5)
    assert [one.quantity for one in found] == ["reply_s", "utilisation", "wait_s", "mean_open"]
    assert all(one.exact in one.interval for one in found), [one.row for one in found]


def test_a_wrong_overhead_would_be_noticed():
    exact = chat.single_class("medium", 4, turns=60_000, episodes=8, seed=1)[0].interval
    assert chat.closed_chat(chat.Turns(35, 80, 0.10), 4).reply_s not in exact


def test_the_command_prints_every_comparison(monkeypatch, capsys):
    monkeypatch.setattr(chat, "WORLDS", {"simple": chat.WORLDS["simple"], "complex": chat.WORLDS["complex"]})
    monkeypatch.setattr(chat, "MIXES", chat.MIXES[:1])
    monkeypatch.setattr(chat, "MOST", 2)
    monkeypatch.setattr(chat, "CAPS", (4,))
    chat.main(["--turns", "2000"])
    shown = capsys.readouterr().out
    assert "complex K=2" in shown and "2 simple + 1 complex" in shown and "coming, cap 4" in shown
    assert "above 3 slots" in shown


def test_too_few_turns_are_refused(capsys):
    with pytest.raises(SystemExit):
        chat.main(["--turns", "10"])
    assert "--turns: expected 1000 or more, found 10" in capsys.readouterr().err
