"""Random draws as hashes: uniform(key, purpose, ordinal) needs no generator state and no order of calls."""

from __future__ import annotations

import math

import numpy as np

from maitred.envs.kernel.compiler import inner

# Purposes keep draws apart that share a key.
PATIENCE, SHORT, SERVICE, SERVICE_ANGLE, WRAP_UP, RESOLVE, RETURN, RETURN_DELAY = range(1, 9)
CHILD, DECISION, PAUSE, READY, AGENT_KEY = range(9, 14)
COMPLEXITY, URGENCY, SIGNAL, URGENCY_SIGNAL, DEADLINE, SENTIMENT, SENTIMENT_ANGLE, PHASE = range(14, 22)
THINK, SILENT, TOLERANCE, MISROUTE, APPROVAL, TIER, PREFERENCE, INTOLERANCE, SURVEY = range(22, 31)
BOT_TIME, BOT_END, BOT_RESULT, BOT_LEAVE, ACCEPT, NO_ANSWER, AVOID, ADHERE, ATTRITION = range(31, 40)
DEFLECT, FOLLOW, FOLLOW_DELAY, READING, MOOD, MOOD_ANGLE, VOICE = range(40, 47)


@inner
def mix(key, purpose, ordinal):
    """64 hashed bits (SplitMix64 finaliser; Steele, Lea and Flood 2014)."""
    z = key + np.uint64(0x9E3779B97F4A7C15) * np.uint64(purpose * 1048576 + ordinal + 1)
    z = (z ^ (z >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
    z = (z ^ (z >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
    return z ^ (z >> np.uint64(31))


@inner
def uniform(key, purpose, ordinal):
    """A uniform in (0, 1), never 0 nor 1."""
    return (float(mix(key, purpose, ordinal) >> np.uint64(12)) + 0.5) * 2.0**-52


@inner
def exponential(key, purpose, ordinal):
    """A standard exponential."""
    return -math.log(uniform(key, purpose, ordinal))


@inner
def normal(key, purpose, other_purpose, ordinal):
    """A standard normal (Box and Muller 1958)."""
    radius = math.sqrt(-2.0 * math.log(uniform(key, purpose, ordinal)))
    return radius * math.cos(2.0 * math.pi * uniform(key, other_purpose, ordinal))


@inner
def agent_key(x, b, agent):
    """The key of an agent's own draws in this episode."""
    return mix(x.center[b].key, AGENT_KEY, agent)
