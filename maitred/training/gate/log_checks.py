"""What a log of real decisions answers: its contract, its support, its estimates, and the paired test."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from maitred.envs.decision import CANDIDATE_NAMES, CONTEXT_NAMES
from maitred.envs.objective import Objective
from maitred.serving.level import RETRAINED_LEVEL
from maitred.training.decision_log.check import check as check_log
from maitred.training.decision_log.provenance import check_log_disjoint, objective_of
from maitred.training.decision_log.schema import ACTIVE, EVALUATION
from maitred.training.frozen import FrozenSet
from maitred.training.gate.check import Check, State
from maitred.training.gate.contender import Contender, GateError
from maitred.training.gate.difference import EvidenceError
from maitred.training.gate.learned_from import learned_from
from maitred.training.gate.log_guards import log_guards_check
from maitred.training.gate.logged_pair import LoggedPair, read_pair
from maitred.training.gate.on_log import (
    AGREE,
    Sequential,
    by_day,
    disagreement,
    estimates,
    logged,
    predictions,
    sequential,
    terms,
)
from maitred.training.gate.same_check import relabelled_check
from maitred.training.gate.settings import Settings
from maitred.training.ope.support import MEAN_WEIGHT, NOISE, reasons_to_refuse, support

CONTRACT, ESTIMATES, FRESH, SUPPORT = 1, 3, 4, 6
CONTRACT_NAME, FRESH_NAME = "decision log", "fresh decisions"
BINS = 3  # of each feature that decisions are counted by
COUNTED = ("contacts_waiting", "agents_idle"), ("handle_s", "fit")

Floats = NDArray[np.float64]


def read_log(
    log: str, candidate: Contender, champion: Contender, sets: Sequence[FrozenSet], objective: Objective, most: int
) -> LoggedPair:
    """Read a log that is independent of the frozen sets and in terms of the objective.

    Raises:
        GateError: its rewards are in terms of other weights.
        OverlapError: it holds what a frozen set holds.
        DecisionLogError: it is none.
    """
    check_log_disjoint(log, sets)
    if not np.array_equal(objective_of(log).weights(), objective.weights()):
        raise GateError(f"{Path(log).name}: expected rewards in terms of the gate's objective, found other weights")
    return read_pair(log, candidate, champion, most)


def log_checks(log: str, pair: LoggedPair, candidate: Contender, settings: Settings, asked: float) -> list[Check]:
    """Every answer of a log; one that the candidate learned from is not asked any further.

    Args:
        log: the file.
        pair: what was read of it.
        candidate: whom it is to judge; of level 2 it cannot do without proof.
        settings: tolerances.
        asked: what the difference must exceed, money per decision.
    """
    if why := learned_from(candidate.training, log, pair.sha256):
        unasked = Check(FRESH, FRESH_NAME, State.NOT_RUN, "the log is no evidence of a policy that learned from it")
        return [Check(CONTRACT, CONTRACT_NAME, State.FAILED, why), unasked]
    q = predictions(pair, pair.reward, settings.seed)
    supported = support_check(pair, q)
    checks = [contract_check(log, pair, q), supported, known_check(pair, settings), fallback_check(pair, settings)]
    checks.append(estimates_check(pair, q, settings.clip))
    try:
        differ = by_day(terms(pair, q).terms, pair.episode)
        checks.append(relabelled_check("the log", differ, settings.relabelled, settings.seed))
        checks.append(log_guards_check(pair, settings))
        found = sequential(pair, settings, asked)
    except EvidenceError as error:
        return [*checks, Check(FRESH, FRESH_NAME, State.UNCLEAR, f"cannot tell: {error}")]
    return [*checks, fresh_check(found, candidate.level >= RETRAINED_LEVEL, pair)]


def contract_check(log: str, pair: LoggedPair, q: Floats) -> Check:
    """Whether rows are sound, chances are known and add up, and nothing illegal is taken."""
    faulty = check_log(log).faulty
    means = {who: support(one) for who, one in zip(("candidate", "champion"), logged(pair, q), strict=True)}
    low, high = MEAN_WEIGHT
    off = [
        f"mean weight of the {who} {s.mean_weight:.3f}, expected {low} to {high}"
        for who, s in means.items()
        if not low <= s.mean_weight <= high and abs(s.mean_weight - 1) > NOISE * s.mean_weight_error
    ]
    wrong = [f"{faulty} faulty rows"] * (faulty > 0) + ["a masked candidate is taken"] * (not pair.legal) + off
    sentence = "; ".join(wrong) or (
        f"{len(pair):,} decisions used of {pair.rows:,} rows; smallest propensity {pair.propensity.min():.3g}; "
        f"mean weights {means['candidate'].mean_weight:.3f} and {means['champion'].mean_weight:.3f}; no masked answer"
    )
    estimated = f"; {pair.estimated:.0%} of propensities were fitted to the log, which no bound accounts for"
    state = State.FAILED if faulty or not pair.legal else State.UNCLEAR if off or pair.estimated else State.PASSED
    figures: dict[str, Any] = {"rows": pair.rows, "decisions": len(pair), "faulty": faulty}
    figures["propensity_estimated"] = pair.estimated
    figures |= {who: asdict(s) for who, s in means.items()}
    return Check(CONTRACT, CONTRACT_NAME, state, sentence + estimated * (pair.estimated > 0), figures)


def support_check(pair: LoggedPair, q: Floats) -> Check:
    """Whether the weights of the candidate allow an estimate at all."""
    ours, _ = logged(pair, q)
    found = support(ours)
    refused = reasons_to_refuse(found)
    apart = float((np.abs(pair.candidate - pair.champion).sum(axis=1) / 2).mean())
    divergence = _divergence(pair.candidate, pair.behaviour)
    sentence = "; ".join(refused) or (
        f"effective sample size {found.effective:,.0f} of {found.decisions:,}, Pareto k {found.pareto_k:.2f}, largest "
        f"weight {found.largest_weight:.3g}, top 1 % of weights hold {found.top_share:.0%}"
    )
    sentence += f"; differs from the champion in {apart:.1%} of decisions; KL to the logged policy {divergence:.3g}"
    figures = asdict(found) | {"apart": apart, "divergence": divergence, "behaviour_known": pair.behaviour_known}
    state = State.UNCLEAR if refused else State.PASSED
    return Check(SUPPORT, "weights", state, ("cannot tell: " if refused else "") + sentence, figures)


def _divergence(candidate: Floats, behaviour: Floats) -> float:
    """Mean Kullback-Leibler divergence of the candidate from the logged policy, in nats; infinite without support."""
    with np.errstate(divide="ignore", invalid="ignore"):
        parts = np.where(candidate > 0, candidate * np.log(candidate / behaviour), 0.0)
    return float(parts.sum(axis=1).mean())


def known_check(pair: LoggedPair, settings: Settings) -> Check:
    """Whether what the candidate does was done often enough before (SPIBB: Laroche, Trichelair and Combes 2019)."""
    cell = cells(pair.features)
    rows = np.arange(len(pair))
    seen = np.bincount(cell[rows, pair.chosen], minlength=int(cell.max()) + 1)
    share = float((pair.candidate * (seen[cell] < settings.like)).sum(axis=1).mean())
    sentence = (
        f"{share:.1%} of the candidate's answers have fewer than {settings.like} logged decisions like them "
        f"(allowed {settings.unlike_most:.0%})"
    )
    state = State.PASSED if share <= settings.unlike_most else State.UNCLEAR
    return Check(SUPPORT, "answers like it", state, sentence, {"share": share})


def cells(features: NDArray[np.float32]) -> NDArray[np.int64]:
    """(n, K) int64, the kind of answer each candidate is: decision, action, how busy, how long and how fitting."""
    named = ["", *CONTEXT_NAMES, *CANDIDATE_NAMES]
    flags = [i for i, name in enumerate(named) if name.startswith(("kind_", "is_"))]
    code = features[:, :, flags].astype(np.int64) @ (1 << np.arange(len(flags)))
    cell = np.unique(code, return_inverse=True)[1].reshape(code.shape).astype(np.int64)
    for name in (name for part in COUNTED for name in part):
        values = features[:, :, named.index(name)]
        edges = np.unique(np.quantile(values, np.arange(1, BINS) / BINS))
        cell = cell * BINS + np.searchsorted(edges, values)
    return cell


def fallback_check(pair: LoggedPair, settings: Settings) -> Check:
    """Whether the logged decisions were the policy's own."""
    others = {mode: count for mode, count in pair.modes.items() if mode not in (ACTIVE, EVALUATION)}
    share = sum(others.values()) / max(pair.rows, 1)
    told = ", ".join(f"{mode} {count:,}" for mode, count in sorted(others.items())) or "none"
    sentence = f"{share:.1%} of rows by fallback or override (allowed {settings.fallback_most:.0%}): {told}"
    state = State.PASSED if share <= settings.fallback_most else State.UNCLEAR
    return Check(SUPPORT, "fallback", state, sentence, {"share": share, "modes": dict(pair.modes)})


def estimates_check(pair: LoggedPair, q: Floats, clip: float) -> Check:
    """Whether several estimators tell the same."""
    found = estimates(pair, q, clip)
    distance = disagreement(found)
    means = ", ".join(f"{one.name} {one.mean:+.3f} ± {one.error:.3f}" for one in found)
    sentence = f"{means}; largest disagreement {distance:.1f} standard errors (allowed {AGREE:g})"
    figures: dict[str, Any] = {"estimates": [asdict(one) for one in found], "disagreement": distance}
    state = State.PASSED if distance <= AGREE else State.UNCLEAR
    return Check(ESTIMATES, "estimators", state, sentence, figures)


def fresh_check(found: Sequential, needed: bool, pair: LoggedPair) -> Check:
    """Whether fresh decisions prove the candidate, or at least do not contradict it where proof is not needed."""
    if not found.found:
        sentence = f"{len(pair):,} decisions; the first of {len(found.rows)} looks is planned at {found.rows[0]:,}"
        return Check(FRESH, FRESH_NAME, State.UNCLEAR, sentence)
    now = found.found[-1]
    state = State.UNCLEAR if needed else State.PASSED
    words = "neither proven nor contradicted" + (", and level 2 needs proof" if needed else "")
    if found.proven:
        state, words = State.PASSED, "proven"
    elif found.contradicted:
        state, words = State.FAILED, "contradicted: shown to be worse than was asked"
    sentence = (
        f"{now.mean:+.4f} ± {now.error:.4f} money per decision on {now.rows:,} decisions, look {len(found.found)} of "
        f"{len(found.rows)}, asked above {found.asked:+g}: {words}; differences of {found.detectable():.3f} would show "
        f"with a chance of 80 %"
    )
    figures = {
        "mean": now.mean,
        "error": now.error,
        "rows_at": found.rows,
        "bounds": found.bounds,
        "z": found.z,
        "proven": found.proven,
        "contradicted": found.contradicted,
        "detectable": found.detectable(),
        "asked": found.asked,
    }
    return Check(FRESH, FRESH_NAME, state, sentence, figures)
