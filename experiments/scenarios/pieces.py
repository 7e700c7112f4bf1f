"""Numbers and mechanisms that the shipped scenarios share: patience, kinds of contacts, channels, conversations."""

from __future__ import annotations

from math import gamma
from typing import Any

import numpy as np

from experiments.scenarios.plan import Floats, LogSurvival, Stream, rounded
from maitred.envs.blocks import Channels, Dialogue

COMPLEXITIES = ("simple", "medium", "complex")
WORK_FACTOR = np.array([0.57, 1.0, 1.71])  # turns of 20, 35 and 60 s (domain 2.2)
TURNS = np.array([6.0, 9.0, 16.0])  # domain 2.8
CHAT_TURN_S = 35.0  # a medium turn (domain 2.2)
CALL_S, WRAP_UP_S = 300.0, 60.0  # talk and after-call work (domain 2.3)
MIX = (0.4, 0.4, 0.2)  # of complexities [E]: "most contacts in between"
CHANNELS = {
    "voice": {"exclusive": 1.0},  # 80/20 (domain 2.3), the target of the routing block
    "chat": {
        "think_mean_s": 80.0,  # domain 2.2
        "silent_share": 0.15,  # domain 2.8
        "silence_tolerance_s": 180.0,  # 120-240 s (domain 2.3) [E]
        "answer_target_s": 60.0,  # 80/60 (domain 2.3)
    },
    "async": {
        "interruptible": 1.0,
        "think_mean_s": 900.0,  # [E]
        "inactive_after_s": 240.0,  # LivePerson (domain 2.2)
        "answer_target_s": 14400.0,  # reply promise of 4 h (domain 2.3)
    },
    "desk": {"interruptible": 1.0, "answer_target_s": 14400.0},  # approvals and cases, no customer present
}
COPILOT: dict[str, Any] = {
    "copilot_novice": 0.30,
    "copilot_quality": -0.01,
    "copilot_adherence": 0.38,
}  # domain 2.6, 2.8
LEARNING: dict[str, Any] = {"learn_ratio": 1.7, "learn_half_life_wk": 5.0}  # domain 2.8
FATIGUE: dict[str, Any] = {"fatigue_work": 0.05, "fatigue_log_sd": 0.10}  # +5 % mean, about +39 % variance (domain 2.6)
SHIFTS: dict[str, Any] = {
    "absence_p": 0.08,
    "break_min": 30.0,
    "last_call_s": 600.0,
}  # with 0.9 there: shrinkage 0.22 [E]
HANDED_OVER: dict[str, Any] = {"repeat_info_s": 90.0, "kept_info_s": 20.0, "resolve_loss": 0.14}  # domain 2.4


def exponential(mean_s: float) -> LogSurvival:
    """Patience without memory."""
    return lambda s: -s / mean_s


def caller_patience(scale: float = 1.0) -> LogSurvival:
    """18 % impatient, exponential of mean 63 s; the rest Weibull 1.16 of mean 481 s (fit to calls, domain 2.1)."""
    weibull_scale_s = 481 / gamma(1 + 1 / 1.16)

    def log_survival(s: Floats) -> Floats:
        s = s / scale
        weibull = -((s / weibull_scale_s) ** 1.16)
        return np.asarray(np.logaddexp(np.log(0.18) - s / 63.0, np.log(0.82) + weibull))

    return log_survival


def voice(name: str, per_day: float, *, mix: tuple[float, ...] = MIX, patience: float = 1.0, **more: Any) -> Stream:
    """Calls of 300 s and 60 s of wrap-up on average over their mix of complexities."""
    work_s = more.pop("talk_s", CALL_S) / float(np.dot(mix, WORK_FACTOR))
    settings: dict[str, Any] = {"wrap_up_s": WRAP_UP_S, "patience": caller_patience(patience), **more}
    return Stream(name, per_day, float(rounded(work_s)), mix=mix, **settings)


def chat(name: str, per_day: float, *, mix: tuple[float, ...] = MIX, **more: Any) -> Stream:
    """Chats; queue patience of mean 180 s [E], turns of log-SD 0.7 [E], 20 s of wrap-up [E]."""
    settings = {"patience": exponential(180), "wrap_up_s": 20.0, "log_sd": 0.7, "channel": "chat", **more}
    return Stream(name, per_day, CHAT_TURN_S, mix=mix, **settings)


def messages(name: str, per_day: float, *, mix: tuple[float, ...] = MIX, **more: Any) -> Stream:
    """Messages, answered within hours; patience of mean 12 h [E], else like chat."""
    return chat(name, per_day, mix=mix, **{"patience": exponential(12 * 3600), "channel": "async", **more})


def conversations(**more: Any) -> Dialogue:
    """Three complexities on two phases [E], with turns and work as published (domain 2.2, 2.8)."""
    levels = np.array([0.15, 0.5, 0.85])  # [E]
    return Dialogue(COMPLEXITIES, level=levels, work_factor=WORK_FACTOR, turns_mean=TURNS, phases=2, **more)


def channels(*names: str) -> Channels:
    """The named ones of `CHANNELS`."""
    keys = {key for name in names for key in CHANNELS[name]}
    columns = {key: np.array([CHANNELS[name].get(key, 0.0) for name in names]) for key in sorted(keys)}
    return Channels(names, **columns)
