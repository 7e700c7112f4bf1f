"""What a contact leaves behind: resolution, satisfaction, loyalty and an answer to a survey (CT-10, K-9)."""

from dataclasses import replace

import numpy as np
import pytest

from maitred.envs.blocks import Concurrency, Customers, Handoff, People, Quality
from maitred.envs.kernel.layout import Mark, Outcome, Term
from maitred.envs.simulator import Simulator
from tests.envs.kernel.worlds import center, chat_world, logged, luck

VALUE, CHURN_P = np.array([100.0, 1000.0]), 0.1
TIERS = Customers(
    names=("standard", "premium"), tier_share=np.array([0.8, 0.2]), value=VALUE, churn_p=CHURN_P, survey_p=0.2
)


def busy(**more):
    """A day in which some wait and some give up."""
    settings = {"per_h": 60.0, "mean_s": 100.0, "patience_s": 300.0, "customers": TIERS} | more
    scenario = center(**settings)
    return logged(scenario, luck(scenario))


def test_a_served_customer_is_lost_as_far_as_unsatisfied_and_an_unserved_one_altogether():
    ledger = busy()
    value = VALUE[ledger.talks["tier"]]
    served, abandoned = (ledger.contacts["outcome"] == outcome for outcome in (Outcome.SERVED, Outcome.ABANDONED))
    assert abandoned.sum() > 20
    unsatisfied = 1 - ledger.contacts["csat"][served]
    churned = CHURN_P * (value[served] @ unsatisfied + value[abandoned].sum())
    assert ledger.booked[Term.CHURNED] == pytest.approx(churned)


def test_without_value_there_is_no_churn_and_nothing_else_changes():
    valued, worthless = busy(), busy(customers=replace(TIERS, value=0.0))
    assert worthless.booked[Term.CHURNED] == 0 < valued.booked[Term.CHURNED]
    others = np.arange(len(Term)) != Term.CHURNED
    assert (valued.booked[others] == worthless.booked[others]).all()
    assert valued.contacts.tobytes() == worthless.contacts.tobytes()


def test_tiers_come_in_their_shares():
    tier = busy().talks["tier"]
    assert (tier == 1).mean() == pytest.approx(0.2, abs=4 * np.sqrt(0.16 / len(tier)))


def surveyed(**customers):
    """(latent satisfaction, who answered) of the served."""
    ledger = busy(agents=4, customers=replace(TIERS, **customers))
    served = ledger.contacts["outcome"] == Outcome.SERVED
    answers = ledger.log[ledger.log["mark"] == Mark.SURVEY]
    csat, who = ledger.contacts["csat"][served], ledger.talks["surveyed"][served] == 1
    assert (answers["value"] == ledger.contacts["csat"][answers["contact"]]).all()
    assert len(answers) == who.sum()
    return csat, who


def test_without_bias_surveys_tell_the_latent_mean():
    csat, who = surveyed(survey_p=0.2, survey_bias=0.0)
    assert who.mean() == pytest.approx(0.2, abs=4 * np.sqrt(0.16 / len(who)))
    assert csat[who].mean() == pytest.approx(csat.mean(), abs=4 * csat.std() / np.sqrt(who.sum()))


@pytest.mark.parametrize("bias", [-1.0, 1.0])
def test_with_bias_surveys_mislead_as_the_response_model_says(bias):
    csat, who = surveyed(survey_p=0.2, survey_bias=bias)
    odds = 0.25 * np.exp(bias * csat)
    answers_p = odds / (1 + odds)
    assert who.mean() == pytest.approx(answers_p.mean(), abs=4 * np.sqrt(0.25 / len(who)))
    expected = (answers_p @ csat) / answers_p.sum()
    error = csat.std() / np.sqrt(who.sum())
    assert csat[who].mean() == pytest.approx(expected, abs=4 * error)
    assert np.sign(expected - csat.mean()) == np.sign(bias) and abs(expected - csat.mean()) > error


@pytest.mark.parametrize(("survey_p", "share"), [(0.0, 0.0), (1.0, 1.0)])
def test_nobody_or_everybody_answers(survey_p, share):
    _, who = surveyed(survey_p=survey_p, survey_bias=-1.0)
    assert who.mean() == share


CALLS = center(per_h=60.0, mean_s=100.0, patience_s=300.0)
CHATS = chat_world(cap=4.0, per_h=25.0, mean_s=40.0, patience_s=300.0)


@pytest.mark.parametrize(("scenario", "written"), [(CALLS, False), (CHATS, True)])
def test_satisfaction_is_the_logit_of_what_happened(scenario, written):
    ledger = logged(replace(scenario, customers=TIERS), luck(scenario))
    served = ledger.contacts[ledger.contacts["outcome"] == Outcome.SERVED]
    wait_s = served["answer_s"] - served["arrival_s"]
    talks = ledger.talks[ledger.contacts["outcome"] == Outcome.SERVED]
    slow = talks["reply_s"] > 90 * talks["replies"]
    logit = 2.0 * served["resolved"] - 0.25 * np.log2(np.maximum(wait_s / 20, 1)) - 0.3 * slow
    logit += 0.8 * talks["sentiment"]  # slow replies have worn it down
    np.testing.assert_allclose(served["csat"], 1 / (1 + np.exp(-logit)))
    assert slow.any() == written and not slow.all() and wait_s.max() > 40  # a call has no replies to wait for


def test_empathic_agents_leave_happier_customers_and_policies_cannot_see_all_of_it():
    ledger_of = {}
    for sd in (0.0, 1.0):
        scenario = center(agents=6, per_h=60.0, people=People(empathy_sd=sd), customers=TIERS)
        trace = luck(scenario)
        simulator = Simulator(scenario, [trace])
        simulator.run_incumbent()
        ledger_of[sd] = simulator.ledger(0).contacts, trace.empathy
    contacts, empathy = ledger_of[1.0]
    served = contacts["outcome"] == Outcome.SERVED
    by_agent = [
        contacts["csat"][served & (contacts["agent"] == a) & (contacts["resolved"] == 1)].mean() for a in range(6)
    ]
    assert (np.argsort(by_agent) == np.argsort(empathy)).all()
    assert (ledger_of[0.0][1] == 0).all()


def test_attention_shared_and_hands_changed_lower_the_chance_of_resolving():
    def share(loss, cap, misroute_p=0.0):
        scenario = chat_world(
            cap=cap, agents=3, per_h=40.0, mean_s=60.0, days=3,
            concurrency=Concurrency(cap_slots=cap, resolve_loss=loss),
            handoff=Handoff(resolve_loss=0.14, misroute_p=misroute_p),
        )  # fmt: skip
        contacts = logged(scenario, luck(scenario)).contacts
        return contacts["resolved"][contacts["outcome"] == Outcome.SERVED].mean()

    assert share(0.0, 1.0) == pytest.approx(0.8, abs=0.03)
    assert share(0.1, 4.0) < share(0.0, 4.0) - 0.05


def test_the_weight_of_every_term_is_the_scenarios():
    indifferent = busy(quality=Quality(resolved=0, wait_per_doubling=0, slow_reply=0))
    csat = indifferent.contacts["csat"]
    assert (csat[~np.isnan(csat)] == 0.5).all()
