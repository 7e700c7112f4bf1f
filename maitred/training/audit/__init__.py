"""The degenerate-behaviour audit: DG-1 to DG-14 looked for in what a policy did, beside what a reference did.

`docs/audit.md` says what each detector sees, from when on it speaks, and what it does not see.
"""

from maitred.training.audit.finding import AuditError, Detector, Episode, Finding, Measured, Symptom
from maitred.training.audit.registry import ALPHA, DETECTORS, audit, audit_episodes, episodes_of, left_out
from maitred.training.audit.watching import Watched, watch

__all__ = [
    "ALPHA",
    "DETECTORS",
    "AuditError",
    "Detector",
    "Episode",
    "Finding",
    "Measured",
    "Symptom",
    "Watched",
    "audit",
    "audit_episodes",
    "episodes_of",
    "left_out",
    "watch",
]
