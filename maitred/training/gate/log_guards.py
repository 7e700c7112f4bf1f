"""Guard KPIs on a log: what the contacts of the decisions booked, term by term, candidate less champion.

A log is a blunter instrument than a frozen set: a guard within its tolerance is seldom shown to be. So here only harm
counts, corrected for the number of guards (Holm); its absence is shown on frozen sets.
"""

from __future__ import annotations

import numpy as np
from scipy.stats import norm

from maitred.envs.kernel.layout import Term
from maitred.training.gate.check import Check, State
from maitred.training.gate.difference import Pair, differences
from maitred.training.gate.guards import Guard, Guarded, Standing, watch
from maitred.training.gate.logged_pair import LoggedPair
from maitred.training.gate.on_log import clustered, predictions
from maitred.training.gate.settings import Settings
from maitred.training.wording import label

PART = 4
TERM_OF = {  # guard KPIs that a decision's own contact tells of, and whether more of the term is better
    "aht_s": (Term.FOCUS_S, False),
    "abandonment": (Term.ABANDONED, False),
    "deadline_met": (Term.DEADLINE_MISSED, False),
    "promise_kept": (Term.PROMISE_BROKEN, False),
    "fcr": (Term.RESOLVED, True),
    "transfer_rate": (Term.TRANSFERRED, False),
    "csat": (Term.CSAT, True),
    "churn_per_contact": (Term.CHURNED, False),
}


def log_guards(pair: LoggedPair, settings: Settings) -> list[Guarded]:
    """What the log says of every guard KPI whose term was booked.

    Raises:
        EvidenceError: a policy takes what the log never takes.
    """
    guards = []
    for name, (term, higher) in TERM_OF.items():
        booked = pair.terms[:, term]
        if name in settings.guards and np.isfinite(booked).all() and booked.any():
            outcome = booked if higher else -booked
            found = differences(
                Pair(pair.chosen, pair.behaviour, pair.candidate, pair.champion),
                outcome,
                predictions(pair, outcome, settings.seed),
            )
            tolerance = settings.guards[name].of(float(booked.mean()))
            guards.append(Guard(name, tolerance, clustered(found, pair.episode)))
    return watch(guards, float(norm.isf(settings.alpha)), settings.alpha) if guards else []


def log_guards_check(pair: LoggedPair, settings: Settings) -> Check:
    """Whether any guard KPI is shown worse than its tolerance."""
    guarded = log_guards(pair, settings)
    beyond = [label(one.guard.name) for one in guarded if one.standing is Standing.BEYOND]
    sentence = f"shown worse by more than tolerance: {', '.join(beyond)}" if beyond else (
        f"none of {len(guarded)} guard KPIs shown worse by more than its tolerance"
    )  # fmt: skip
    rows = [
        {"name": one.guard.name, "mean": one.guard.found.mean, "error": one.guard.found.error}
        | {"tolerance": one.guard.tolerance, "standing": one.standing, "harm": one.harm}
        for one in guarded
    ]
    return Check(PART, "guard KPIs on the log", State.FAILED if beyond else State.PASSED, sentence, {"terms": rows})
