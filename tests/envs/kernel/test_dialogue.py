"""What conversations are about: calibrated beliefs, deadlines, automation, sentiment, and deciding again every turn."""

from __future__ import annotations

from dataclasses import dataclass, field, replace

import numpy as np
import pytest

from maitred.agents.candidates import feature
from maitred.agents.rules import LongestIdle
from maitred.envs.blocks import Bots, Dialogue, Handoff, Reassess
from maitred.envs.decision import Kind, best
from maitred.envs.kernel.layout import Mark, Outcome
from maitred.envs.simulator import Simulator
from tests.envs.kernel.worlds import CHAT, center, chat_world, logged, luck, played

NOISY = Dialogue(
    names=("simple", "complex"),
    level=np.array([0.0, 1.0]),
    share=np.array([[0.6, 0.4]]),
    work_factor=np.array([0.6, 1.8]),
    turns_mean=np.array([4.0, 9.0]),
    transition=np.array([[0.0, 0.05], [0.1, 0.0]]),
    urgent_share=0.3,
    urgent_from_routine_p=0.05,
    deadline_mean_s=900.0,
    signal_accuracy=0.75,
)


def calibration_error(believed, truth):
    """Expected calibration error over ten bins."""
    bins = np.minimum((believed * 10).astype(int), 9)
    gaps = [abs(believed[bins == k].mean() - truth[bins == k].mean()) * (bins == k).mean() for k in np.unique(bins)]
    return sum(gaps)


def turn_boundaries(scenario, seeds):
    """(believed, true) complexity and urgency at every turn boundary."""
    seen = []
    for seed in range(seeds):
        simulator = Simulator(scenario, [luck(scenario, seed)])
        simulator.step()
        while simulator.pending[0]:
            x = simulator.centers
            if x.center[0]["kind"] == Kind.REASSESS:
                row = x.center[0]["subject"]
                talk = x.talks[0, row]
                seen.append((x.beliefs[0, row, 1], talk["complexity"], talk["urgency"], talk["urgent"]))
            simulator.step(LongestIdle().act(simulator.decisions()).candidate)
    return np.array(seen, dtype=float).T


@pytest.mark.parametrize("phases", [1, 2])
def test_beliefs_are_calibrated_at_every_turn(phases):
    """CT-1: of the turns at which p is believed, a share p is complex, or urgent; that a chat goes on is evidence."""
    scenario = chat_world(
        agents=20, per_h=100.0, dialogue=replace(NOISY, phases=phases),
        reassess=Reassess(next_issue_s=1.0),
    )  # fmt: skip
    complexity, complex_, urgency, urgent = turn_boundaries(scenario, 1)
    assert len(complexity) > 8000
    assert calibration_error(complexity, complex_) < 0.025
    assert calibration_error(urgency, urgent) < 0.025
    assert np.corrcoef(complexity, complex_)[0, 1] > 0.4


def test_the_last_belief_of_a_contact_is_calibrated():
    """CT-1: the end of a conversation is evidence, too."""
    scenario = chat_world(agents=20, per_h=150.0, dialogue=NOISY)
    ledgers = played(scenario, LongestIdle(), 2)
    believed = np.concatenate([one.beliefs[one.contacts["outcome"] == Outcome.SERVED, 1] for one in ledgers])
    truth = np.concatenate([one.talks["complexity"][one.contacts["outcome"] == Outcome.SERVED] for one in ledgers])
    assert calibration_error(believed, truth) < 0.03


def test_a_policy_sees_the_belief_and_never_the_truth():
    """CT-1: with the hidden state of every contact turned round, the pending decision looks the same."""
    scenario = chat_world(agents=1, per_h=60.0, dialogue=NOISY)
    simulator = Simulator(scenario, [luck(scenario)])
    simulator.step()
    for _ in range(50):
        before = simulator.decisions()
        talks = simulator.centers.talks[0]
        talks["complexity"] = 1 - talks["complexity"]
        talks["urgent"] = 1 - talks["urgent"]
        simulator.step()
        after = simulator.decisions()
        np.testing.assert_array_equal(before.candidates, after.candidates)
        np.testing.assert_array_equal(before.context, after.context)
        simulator.step(LongestIdle().act(after).candidate)


def test_a_deadline_is_missed_only_after_it():
    """CT-2: a resolved urgent contact misses its deadline if and only if it ends later."""
    scenario = chat_world(agents=4, per_h=60.0, dialogue=NOISY)
    ledger = logged(scenario, luck(scenario))
    resolved = (ledger.contacts["resolved"] == 1) & (ledger.talks["deadline_s"] > 0)
    late = ledger.contacts["end_s"][resolved] > ledger.talks["deadline_s"][resolved]
    assert 0 < late.sum() < len(late)
    np.testing.assert_array_equal(ledger.talks["deadline_missed"][resolved], late)
    without = np.isnan(ledger.talks["deadline_s"])
    assert without.any() and not ledger.talks["deadline_missed"][without].any()


@dataclass
class HandBack:
    """Back to the bot what is believed simple: decided at every turn, or only at the first."""

    every_turn: bool
    name: str = field(default="hand back")

    def act(self, decisions):
        now = (feature(decisions, "turns") <= 1) | self.every_turn
        simple = (feature(decisions, "complexity") < 0.5) & (decisions.kind == Kind.REASSESS)[:, None] & now
        return best(feature(decisions, "usual") + 2.0 * simple * feature(decisions, "is_hand_back"), decisions.mask)


def hand_back_world(transition):
    bot = Bots(names=("bot",), resolve_p=1.0, turns_mean=3.0)
    dialogue = replace(NOISY, signal_accuracy=1.0, transition=transition, urgent_from_routine_p=0.0)
    return chat_world(agents=6, per_h=40.0, dialogue=dialogue, bots=bot, reassess=Reassess(hand_back=True))


def test_deciding_every_turn_matters_only_where_contacts_change():
    """CT-3: with the identity as transition matrix the ledgers are the same; with strong dynamics less work is left."""
    still, moving = hand_back_world(0.0), hand_back_world(np.array([[0.0, 0.0], [0.3, 0.0]]))
    for scenario in (still, moving):
        every, once = (played(scenario, HandBack(each), 2) for each in (True, False))
        for a, b in zip(every, once, strict=True):
            if scenario is still:
                assert a.contacts.tobytes() == b.contacts.tobytes() and a.talks.tobytes() == b.talks.tobytes()
            else:
                assert a.contacts["work_s"].sum() < b.contacts["work_s"].sum()


@pytest.mark.parametrize("share", [0.2, 0.5, 0.75])
def test_automation_takes_its_share_and_no_work_is_lost(share):
    """CT-4: with the same luck, agent work and automated work are the work there was; shares hit their target."""
    plain = chat_world(cap=1, agents=40, per_h=30.0, handoff=Handoff(misroute_p=0.0))
    assisted = replace(plain, dialogue=replace(plain.dialogue, automation_share=share))
    before, after = (logged(scenario, luck(scenario)) for scenario in (plain, assisted))
    done = (before.contacts["outcome"] == Outcome.SERVED) & (after.contacts["outcome"] == Outcome.SERVED)
    work_s, left_s = before.contacts["work_s"][done], after.contacts["work_s"][done]
    np.testing.assert_allclose(left_s + after.talks["automated_s"][done], work_s, rtol=1e-9)
    np.testing.assert_allclose(after.talks["automated_s"][done] / work_s, share, rtol=1e-9)


def test_a_transfer_spoils_the_mood():
    """CT-6: sentiment jumps down by the configured amount at a transfer, and nowhere else without slow replies."""
    dialogue = Dialogue(turns_mean=2.0, sentiment_transfer=-0.3, sentiment_reversion=0.0, sentiment_slow_reply=0.0)
    both = center(("a", "b"), agents=20, channels=CHAT, dialogue=dialogue, handoff=Handoff(misroute_p=0.5))
    ledger = logged(both, luck(both))
    np.testing.assert_allclose(ledger.talks["sentiment"], -0.3 * ledger.talks["transfers"], atol=1e-6)
    assert 0 < (ledger.talks["transfers"] == 1).mean() < 1


def test_slow_replies_spoil_the_mood_and_a_bad_mood_makes_work():
    """CT-6: each slow reply before the last lowers sentiment; work grows by `sentiment_work` per unit below zero."""
    dialogue = Dialogue(
        turns_mean=6.0, sentiment_reversion=0.0, sentiment_slow_reply=-0.1, sentiment_work=0.5, slow_reply_s=40.0
    )
    moved = chat_world(cap=1, agents=40, per_h=60.0, dialogue=dialogue)
    unmoved = replace(moved, dialogue=replace(dialogue, sentiment_work=0.0))
    ledger, calm = (logged(scenario, luck(scenario)) for scenario in (moved, unmoved))
    log, talks = ledger.log[ledger.log["mark"] == Mark.START_TURN], ledger.talks
    assert talks["sentiment"].min() < -0.1 and talks["sentiment"].max() == 0
    same = {(row["contact"], row["turn"]): row["value"] for row in calm.log[calm.log["mark"] == Mark.START_TURN]}
    ratio = np.array([row["value"] / same[row["contact"], row["turn"]] for row in log[:3000]])
    steps = (ratio - 1) / 0.05
    np.testing.assert_allclose(steps, np.round(steps), atol=1e-6)
    assert ratio.min() == pytest.approx(1) and ratio.max() > 1.05


def test_predicted_effort_is_close_to_what_it_takes():
    """CT-7: the mean absolute error of the predicted work is that of a geometric number of turns, not of the mean."""
    scenario = chat_world(cap=1, agents=40, per_h=60.0, dialogue=replace(NOISY, signal_accuracy=0.95, transition=0.0))
    simulator = Simulator(scenario, [luck(scenario)])
    predicted = {}
    simulator.step()
    while simulator.pending[0]:
        decisions = simulator.decisions()
        if decisions.kind[0] == Kind.ROUTE:
            predicted[int(simulator.centers.center[0]["subject"])] = feature(decisions, "handle_s")[0, 0]
        simulator.step(LongestIdle().act(decisions).candidate)
    ledger = simulator.ledger(0)
    served = [row for row in predicted if ledger.contacts["outcome"][row] == Outcome.SERVED]
    work_s, guess_s = ledger.contacts["work_s"][served], np.array([predicted[row] for row in served])
    assert guess_s.mean() == pytest.approx(work_s.mean(), rel=0.1)
    assert np.abs(work_s - guess_s).mean() < 0.95 * np.abs(work_s - work_s.mean()).mean()


@pytest.mark.parametrize("phases", [1, 4])
def test_turns_have_their_mean_and_more_phases_make_them_regular(phases):
    """Geometric with one phase; the sum of geometric phases with more."""
    scenario = chat_world(cap=1, agents=40, per_h=100.0, dialogue=Dialogue(turns_mean=8.0, phases=phases))
    ledger = logged(scenario, luck(scenario))
    turns = ledger.talks["turns"][ledger.contacts["outcome"] == Outcome.SERVED]
    sd = np.sqrt(phases * (1 - phases / 8)) / (phases / 8)
    assert turns.mean() == pytest.approx(8.0, abs=0.5)
    assert turns.std() == pytest.approx(sd, rel=0.1)
