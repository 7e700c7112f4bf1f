"""Blocks that are there but change nothing give, to the bit, the ledger of the same center without them."""

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from maitred.agents.rules import RULES
from maitred.envs.blocks import (
    Bots,
    Channels,
    Concurrency,
    Customers,
    Deferral,
    Demand,
    Dialogue,
    Handoff,
    Outreach,
    People,
    Quality,
    Reassess,
)
from maitred.envs.blocks.fields import is_default
from maitred.envs.kernel.layout import Term
from maitred.envs.simulator import Simulator, simulate
from maitred.envs.traffic import draw_trace
from tests.envs.kernel.scenarios import small_scenario

quick = settings(max_examples=15, deadline=None, suppress_health_check=[HealthCheck.too_slow])

# A call is answered by its whole work, so that a long one counts as a slow reply, and a repeat begins in a worse mood.
NO_MOODS = {"quality": Quality(slow_reply=0, sentiment=0)}

# Whatever is chosen.
NEUTRAL = {
    "a channel of another name": {"channels": Channels(("phone",))},
    "an exclusive channel": {"channels": Channels(exclusive=True)},
    "an exclusive channel under a wide cap": {
        "channels": Channels(exclusive=True), "concurrency": Concurrency(cap_slots=4),
    },
    "an interruptible channel": {"channels": Channels(interruptible=True)},
    "light contacts under a low cap": {
        "channels": Channels(slots=0.5), "concurrency": Concurrency(cap_slots=0.9, max_cap_slots=1),
    },
    "a channel nobody comes by": {
        "channels": Channels(("voice", "chat"), think_mean_s=np.array([0.0, 80.0]), silent_share=np.array([0.0, 0.5])),
    },
    "complexities alike": {
        "dialogue": Dialogue(("one", "other"), share=0.5, transition=0.1, level=np.array([0.0, 1.0])),
    },
    "turns of a single turn": {"dialogue": Dialogue(turns_mean=9, phases=3)},
    "urgency without a deadline": {"dialogue": Dialogue(urgent_share=0.5, signal_accuracy=0.8)},
    "sentiment that nothing follows from": {"dialogue": Dialogue(sentiment_sd=0.5, sentiment_mean=-0.3)},
    "costs of many at once, with one": {"concurrency": Concurrency(switch_overhead=0.3, resolve_loss=0.1)},
    "one cap to decide": {"concurrency": Concurrency(decided=True, max_cap_slots=1)},
    "heavy contacts, one at a time": {"concurrency": Concurrency(heavy_above_s=200)},
    "bots that take nothing": {"bots": Bots(("bot",), takes=False, resolve_p=0.5, cost_per_session=1.0)},
    "handoffs without work": {
        "handoff": Handoff(context_kept=0.2, resolve_loss=0.1, keep_position=True, escalate_to=0, approval_by=0),
    },
    "options of other channels": {
        "reassess": Reassess(hand_back=True, live_of=0, stop_bot_early=True),
    },
    "customers of the same patience": {
        "customers": Customers(("few", "many"), tier_share=0.5, value=np.array([10.0, 1.0]), survey_p=0.5),
    },
    "people who never change": {"people": People(learn_half_life_wk=1, fatigue_memory_s=60, copilot_adherence=0.5)},
    "outages that hit nobody": {"demand": Demand(shock_factor_low=3, ease_memory_s=60, forecast_error_cv=0.2)},
}  # fmt: skip

# As long as the platform's own choice is taken; there are more decisions.
UNUSUAL = {
    "bots": {"bots": Bots(("bot",), resolve_p=0.5, cost_per_session=1.0, leave_p=0.2)},
    "call-backs": {"deferral": Deferral(callback=True)},
    "answers in writing": {"deferral": Deferral(async_of=0)},
    "heading off the next issue": {"reassess": Reassess(next_issue_s=60)},
    "caps": {"channels": Channels(exclusive=True), "concurrency": Concurrency(decided=True)},
    "messages about nothing": {"outreach": Outreach(needs_per_h=2, real_share=0)},
    "groups": {"customers": Customers(survey_p=0.2)},
}


def center(seed):
    return small_scenario(np.random.default_rng(seed), pause_s=60.0 * (seed % 2), lines=6 * (seed % 3 == 0))


def with_blocks(scenario, *choices):
    """The scenario with blocks; a choice that says something of a block already chosen is left out."""
    blocks = dict(NO_MOODS)
    for choice in choices:
        if not choice.keys() & blocks.keys():
            blocks |= choice
    return replace(scenario, **blocks)


def traces(scenario, seed):
    return [draw_trace(scenario, child) for child in np.random.SeedSequence(seed).spawn(3)]


def both(one, other, drawn):
    """Pairs of ledgers of two scenarios on the same luck, under the same random policy."""
    return zip(*(simulate(scenario, drawn, RULES["random"]) for scenario in (one, other)), strict=True)


def assert_same(one, other, but=()):
    """Two ledgers agree to the bit, but for some columns of their contacts."""
    for name in set(one.contacts.dtype.names) - set(but):
        assert one.contacts[name].tobytes() == other.contacts[name].tobytes(), name
    for name in ("accounts", "overrun_s", "booked", "left"):
        assert getattr(one, name).tobytes() == getattr(other, name).tobytes(), name


@pytest.mark.parametrize("name", NEUTRAL)
def test_neutral_blocks_change_nothing_whatever_is_chosen(name):
    first = center(list(NEUTRAL).index(name))
    neutral = with_blocks(first, NEUTRAL[name])
    assert neutral.has_conversations and not all(is_default(block) for block in NEUTRAL[name].values())
    drawn = traces(first, 1)
    for one, other in both(first, neutral, drawn):
        assert len(other.talks) == len(one.contacts) > 50 and len(one.talks) == 0
        assert one.decisions == other.decisions
        assert_same(one, other)


@quick
@given(st.sets(st.sampled_from(sorted(NEUTRAL))), st.integers(0, 100))
def test_neutral_blocks_change_nothing_together(names, seed):
    first = center(seed)
    neutral = with_blocks(first, *(NEUTRAL[name] for name in sorted(names)))
    drawn = traces(first, seed)
    for one, other in both(first, neutral, drawn):
        assert_same(one, other)


@pytest.mark.parametrize("name", UNUSUAL)
def test_what_is_never_usual_changes_nothing_by_itself(name):
    first = center(list(UNUSUAL).index(name))
    optional = with_blocks(first, UNUSUAL[name])
    optional = replace(optional, routing=replace(optional.routing, places=6, offer_groups=name == "groups"))
    ours, theirs = Simulator(first, traces(first, 2)), Simulator(optional, traces(optional, 2))
    assert theirs.run_incumbent() > ours.run_incumbent()
    for b in range(len(ours)):
        assert_same(ours.ledger(b), theirs.ledger(b), but=("decisions",))


@pytest.mark.parametrize("name", NEUTRAL)
def test_neutral_blocks_draw_the_same_luck(name):
    first = center(0)
    neutral = with_blocks(first, NEUTRAL[name])
    one, other = (draw_trace(scenario, np.random.SeedSequence(3)) for scenario in (first, neutral))
    for field in ("key", "arrivals", "roster", "handle_mean_s", "resolve_p", "empathy", "needs"):
        assert getattr(one, field).tobytes() == getattr(other, field).tobytes(), field


def test_moods_and_slow_replies_are_all_that_another_channel_costs():
    """With the defaults of the quality block, the same happens, and only satisfaction is other."""
    first = center(2)
    drawn = traces(first, 3)
    (one, *_), (other, *_) = (
        simulate(scenario, drawn, RULES["random"])
        for scenario in (first, replace(first, channels=Channels(("phone",))))
    )
    assert other.booked[Term.CSAT] < one.booked[Term.CSAT]
    booked = [term for term in Term if term != Term.CSAT]
    assert one.booked[booked].tobytes() == other.booked[booked].tobytes()
