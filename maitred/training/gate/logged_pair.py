"""A decision log as the gate reads it: what was decided, and what candidate and champion would have done."""

from __future__ import annotations

import hashlib
from collections import Counter
from dataclasses import dataclass, fields, replace
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from maitred.envs.decision import Kind
from maitred.training.decision_log import arrow
from maitred.training.decision_log.read import Logged, as_logged, read_groups
from maitred.training.decision_log.schema import ACTIVE
from maitred.training.gate.contender import Contender, probabilities
from maitred.training.gate.difference import EvidenceError
from maitred.training.ope.reward_model import joined

LEAST_ROWS = 200
SAME = 1e-6  # two probabilities
ABOUT_CONTACTS = (Kind.ROUTE, Kind.PULL, Kind.REASSESS)  # no answer of another kind has an outcome of its own

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]


@dataclass(frozen=True, eq=False)
class LoggedPair:
    """n decisions of a log, in its order, with the chances of each place under three policies.

    Only decisions that can tell something: who takes whom, taken by the policy itself, between two legal candidates or
    more, with a known chance and a complete outcome. An answer that is about no contact, as when an agent stays free,
    has earned and booked nothing: to leave it out would be to choose decisions by what was done.

    Attributes:
        reward: (n,) float64, money; 0 of answers about no contact.
        terms: (n, len(Term)) float64, what the rewards are made of; NaN where a log does not tell.
        chosen: (n,) int64, place that was taken.
        propensity: (n,) float64, its chance.
        candidate: (n, K) float64, chances under the candidate; 0 where masked.
        champion: (n, K) float64, under the champion.
        behaviour: (n, K) float64, under the policy that was logged.
        behaviour_known: whether those are its own, or the rest of each propensity spread evenly.
        features: (n, K, F) float32, context and candidate side by side.
        episode: (n,) int64, the day each belongs to.
        estimated: share of propensities that were fitted.
        legal: whether both policies only ever take what is legal.
        modes: rows of the whole log by mode.
        rows: of the whole log.
        sha256: of the file.
    """

    reward: Floats
    terms: Floats
    chosen: Ints
    propensity: Floats
    candidate: Floats
    champion: Floats
    behaviour: Floats
    behaviour_known: bool
    features: NDArray[np.float32]
    episode: Ints
    estimated: float
    legal: bool
    modes: Counter[str]
    rows: int
    sha256: str

    def __len__(self) -> int:
        """Decisions n."""
        return len(self.reward)

    def rows_of(self, first: int, last: int) -> LoggedPair:
        """The decisions from `first` to before `last`."""
        own = {f.name: getattr(self, f.name) for f in fields(self)}
        cut: dict[str, Any] = {k: v[first:last] for k, v in own.items() if isinstance(v, np.ndarray)}
        return replace(self, **cut)


@dataclass(frozen=True, eq=False)
class _Part:
    """The usable rows of one row group, and the chances of each place under candidate and champion."""

    logged: Logged
    candidate: Floats
    champion: Floats


def read_pair(log: str | Path, candidate: Contender, champion: Contender, most: int) -> LoggedPair:
    """Read the first `most` usable decisions of a log.

    Raises:
        DecisionLogError: no decision log.
        EvidenceError: fewer than `LEAST_ROWS` usable decisions.
        GateError: a policy whose chances are not known.
    """
    places, parts, modes, rows, usable = _most_places(log), [], Counter[str](), 0, 0
    for group in read_groups(log):
        rows += group.num_rows
        modes.update(group["mode"].to_pylist())
        if usable < most:
            parts.append(_part(group, places, candidate, champion, most - usable))
            usable += len(parts[-1].logged)
    if usable < LEAST_ROWS:
        raise EvidenceError(f"{Path(log).name}: expected at least {LEAST_ROWS} usable decisions, found {usable}")
    return _pair(parts, modes, rows, _sha256(Path(log)))


def _most_places(log: str | Path) -> int:
    counts = (arrow.lengths(arrow.one_array(group["mask"])).max(initial=1) for group in read_groups(log, ["mask"]))
    return int(max(counts, default=1))


def _part(group: pa.Table, places: int, candidate: Contender, champion: Contender, most: int) -> _Part:
    group = group.filter(pc.equal(group["mode"], ACTIVE))
    logged = as_logged(group, places)
    known = np.isfinite(logged.earned) & np.isfinite(logged.propensity) & np.isin(logged.decisions.kind, ABOUT_CONTACTS)
    used = logged.only(np.flatnonzero(known & (logged.decisions.mask.sum(axis=1) > 1))[:most])
    return _Part(used, probabilities(candidate, used.decisions), probabilities(champion, used.decisions))


def _pair(parts: list[_Part], modes: Counter[str], rows: int, sha256: str) -> LoggedPair:
    def together(name: str) -> Any:
        return np.concatenate([getattr(part.logged, name) for part in parts])

    mask = np.concatenate([part.logged.decisions.mask for part in parts])
    ours = np.concatenate([part.candidate for part in parts])
    theirs = np.concatenate([part.champion for part in parts])
    chosen, propensity = together("chosen"), together("propensity")
    behaviour, known = behaviour_of(theirs, mask, chosen, propensity)
    features = [joined(part.logged.decisions.context, part.logged.decisions.candidates) for part in parts]
    return LoggedPair(
        reward=together("earned"),
        terms=np.where(together("about_none")[:, None], 0.0, together("terms")),
        chosen=chosen,
        propensity=propensity,
        candidate=ours,
        champion=theirs,
        behaviour=behaviour,
        behaviour_known=known,
        features=np.concatenate(features).astype(np.float32),
        episode=np.unique(together("episode"), return_inverse=True)[1],
        estimated=float(together("estimated").mean()),
        legal=not (ours[~mask].any() or theirs[~mask].any()),
        modes=modes,
        rows=rows,
        sha256=sha256,
    )


def behaviour_of(champion: Floats, mask: NDArray[np.bool_], chosen: Ints, propensity: Floats) -> tuple[Floats, bool]:
    """The chances of all places under the logged policy, of which a log keeps only that of the chosen one.

    Known where the log is the champion's own, or the champion's with a floor of exploration that is the same in every
    row (`agents.exploring`). Otherwise the rest of each propensity is spread evenly over the other legal places.

    Args:
        champion: (n, K) float64, its own chances.
        mask: (n, K) bool, which places are legal.
        chosen: (n,) int64.
        propensity: (n,) float64.

    Returns:
        (n, K) float64 chances, and whether they are known.
    """
    rows, legal = np.arange(len(chosen)), mask.sum(axis=1)
    own = champion[rows, chosen]
    if np.abs(own - propensity).max() <= SAME:
        return champion, True
    with np.errstate(divide="ignore", invalid="ignore"):
        floor = (propensity - own) / (1 / legal - own)
    spread = mask / legal[:, None]
    typical = float(np.median(floor))
    mixed: Floats = typical * spread + (1 - typical) * champion
    if 0 < typical <= 1 and np.abs(mixed[rows, chosen] - propensity).max() <= SAME:
        return mixed, True
    rest = np.maximum(1 - propensity, 0) / (legal - 1)
    guessed = np.where(mask, rest[:, None], 0.0)
    guessed[rows, chosen] = propensity
    return guessed, False


def _sha256(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
