"""Reading a decision log, one row group at a time."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, fields
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq
from numpy.typing import NDArray

from maitred.envs.decision import CANDIDATE_NAMES, Decisions
from maitred.training.decision_log import arrow
from maitred.training.decision_log.personal import refuse_personal_names
from maitred.training.decision_log.schema import COMPLETE, SCHEMA, VERSION, VERSION_KEY, DecisionLogError

Floats = NDArray[np.float64]
Bools = NDArray[np.bool_]


@dataclass(frozen=True, eq=False)
class Logged:
    """Rows of a decision log as arrays.

    Attributes:
        decisions: (B,) what was to be decided, among K places.
        chosen: (B,) int64, place that was taken.
        propensity: (B,) float64 in (0, 1], NaN where it is not known.
        estimated: (B,) bool, where the propensity was fitted to a log.
        reward: (B,) float64, money; NaN where there is none yet.
        complete: (B,) bool, where the reward will not change.
        about_none: (B,) bool, answers that are about no contact, as when an agent stays free; they have no reward.
        terms: (B, len(Term)) float64, what the rewards are made of; NaN where not known.
        episode: (B,) str, the day it belongs to; empty where there is none.
        step: (B,) int64, decisions of the episode before it; -1 where there is none.
        episode_end: (B,) bool, last decisions of their episodes.
        step_reward: (B,) float64, money booked in the center until the episode's next decision; NaN where not known.
        step_s: (B,) float64, seconds until then; NaN where not known.
    """

    decisions: Decisions
    chosen: NDArray[np.int64]
    propensity: Floats
    estimated: Bools
    reward: Floats
    complete: Bools
    about_none: Bools
    terms: Floats
    episode: NDArray[np.str_]
    step: NDArray[np.int64]
    episode_end: Bools
    step_reward: Floats
    step_s: Floats

    def __len__(self) -> int:
        """Number of decisions B."""
        return len(self.chosen)

    @property
    def earned(self) -> Floats:
        """(B,) float64, money that will not change: 0 of answers about no contact, NaN where more may come."""
        return np.where(self.about_none, 0.0, np.where(self.complete, self.reward, np.nan))

    def only(self, rows: NDArray[np.int64] | Bools) -> Logged:
        """Some rows (m,) of these."""
        own = {f.name: getattr(self, f.name)[rows] for f in fields(self) if f.name != "decisions"}
        return Logged(self.decisions[rows], **own)


def open_log(path: str | Path) -> pq.ParquetFile:
    """Open a log whose columns and features are those of this version.

    Raises:
        DecisionLogError: no decision log, one of another version or of other features, or a column is missing.
        PersonalDataError: it has a column that looks like personal data.
    """
    try:
        file = pq.ParquetFile(path)
    except (pa.ArrowInvalid, OSError) as error:
        raise DecisionLogError(f"{path}: not a decision log: {error}") from error
    schema = file.schema_arrow
    refuse_personal_names(schema.names, str(path))
    for key, expected in SCHEMA.metadata.items():
        if (found := (schema.metadata or {}).get(key, b"none")) != expected:
            what = f"version {VERSION}" if key == VERSION_KEY else "the features of this version"
            raise DecisionLogError(f"{path}: {key.decode()}: expected {what}, found {found.decode()[:80]}")
    for field in SCHEMA:
        if field.name not in schema.names or schema.field(field.name).type != field.type:
            found_type = schema.field(field.name).type if field.name in schema.names else "no such column"
            raise DecisionLogError(f"{path}: field {field.name}: expected {field.type}, found {found_type}")
    return file


def read_groups(path: str | Path, columns: Sequence[str] | None = None) -> Iterator[pa.Table]:
    """Yield each row group, or the named columns of it, as a table; holds one at a time.

    Raises:
        DecisionLogError: as `open_log`.
    """
    with open_log(path) as file:
        for group in range(file.num_row_groups):
            yield file.read_row_group(group, columns=columns, use_threads=False)


def as_logged(rows: pa.Table, places: int | None = None) -> Logged:
    """Rows of a log (SCHEMA's columns) as arrays.

    Args:
        rows: B of them.
        places: candidate places K; as many as the longest row has if not given.

    Raises:
        DecisionLogError: a row has more candidates than that.
    """
    return Logged(
        decisions=decisions_of(rows, places),
        chosen=rows["chosen"].to_numpy().astype(np.int64),
        propensity=arrow.to_numbers(rows["propensity"]),
        estimated=rows["propensity_estimated"].to_numpy(),
        reward=arrow.to_numbers(rows["reward"]),
        complete=_booleans(pc.equal(rows["outcome"], COMPLETE)),
        about_none=pc.is_null(rows["outcome"]).to_numpy(),
        terms=_terms(rows),
        episode=np.asarray(pc.fill_null(rows["episode_id"], "").to_numpy(), np.str_),
        step=pc.fill_null(rows["step"], -1).to_numpy().astype(np.int64),
        episode_end=_booleans(rows["episode_end"]),
        step_reward=arrow.to_numbers(rows["step_reward"]),
        step_s=arrow.to_numbers(rows["step_s"]),
    )


def decisions_of(rows: pa.Table, places: int | None = None) -> Decisions:
    """The decisions (B,) themselves, of the columns key, context, candidates and mask; raises as `as_logged`."""
    candidates, mask = arrow.one_array(rows["candidates"]), arrow.one_array(rows["mask"])
    count = arrow.lengths(candidates)
    most = int(count.max(initial=1))
    if places is not None and most > places:
        raise DecisionLogError(f"field candidates: expected at most {places}, found a decision between {most}")
    real = np.arange(places or most) < count[:, None]
    padded = np.zeros((*real.shape, len(CANDIDATE_NAMES)), np.float32)
    padded[real] = arrow.to_vectors(candidates.flatten())
    legal = np.zeros(real.shape, np.bool_)
    legal[real] = mask.flatten().to_numpy(zero_copy_only=False)
    context = arrow.to_vectors(arrow.one_array(rows["context"]))
    return Decisions(rows["key"].to_numpy(), context, padded, legal)


def _terms(rows: pa.Table) -> Floats:
    column = rows["terms"]
    names = [field.name for field in column.type]
    return np.stack([arrow.to_numbers(pc.struct_field(column, name)) for name in names], axis=1)


def _booleans(column: pa.ChunkedArray) -> Bools:
    return np.asarray(pc.fill_null(column, False).to_numpy(), np.bool_)
