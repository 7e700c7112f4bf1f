"""What tells an anomaly from ordinary contacts, as data: explains it, counts it, finds it in the past (AN-1)."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from maitred.training.drift.contacts import Contacts, features
from maitred.training.drift.logistic import fit_logistic
from maitred.whole_file import whole_file

VERSION = 1
RIDGE = 2.0
FALSE_SHARE = 0.01  # of ordinary contacts that score above the threshold


class DetectorError(ValueError):
    """A file that is no detector: what was expected and found."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Detector:
    """A linear score of contacts.

    Attributes:
        words: (V,) weight of each word, log odds.
        intents: (I,) weight of each intent.
        threshold: contacts that score above count as the anomaly's.
        false_share: share of ordinary contacts that score above it as well.
    """

    words: tuple[float, ...]
    intents: tuple[float, ...]
    threshold: float
    false_share: float

    def matches(self, contacts: Contacts) -> NDArray[np.bool_]:
        """(N,) bool, contacts that look like the anomaly's."""
        x = features(contacts, len(self.words), len(self.intents))
        found: NDArray[np.bool_] = x @ np.array(self.words + self.intents) > self.threshold
        return found

    def top_words(self, count: int) -> list[int]:
        """The words that speak most for the anomaly, the first the most."""
        return [int(word) for word in np.argsort(np.array(self.words))[::-1][:count]]

    def affected(self, contacts: Contacts) -> float:
        """How many of some contacts are the anomaly's, those that ordinary contacts would add taken off."""
        return max(float(self.matches(contacts).sum()) - self.false_share * len(contacts), 0.0)


def fit_detector(now: Contacts, before: Contacts, vocabulary: int, intents: int) -> Detector:
    """Learn what tells contacts of now from those before; both at least one."""
    x, y = features(now, vocabulary, intents), features(before, vocabulary, intents)
    label = np.arange(len(x) + len(y)) < len(x)
    beta, _ = fit_logistic(np.vstack([x, y]), label, RIDGE)
    ordinary = y @ beta
    threshold = float(np.quantile(ordinary, 1 - FALSE_SHARE))
    return Detector(
        words=tuple(beta[:vocabulary].tolist()),
        intents=tuple(beta[vocabulary:].tolist()),
        threshold=threshold,
        false_share=float((ordinary > threshold).mean()),
    )


def back_count(detector: Detector, contacts: Contacts, bin_s: float = 3600.0) -> NDArray[np.float64]:
    """How many of the contacts of each bin of a past day are the anomaly's, as a share.

    Args:
        detector: of the anomaly.
        contacts: of a day.
        bin_s: width of a bin, seconds.

    Returns:
        (86400 / bin_s,) float64, the share that matches beyond the share of ordinary contacts that does; 0 in empty
        bins.
    """
    bins = np.arange(0, 86_400 + bin_s, bin_s)
    matched, came = (np.histogram(s, bins)[0] for s in (contacts.s[detector.matches(contacts)], contacts.s))
    share: NDArray[np.float64] = (matched / np.maximum(came, 1) - detector.false_share) * (came > 0)
    return share


def save_detector(detector: Detector, path: str | Path) -> None:
    """Write it as JSON; the file appears whole."""
    content: dict[str, Any] = {"detector_version": VERSION}
    content |= {name: getattr(detector, name) for name in Detector.__slots__}
    with whole_file(Path(path)) as temporary:
        temporary.write_text(json.dumps(content, indent=1, allow_nan=False) + "\n", encoding="utf-8")


def load_detector(path: str | Path) -> Detector:
    """Read a saved detector.

    Raises:
        DetectorError: it is not one.
    """
    name = Path(path).name
    try:
        content = json.loads(Path(path).read_text(encoding="utf-8"))
        version = content.pop("detector_version")
        words, intents = (tuple(map(float, content.pop(key))) for key in ("words", "intents"))
        threshold, false_share = (float(content.pop(key)) for key in ("threshold", "false_share"))
    except (OSError, ValueError, TypeError, KeyError, AttributeError) as error:
        raise DetectorError(f"{name}: expected a detector in JSON, found {error!r}") from error
    if version != VERSION or content:
        raise DetectorError(f"{name}: detector_version: expected {VERSION} and no other field, found {version}")
    return Detector(words=words, intents=intents, threshold=threshold, false_share=false_share)
