"""The channel that a contact is on."""

from __future__ import annotations

from maitred.envs.kernel.compiler import inner


@inner
def channel_of(w, x, b, row):
    """The channel's record."""
    return w.channels[w.types[x.contacts[b, row].type].channels_of_type]


@inner
def is_spoken(w, kind):
    """Whether contacts of a type have no think time, and so a single turn."""
    return w.channels[w.types[kind].channels_of_type].channels_think_mean_s == 0


@inner
def answer_target_s(w, kind):
    """The wait that is promised to a contact that comes by the channel of a type."""
    target_s = w.channels[w.types[kind].channels_of_type].channels_answer_target_s
    return target_s if target_s > 0 else w.parameters[0].answer_target_s
