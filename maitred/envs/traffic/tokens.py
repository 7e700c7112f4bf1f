"""What customers say: a synthetic bag of words per contact, so that drift can be found without a language model.

Words are numbers below `VOCABULARY`. A type of contact has a distribution over them, and an outage words of its own
that take the place of some of the usual ones. All follows by hashing, so a contact says the same wherever it is read.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from scipy.special import gammaincinv

VOCABULARY = 200
CONCENTRATION = 0.2  # of the Dirichlet distribution; a type uses about a quarter of the words often
OUTAGE_WORDS = 4
OUTAGE_SHARE = 0.5  # of the words of an outage's contacts that are the outage's own
WORD, SOURCE, USAGE, TOPIC = range(1, 5)  # purposes, which keep hashes of one key apart

Ints = NDArray[np.int64]
Floats = NDArray[np.float64]


def problem_tokens(key: NDArray[np.uint64], type_: NDArray[np.int32], shock: NDArray[np.int32], words: int) -> Ints:
    """(N, words) words of contacts, repeats possible.

    Args:
        key: (N,) the contacts' keys.
        type_: (N,) their types.
        shock: (N,) the number of the outage that caused them, or 0.
        words: how many words each contact says.
    """
    tokens = np.zeros((len(key), words), np.int64)
    u = _uniforms(key, WORD, words)
    for t in np.unique(type_):
        usual = np.cumsum(word_distribution(int(t)))
        tokens[type_ == t] = np.searchsorted(usual / usual[-1], u[type_ == t])
    of_outage = (_uniforms(key, SOURCE, words) < OUTAGE_SHARE) & (shock > 0)[:, None]
    for t, number in np.unique(np.stack([type_, shock], axis=1)[shock > 0], axis=0):
        own = of_outage & ((type_ == t) & (shock == number))[:, None]
        tokens[own] = outage_words(int(t), int(number))[(u[own] * OUTAGE_WORDS).astype(int)]
    return tokens


def word_distribution(type_: int) -> Floats:
    """(VOCABULARY,) how often the words come up in ordinary contacts of a type: a symmetric Dirichlet draw."""
    gammas = gammaincinv(CONCENTRATION, _uniforms(np.array([type_], np.uint64), USAGE, VOCABULARY)[0])
    return np.asarray(gammas / gammas.sum())


def outage_words(type_: int, shock: int) -> Ints:
    """(OUTAGE_WORDS,) the words, all different, that an outage of a type adds; `shock` is its number, from 1."""
    return np.argsort(_uniforms(np.array([type_ << 32 | shock], np.uint64), TOPIC, VOCABULARY)[0])[:OUTAGE_WORDS]


def _uniforms(key: NDArray[np.uint64], purpose: int, count: int) -> Floats:
    """(N, count) uniforms in (0, 1) hashed from keys (SplitMix64 finaliser; Steele, Lea and Flood 2014)."""
    ordinal = (purpose << 20) + np.arange(1, count + 1, dtype=np.uint64)
    z = ~key[:, None] + np.uint64(0x9E3779B97F4A7C15) * ordinal  # the kernel's draws hash the key itself
    z = (z ^ (z >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
    z = (z ^ (z >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
    bits = (z ^ (z >> np.uint64(31))) >> np.uint64(12)
    return np.asarray((bits + 0.5) * 2.0**-52)
