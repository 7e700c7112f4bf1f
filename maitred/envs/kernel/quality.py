"""How a contact turned out: resolved or not, latent satisfaction, survey, churn."""

from __future__ import annotations

import math

from maitred.envs.kernel import chance
from maitred.envs.kernel.compiler import inner
from maitred.envs.kernel.layout import Mark, Term
from maitred.envs.kernel.proficiency import resolve_gain
from maitred.envs.kernel.recorder import record

CSAT, RESOLVED, CHURNED, DEADLINE_MISSED, WAITED_S = (
    int(Term.CSAT), int(Term.RESOLVED), int(Term.CHURNED), int(Term.DEADLINE_MISSED), int(Term.WAITED_S),
)  # fmt: skip
SURVEY = chance.SURVEY
SURVEY_MARK = int(Mark.SURVEY)


@inner
def resolve_chance(w, x, b, row, agent):
    """Chance that an agent resolves the contact: truth for agent and type, less for switching hands and attention."""
    p = w.parameters[0]
    chance_of = x.resolve_p[b, agent, x.contacts[b, row].type]
    if p.talks == 1:
        lost = p.concurrency_resolve_loss * max(x.agents[b, agent].open - 1, 0)
        chance_of -= lost + p.handoff_resolve_loss * x.talks[b, row].transfers
    if p.people_change == 1:
        chance_of += resolve_gain(w, x, b, agent)
    return chance_of


@inner
def satisfaction(w, wait_s, target_s, resolved, extra):
    """Latent CSAT of a served contact, 0..1.

    A logit of the terms of the quality block (domain 2.4): resolution, the doublings of the wait over the promise,
    and `extra`, the terms of conversations.
    """
    q = w.parameters[0]
    over = max(wait_s / target_s, 1.0)
    logit = q.quality_resolved * resolved + q.quality_wait_per_doubling * math.log2(over) + extra
    return 1.0 / (1.0 + math.exp(-logit))


@inner
def conversation_terms(w, x, b, row, empathy):
    """The logit's terms for transfers, slow replies, empathy and sentiment."""
    talk, q = x.talks[b, row], w.parameters[0]
    slow = talk.replies > 0 and talk.reply_s > q.dialogue_slow_reply_s * talk.replies
    logit = q.quality_per_transfer * talk.transfers + q.quality_slow_reply * slow
    return logit + q.quality_empathy * empathy + q.quality_sentiment * talk.sentiment


@inner
def book_outcome(w, x, b, row):
    """Book a served contact's satisfaction and wait, and what follows from it where customers have a value."""
    contact, q = x.contacts[b, row], w.parameters[0]
    x.booked[b, CSAT] += contact.csat
    x.booked[b, RESOLVED] += contact.resolved
    if not math.isnan(contact.answer_s):
        x.booked[b, WAITED_S] += contact.answer_s - contact.arrival_s
    if q.talks == 0:
        return
    talk = x.talks[b, row]
    if x.center[b].now > talk.deadline_s or (contact.resolved == 0 and talk.deadline_s > 0):
        talk.deadline_missed = 1
        x.booked[b, DEADLINE_MISSED] += 1
    x.booked[b, CHURNED] += w.tiers[talk.tier].customers_value * q.customers_churn_p * (1.0 - contact.csat)
    answers = q.customers_survey_p * math.exp(q.customers_survey_bias * contact.csat)
    if chance.uniform(x.queued[b, row].key, SURVEY, 0) * (1.0 - q.customers_survey_p + answers) < answers:
        talk.surveyed = 1
        record(x, b, SURVEY_MARK, row, contact.agent, talk.turns, contact.csat)


@inner
def book_loss(w, x, b, row):
    """A customer left unserved: a deadline is missed, and loyalty suffers as from no satisfaction at all."""
    if w.parameters[0].talks == 0:
        return
    talk = x.talks[b, row]
    if talk.deadline_s > 0:
        talk.deadline_missed = 1
        x.booked[b, DEADLINE_MISSED] += 1
    x.booked[b, CHURNED] += w.tiers[talk.tier].customers_value * w.parameters[0].customers_churn_p
