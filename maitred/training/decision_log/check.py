"""Checking a decision log: what is wrong with which rows, and what the rest can be used for."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Callable
from contextlib import ExitStack
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray
from rich.table import Table

from maitred.training.decision_log import arrow
from maitred.training.decision_log.order import Clocks, occurs_once, repeated_ids
from maitred.training.decision_log.personal import refuse_personal_values
from maitred.training.decision_log.read import open_log, read_groups
from maitred.training.decision_log.rules import Rule, rules
from maitred.training.decision_log.schema import OPEN, OUTCOMES
from maitred.training.decision_log.stability import MOVED, Moved, moved_features
from maitred.training.decision_log.write import log_writer

Bools = NDArray[np.bool_]
Append = Callable[[pa.Table], None]

SHOWN = 5  # features in the table


@dataclass
class Evenness:
    """Mean of 1 / (propensity x legal candidates) over known propensities below 1, with its standard error.

    Its expectation is the share of the legal candidates that have a chance at all: 1 under exploration with a floor,
    and never more, whatever the policy. (The weights of an A/A test in which everybody is equally likely.)
    """

    n: int = 0
    total: float = 0.0
    squares: float = 0.0

    def add(self, weights: NDArray[np.float64]) -> None:
        """Count (n,) more weights in."""
        self.n += len(weights)
        self.total += float(weights.sum())
        self.squares += float((weights**2).sum())

    @property
    def mean(self) -> float:
        """The mean; NaN of none."""
        return self.total / self.n if self.n else math.nan

    @property
    def standard_error(self) -> float:
        """Of the mean; NaN of fewer than two."""
        if self.n < 2:
            return math.nan
        return math.sqrt(max(self.squares / self.n - self.mean**2, 0.0) / (self.n - 1))


@dataclass
class Checked:
    """What was found in a log; counts are of rows.

    Attributes:
        rows: of the log.
        faults: rows that break a rule, by field and rule; a row may break several.
        faulty: rows with at least one fault.
        kinds: sound rows by kind.
        outcomes: sound rows about a contact, by kind and outcome.
        propensities: rows with a propensity that is known, estimated or missing.
        least: the smallest propensity; infinite where there is none.
        evenness: see there.
        policies: rows by policy.
        gaps: rows before which decisions of their episode are missing.
        strangers: policies that the reference does not have.
        moved: features by how far they have moved from the reference, the farthest first.
    """

    rows: int = 0
    faults: Counter[str] = field(default_factory=Counter)
    faulty: int = 0
    kinds: Counter[str] = field(default_factory=Counter)
    outcomes: Counter[tuple[str, str]] = field(default_factory=Counter)
    propensities: Counter[str] = field(default_factory=Counter)
    least: float = math.inf
    evenness: Evenness = field(default_factory=Evenness)
    policies: Counter[str] = field(default_factory=Counter)
    gaps: int = 0
    strangers: tuple[str, ...] = ()
    moved: tuple[Moved, ...] = ()

    @property
    def drifted(self) -> tuple[Moved, ...]:
        """Features that have moved far."""
        return tuple(moved for moved in self.moved if moved.distance > MOVED)


def check(log: str | Path, reference: str | Path | None = None, out: str | Path | None = None) -> Checked:
    """Check every row of a log, and the log as a whole.

    Args:
        log: decision log.
        reference: log to compare features and policies with.
        out: log to write the sound rows to; the others go to `out`.quarantine.parquet, with their reasons.

    Raises:
        DecisionLogError: one of them is no decision log.
        PersonalDataError: a column or a value looks like personal data; nothing is written.
    """
    found = Checked()
    scratch = Path(out or log).absolute().parent
    repeated = repeated_ids(
        (pc.fill_null(group["decision_id"], "").to_pylist() for group in read_groups(log, ["decision_id"])), scratch
    )
    clocks = Clocks()
    with ExitStack() as stack:
        sound, faulty = _writers(stack, log, out) if out is not None else (None, None)
        for group in read_groups(log):
            refuse_personal_values(group, str(log))
            kept = [*rules(group), occurs_once(group, repeated), *clocks.run_forward(group)]
            good = np.logical_and.reduce([rule.holds for rule in kept])
            _count_faults(found, kept, good)
            _count(found, group.filter(pa.array(good)))
            if sound is not None and faulty is not None:
                sound(group.filter(pa.array(good)))
                faulty(_with_reasons(group, kept, good))
    found.gaps = clocks.gaps
    if reference is not None:
        known = {name for group in read_groups(reference, ["policy_id"]) for name in group["policy_id"].to_pylist()}
        found.strangers = tuple(sorted(set(found.policies) - known))
        found.moved = tuple(moved_features(log, reference))
    return found


def quarantine_of(out: str | Path) -> Path:
    """Where faulty rows go."""
    return Path(out).with_name(Path(out).name + ".quarantine.parquet")


def _writers(stack: ExitStack, log: str | Path, out: str | Path) -> tuple[Append, Append]:
    """What appends sound rows to the new log, and what appends faulty ones to its quarantine."""
    with open_log(log) as file:
        schema = file.schema_arrow
    lenient = [pa.field(column.name, column.type, True, column.metadata) for column in schema]
    reasons = pa.field("reasons", pa.list_(pa.string()), metadata={"meaning": "field and rule, of each that it breaks"})
    return (
        stack.enter_context(log_writer(out, schema)),
        stack.enter_context(log_writer(quarantine_of(out), pa.schema([*lenient, reasons], schema.metadata))),
    )


def _with_reasons(group: pa.Table, kept: list[Rule], good: Bools) -> pa.Table:
    faulty = np.flatnonzero(~good)
    reasons = [[_text(rule) for rule in kept if not rule.holds[row]] for row in faulty]
    return group.take(faulty).append_column("reasons", pa.array(reasons, pa.list_(pa.string())))


def _text(rule: Rule) -> str:
    return f"{rule.field}: expected {rule.expected}"


def _count_faults(found: Checked, kept: list[Rule], good: Bools) -> None:
    found.rows += len(good)
    found.faulty += int((~good).sum())
    for rule in kept:
        if not rule.holds.all():
            found.faults[_text(rule)] += int((~rule.holds).sum())


def _count(found: Checked, sound: pa.Table) -> None:
    """Count what sound rows can be used for."""
    about = sound.filter(pc.is_valid(sound["contact_id"]))
    kinds, outcomes = about["kind"].to_pylist(), pc.fill_null(about["outcome"], OPEN).to_pylist()
    found.kinds.update(sound["kind"].to_pylist())
    found.outcomes.update(zip(kinds, outcomes, strict=True))
    found.policies.update(sound["policy_id"].to_pylist())
    propensity, estimated = arrow.to_numbers(sound["propensity"]), sound["propensity_estimated"].to_numpy()
    missing = np.isnan(propensity)
    found.propensities.update(
        {"known": int((~missing & ~estimated).sum()), "estimated": int(estimated.sum()), "missing": int(missing.sum())}
    )
    found.least = min(found.least, float(np.nanmin(propensity, initial=math.inf)))
    mask = arrow.one_array(sound["mask"])
    legal = np.bincount(
        np.repeat(np.arange(len(mask)), arrow.lengths(mask)), mask.flatten().to_numpy(zero_copy_only=False), len(mask)
    )
    drawn = (propensity < 1) & ~estimated
    found.evenness.add(1 / (propensity[drawn] * legal[drawn]))


def checked_table(checked: Checked) -> Table:
    """What was found, to print."""
    table = Table("", "", "", title="Decision log")
    table.columns[2].justify = "right"
    table.add_row("rows", "", f"{checked.rows:,}")
    table.add_row("", "faulty", f"{checked.faulty:,}")
    for fault, count in sorted(checked.faults.items()):
        table.add_row("", f"  {fault}", f"{count:,}")
    table.add_section()
    for kind, rows in sorted(checked.kinds.items()):
        table.add_row("outcomes", f"{kind}: {rows:,} rows", _covered(checked, kind))
    table.add_section()
    for what, count in checked.propensities.items():
        table.add_row("propensity", what, f"{count:,}")
    if checked.least <= 1:
        table.add_row("", "smallest", f"{checked.least:.3g}")
    if checked.evenness.n > 1:
        error = 1.96 * checked.evenness.standard_error
        table.add_row("", "mean of 1 / (propensity x candidates)", f"{checked.evenness.mean:.3f} ± {error:.3f}")
    table.add_section()
    for policy, count in sorted(checked.policies.items()):
        new = " (not in the reference)" if policy in checked.strangers else ""
        table.add_row("policy", f"{policy}{new}", f"{count:,}")
    if checked.gaps:
        table.add_row("gaps", "rows whose step does not follow", f"{checked.gaps:,}")
    for moved in checked.moved[:SHOWN]:
        far = " (moved)" if moved.distance > MOVED else ""
        table.add_row("drift", f"{moved.feature}{far}", f"{moved.distance:.3f}")
    return table


def _covered(checked: Checked, kind: str) -> str:
    """Shares of the rows about a contact by outcome."""
    about = {outcome: checked.outcomes[kind, outcome] for outcome in OUTCOMES}
    total = sum(about.values())
    if not total:
        return "about no contact"
    return ", ".join(f"{count / total:.1%} {outcome}" for outcome, count in about.items() if count)
