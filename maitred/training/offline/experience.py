"""A decision log as learners use it: short lists of legal candidates, what was booked, and what came next."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TypeAlias

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from maitred.envs.decision import Decisions
from maitred.training.decision_log.arrow import to_numbers
from maitred.training.decision_log.read import as_logged, read_groups

Floats: TypeAlias = NDArray[np.float64]
Integers: TypeAlias = NDArray[np.int64]
Bools: TypeAlias = NDArray[np.bool_]

NOTHING = -1  # follows the last decision of an episode
NOBODY = -1  # whom an answer is about that is about no contact


class OfflineError(ValueError):
    """A log that a learner cannot learn from: what was expected and found."""


@dataclass(frozen=True, eq=False)
class ShortLists:
    """m decisions of up to L legal candidates, which stand first; lists of all lengths would mostly be empty.

    Attributes:
        row: (m,) int64, place in the log.
        context: (m, C) float32.
        candidates: (m, L, F) float32, 0 beyond the list.
        mask: (m, L) bool.
        chosen: (m,) int64, place in the short list.
    """

    row: Integers
    context: NDArray[np.float32]
    candidates: NDArray[np.float32]
    mask: Bools
    chosen: Integers


@dataclass(frozen=True, eq=False)
class Experience:
    """n decisions in the order of the log.

    Attributes:
        lists: the decisions, by length of list: up to 2, 4, 8 and so on.
        propensity: (n,) float64 in (0, 1], NaN where it is not known.
        propensity_estimated: any of them were fitted to a log.
        reward: (n,) float64, money booked by the decision's contact from then on; 0 where it is about no contact.
        known: (n,) bool, whether the reward is there and will not change.
        step_reward: (n,) float64, money booked in the center until the episode's next decision; NaN where not known.
        step_s: (n,) float64, seconds until then; NaN where not known.
        following: (n,) int64, row of the episode's next decision, `NOTHING` after its last.
        episode: (n,) int64, episodes counted from 0.
        contact: (n,) int64, number of the contact that the answer is about, or `NOBODY`.
        at_s: (n,) float64, seconds since the episode's first decision, never falling.
        closed_s: (n,) float64, seconds from the decision to the end of its contact; NaN where not known.
    """

    lists: tuple[ShortLists, ...]
    propensity: Floats
    propensity_estimated: bool
    reward: Floats
    known: Bools
    step_reward: Floats
    step_s: Floats
    following: Integers
    episode: Integers
    contact: Integers
    at_s: Floats
    closed_s: Floats

    def __len__(self) -> int:
        """Number of decisions n."""
        return len(self.propensity)


def read_experience(path: str | Path) -> Experience:
    """The decisions of a log, read row group by row group.

    Raises:
        DecisionLogError: it is no decision log.
        OfflineError: it has no decisions, or its episodes lie in pieces.
    """
    parts = [_part(rows) for rows in read_groups(path) if rows.num_rows]
    if not parts:
        raise OfflineError(f"{path}: expected decisions, found none")
    first = np.cumsum([0, *(len(part.chosen) for part in parts)])
    names, episode = np.unique(np.concatenate([part.episode for part in parts]), return_inverse=True)
    begins = np.append(True, episode[1:] != episode[:-1])
    if begins.sum() > len(names):
        raise OfflineError(f"{path}: expected the rows of an episode together, found some in {begins.sum()} pieces")
    episode = np.cumsum(begins) - 1
    at_s = np.concatenate([part.time_s for part in parts])
    at_s -= at_s[np.flatnonzero(begins)][episode]
    if (disorder := np.flatnonzero((np.diff(at_s) < 0) & ~begins[1:])).size:
        raise OfflineError(
            f"{path}, row {disorder[0] + 1}: expected a time after that of the row before, found one before"
        )
    numbers = {
        name: np.concatenate([getattr(part, name) for part in parts])
        for name in ("propensity", "reward", "known", "step_reward", "step_s", "closed_s")
    }
    return Experience(
        lists=_by_length(parts, first),
        propensity_estimated=any(part.estimated for part in parts),
        following=np.where(np.append(begins[1:], True), NOTHING, np.arange(1, len(episode) + 1)),
        episode=episode,
        contact=_numbered(np.concatenate([part.contact for part in parts])),
        at_s=at_s,
        **numbers,
    )


@dataclass(frozen=True, eq=False)
class _Part:
    """One row group."""

    decisions: Decisions
    chosen: Integers
    propensity: Floats
    estimated: bool
    reward: Floats
    known: Bools
    step_reward: Floats
    step_s: Floats
    episode: NDArray[np.str_]
    contact: NDArray[np.str_]
    time_s: Floats
    closed_s: Floats


def _part(rows: pa.Table) -> _Part:
    logged = as_logged(rows)
    decisions, chosen = _legal_first(logged.decisions, logged.chosen)
    return _Part(
        decisions,
        chosen,
        logged.propensity,
        bool(logged.estimated.any()),
        np.where(logged.about_none, 0.0, logged.reward),
        logged.about_none | logged.complete,
        logged.step_reward,
        logged.step_s,
        logged.episode,
        np.asarray(pc.fill_null(rows["contact_id"], "").to_numpy(), np.str_),
        to_numbers(pc.cast(rows["time"], pa.int64())) / 1e6,
        to_numbers(pc.struct_field(rows["events"], "closed_s")),
    )


def _numbered(names: NDArray[np.str_]) -> Integers:
    """(n,) a number for each name, `NOBODY` for none."""
    _, number = np.unique(names, return_inverse=True)
    return np.where(names == "", NOBODY, number)


def _legal_first(decisions: Decisions, chosen: Integers) -> tuple[Decisions, Integers]:
    """The same decisions, illegal candidates at the end, and the places that the chosen then have."""
    order = np.argsort(~decisions.mask, axis=1, kind="stable")
    mask = np.take_along_axis(decisions.mask, order, axis=1)
    candidates = np.take_along_axis(decisions.candidates, order[:, :, None], axis=1) * mask[:, :, None]
    return Decisions(decisions.key, decisions.context, candidates, mask), (order == chosen[:, None]).argmax(axis=1)


def _by_length(parts: Sequence[_Part], first: Integers) -> tuple[ShortLists, ...]:
    longest = max(int(part.decisions.mask.sum(axis=1).max()) for part in parts)
    lengths = [2**i for i in range(1, max(2, int(np.ceil(np.log2(longest))) + 1))]
    found = (_of_length(parts, first, shorter, length) for shorter, length in zip([0, *lengths], lengths, strict=False))
    return tuple(lists for lists in found if len(lists.row))


def _of_length(parts: Sequence[_Part], first: Integers, shorter: int, length: int) -> ShortLists:
    """The decisions of more than `shorter` and up to `length` candidates."""
    pieces = list(_pieces(parts, first, shorter, length))
    return ShortLists(*(np.concatenate([getattr(piece, name) for piece in pieces]) for name in _FIELDS))


_FIELDS = tuple(ShortLists.__dataclass_fields__)


def _pieces(parts: Sequence[_Part], first: Integers, shorter: int, length: int) -> Iterator[ShortLists]:
    for part, begin in zip(parts, first, strict=False):
        d, count = part.decisions, part.decisions.mask.sum(axis=1)
        rows = np.flatnonzero((count > shorter) & (count <= length))
        empty = max(0, length - d.mask.shape[1])
        mask = np.pad(d.mask[rows, :length], ((0, 0), (0, empty)))
        candidates = np.pad(d.candidates[rows, :length], ((0, 0), (0, empty), (0, 0)))
        yield ShortLists(begin + rows, d.context[rows], candidates, mask, part.chosen[rows])
