"""What a conversation is about, turn by turn: the hidden state, and the belief that policies see.

Complexity and urgency are Markov chains; sentiment returns to its mean with noise and jumps. Every turn gives a
noisy reading of complexity and urgency, right with chance `signal_accuracy` and otherwise any other value alike; that
a phase ended or went on tells of the complexity, too. The belief is Bayes' filter of both, so it is calibrated by
construction (Rabiner 1989, forward recursion).
"""

from __future__ import annotations

import math

from maitred.envs.kernel import chance
from maitred.envs.kernel.compiler import inner

COMPLEXITY, URGENCY, SIGNAL, URGENCY_SIGNAL = chance.COMPLEXITY, chance.URGENCY, chance.SIGNAL, chance.URGENCY_SIGNAL
MOOD, MOOD_ANGLE = chance.MOOD, chance.MOOD_ANGLE
DEADLINE, SENTIMENT, ANGLE, PHASE, READING = (
    chance.DEADLINE, chance.SENTIMENT, chance.SENTIMENT_ANGLE, chance.PHASE, chance.READING,
)  # fmt: skip


@inner
def open_dialogue(w, x, b, row):
    """Draw the hidden state of a new contact and form the first belief from its opening words."""
    talk, key, p = x.talks[b, row], x.queued[b, row].key, w.parameters[0]
    kind = x.contacts[b, row].type
    talk.complexity = _draw(w.share[kind], chance.uniform(key, COMPLEXITY, 0))
    talk.started_complexity = talk.complexity
    urgent_share = w.types[kind].dialogue_urgent_share
    talk.urgent = chance.uniform(key, URGENCY, 0) < urgent_share
    talk.deadline_s = math.nan
    deadline_mean_s = w.types[kind].dialogue_deadline_mean_s
    if talk.urgent == 1 and deadline_mean_s > 0:
        talk.deadline_s = x.center[b].now + deadline_mean_s * chance.exponential(key, DEADLINE, 0)
    talk.sentiment = 0.0
    shift_sentiment(talk, p.dialogue_sentiment_mean + _noise(w, key, 0))
    belief = x.beliefs[b, row]
    for c in range(len(belief)):
        belief[c] = w.share[kind, c]
    talk.urgency = urgent_share
    _read(w, x, b, row, 0)


@inner
def advance(w, x, b, row, slow):
    """One turn on: the hidden state moves, and a new reading updates the belief."""
    talk, key, p = x.talks[b, row], x.queued[b, row].key, w.parameters[0]
    turn = talk.turns
    talk.complexity = _draw(w.transition[talk.complexity], chance.uniform(key, COMPLEXITY, turn))
    u, on, off = chance.uniform(key, URGENCY, turn), p.dialogue_urgent_from_routine_p, p.dialogue_routine_from_urgent_p
    talk.urgent = u >= off if talk.urgent == 1 else u < on
    gap = p.dialogue_sentiment_mean - talk.sentiment
    step = p.dialogue_sentiment_reversion * gap + p.dialogue_sentiment_slow_reply * slow
    shift_sentiment(talk, step + p.dialogue_sentiment_reversion * _noise(w, key, turn))
    _predict(w, x.beliefs[b, row], x.scratch[b])
    talk.urgency = talk.urgency * (1.0 - off) + (1.0 - talk.urgency) * on
    _read(w, x, b, row, turn)


@inner
def shift_sentiment(talk, step):
    """Move sentiment, within -1..1."""
    talk.sentiment = min(max(talk.sentiment + step, -1.0), 1.0)


@inner
def ends_now(w, x, b, row):
    """Whether the turn just done was the last: it ends a phase with chance phases / turns_mean, perhaps the last."""
    talk, belief = x.talks[b, row], x.beliefs[b, row]
    ended = chance.uniform(x.queued[b, row].key, PHASE, talk.turns) < _phase_end_p(w, talk.complexity)
    talk.phase += ended
    if len(belief) > 1:
        for c in range(len(belief)):
            belief[c] *= _phase_end_p(w, c) if ended else 1.0 - _phase_end_p(w, c)
        _normalise(belief)
    return talk.phase >= w.parameters[0].dialogue_phases


@inner
def _phase_end_p(w, complexity):
    return min(w.parameters[0].dialogue_phases / w.complexities[complexity].dialogue_turns_mean, 1.0)


@inner
def _normalise(belief):
    total = 0.0
    for c in range(len(belief)):
        total += belief[c]
    for c in range(len(belief)):
        belief[c] /= total


@inner
def automated(w, talk, work_s):
    """Seconds of work that automation does beside so much of the agent's (CT-4)."""
    share = w.complexities[talk.complexity].dialogue_automation_share
    return work_s * share / (1.0 - share)


@inner
def turn_factor(w, x, b, row, agent):
    """Work of this turn over the agent's mean: complexity, automation, sentiment, and other conversations open."""
    talk, p = x.talks[b, row], w.parameters[0]
    kind = w.complexities[talk.complexity]
    factor = kind.dialogue_work_factor * (1.0 - kind.dialogue_automation_share)
    factor *= 1.0 + p.dialogue_sentiment_work * max(-talk.sentiment, 0.0)
    return factor * (1.0 + p.concurrency_switch_overhead * max(x.agents[b, agent].open - 1, 0))


@inner
def believed_complexity(w, belief):
    """(mean, standard deviation) of the believed complexity level."""
    mean, square = 0.0, 0.0
    for c in range(len(belief)):
        level = w.complexities[c].dialogue_level
        mean += belief[c] * level
        square += belief[c] * level * level
    return mean, math.sqrt(max(square - mean * mean, 0.0))


@inner
def believed_work(w, belief, single):
    """Expected work left in units of the agent's mean; a geometric number of turns has no memory."""
    work = 0.0
    for c in range(len(belief)):
        kind = w.complexities[c]
        turns = 1.0 if single else kind.dialogue_turns_mean
        work += belief[c] * kind.dialogue_work_factor * (1.0 - kind.dialogue_automation_share) * turns
    return work


@inner
def _draw(shares, u):
    for c in range(len(shares) - 1):
        u -= shares[c]
        if u < 0:
            return c
    return len(shares) - 1


@inner
def _noise(w, key, turn):
    sd = w.parameters[0].dialogue_sentiment_sd
    return sd * chance.normal(key, SENTIMENT, ANGLE, turn) if sd > 0 else 0.0


@inner
def _predict(w, belief, scratch):
    """The belief one step of the chain on."""
    for c in range(len(belief)):
        scratch[c] = 0.0
        for before in range(len(belief)):
            scratch[c] += belief[before] * w.transition[before, c]
    for c in range(len(belief)):
        belief[c] = scratch[c]


@inner
def _read(w, x, b, row, turn):
    """Take a noisy reading of complexity and urgency and update both beliefs by Bayes' rule."""
    talk, key, right = x.talks[b, row], x.queued[b, row].key, w.parameters[0].dialogue_signal_accuracy
    belief = x.beliefs[b, row]
    n = len(belief)
    if n > 1:
        seen = talk.complexity
        if chance.uniform(key, SIGNAL, turn) >= right:
            seen = (seen + 1 + int(chance.uniform(key, READING, turn) * (n - 1))) % n
        for c in range(n):
            belief[c] *= right if c == seen else (1.0 - right) / (n - 1)
        _normalise(belief)
    said_urgent = (chance.uniform(key, URGENCY_SIGNAL, turn) < right) == (talk.urgent == 1)
    yes = talk.urgency * (right if said_urgent else 1.0 - right)
    no = (1.0 - talk.urgency) * (1.0 - right if said_urgent else right)
    talk.urgency = yes / (yes + no) if yes + no > 0 else talk.urgent
    talk.mood = _mood(w, key, talk.sentiment, turn)


@inner
def _mood(w, key, sentiment, turn):
    """A noisy reading of the sentiment; 0 where customers have none."""
    p = w.parameters[0]
    if p.dialogue_sentiment_sd == 0:
        return 0.0
    read = float(sentiment) + p.dialogue_sentiment_reading_sd * chance.normal(key, MOOD, MOOD_ANGLE, turn)
    return min(max(read, -1.0), 1.0)
