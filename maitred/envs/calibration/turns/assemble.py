"""From the fits of a turn log to a scenario, rounded to the digits that they support."""

from __future__ import annotations

import numpy as np

from maitred.envs.blocks import Bots, Channels, Concurrency, Customers, Deferral, Dialogue, Handoff, People, Reassess
from maitred.envs.calibration.assemble import opening_hours, shares, significant, staffing_section
from maitred.envs.calibration.assumptions import COST_PER_MIN, RESOLVE_P
from maitred.envs.calibration.log_arrays import PERIOD_S, PERIODS
from maitred.envs.calibration.service import SHORT_S
from maitred.envs.calibration.turns.estimates import Estimates
from maitred.envs.calibration.turns.fits import TurnCalibration, channel_of_types
from maitred.envs.calibration.turns.learning import unlearned
from maitred.envs.scenario import (
    Agents,
    Arrivals,
    ContactTypes,
    Floats,
    Patience,
    Returns,
    Routing,
    Scenario,
    Service,
)

LEVELS_OF_COMPLEXITY = (0.15, 0.85)  # places of the simplest and the most complex class on the axis (CT-1)


def assemble(name: str, fits: TurnCalibration, head_start_s: float, provenance: dict[str, str]) -> Scenario:
    """Put the fits together; blocks that the log says nothing of stay switched off."""
    log, f = fits.log, fits.arrivals
    shifts = staffing_section(fits.staffing)
    return Scenario(
        name=name,
        description=f"A center as its turn log of {provenance['first_day']} to {provenance['last_day']} shows it.",
        days=1,
        types=ContactTypes(log.types, shares(fits.priority_share), np.array([0.0, head_start_s])),
        arrivals=Arrivals(
            period_s=PERIOD_S,
            rate_per_h=opening_hours(significant(f.rate_per_h), shifts),
            day_type_of_weekday=f.day_type_of_weekday,
            day_type_names=f.day_type_names,
            day_factor_cv=float(significant(f.day_factor_cv.value)),
            period_factor_cv=float(significant(f.period_factor_cv.value)),
            period_factor_ar1=float(significant(f.period_factor_ar1.value)),
        ),
        agents=agents_section(fits),
        service=Service(
            distribution="lognormal",
            log_sd=significant(fits.log_sd),
            wrap_up_mean_s=_over(log.types, fits.agents.wrap_up_mean_s, 0.0),
            period_factor=np.ones(PERIODS),
            short_max_s=SHORT_S,
        ),
        patience=Patience(fits.patience.from_s, significant(fits.hazard_per_s), np.ones(PERIODS)),
        returns=returns_section(fits),
        staffing=shifts,
        routing=Routing(),
        channels=channels_block(fits),
        dialogue=dialogue_block(fits),
        concurrency=Concurrency(
            cap_slots=float(fits.work.most_open),
            max_cap_slots=float(max(fits.work.most_open, 6)),
            switch_overhead=_one(fits.work.switch_overhead, 0.0, high=0.5),
        ),
        bots=bots_block(fits),
        handoff=handoff_block(fits),
        reassess=Reassess(escalate=(fits.handoff.escalate_to >= 0).astype(float)),
        deferral=deferral_block(fits),
        people=people_block(fits),
        customers=Customers(
            survey_p=_one(fits.surveys.survey_p, 0.15),
            survey_bias=_one(fits.surveys.survey_bias, 0.0, low=-1, high=1),
        ),
        provenance=provenance,
    )


def _one(estimates: Estimates, otherwise: float, low: float = 0.0, high: float = np.inf) -> float:
    """The figure under the name "all", kept in low..high, or `otherwise`."""
    value = estimates["all"].value if "all" in estimates else otherwise
    return float(np.clip(significant(value), low, high))


def _over(names: tuple[str, ...], estimates: Estimates, otherwise: float) -> Floats:
    """The figure of each name, `otherwise` where there is none."""
    return significant(np.array([estimates[n].value if n in estimates else otherwise for n in names]))


def typical_class(fits: TurnCalibration) -> int:
    """The class whose turns are nearest to the agents' means: that of types whose contacts have one turn."""
    return int(np.abs(fits.mixture.shift).argmin())


def unmixed(fits: TurnCalibration) -> np.ndarray[tuple[int], np.dtype[np.bool_]]:
    """(T,) types whose classes cannot be told apart: those of one turn, unless contacts carry labels."""
    return fits.single & (len(fits.log.arrived.labels) == 0)


def agents_section(fits: TurnCalibration) -> Agents:
    """Means of a turn as they were when the log ended; what an agent never answered is left out."""
    log, desks, agents = fits.log, fits.staffing, fits.agents
    may = desks.may_answer
    mean = agents.turn_s * np.exp(-fits.mixture.shift[typical_class(fits)] * unmixed(fits))
    weeks = np.nan_to_num(fits.weeks)
    if fits.learning.learn_ratio:
        people = people_block(fits)
        learned = unlearned(weeks, people.learn_ratio, people.learn_half_life_wk)
        mean = mean * np.where(np.isnan(fits.weeks), 1.0, learned)[:, None]
    known = np.array([name in agents.type_resolve_p for name in log.types])
    return Agents(
        names=log.agents,
        group=desks.group,
        group_names=desks.group_names,
        weight=significant(desks.weight),
        may_answer=may,
        mean_s=np.where(may, significant(mean, 4), 0.0),
        log_se=np.where(may, significant(agents.log_se), 0.0),
        resolve_p=np.where(may, significant(np.where(known, agents.resolve_p, RESOLVE_P)), 0.0),
        short_share=significant(agents.short_share),
        cost_per_min=np.full(len(desks.group_names), COST_PER_MIN),
        tenure_wk=significant(weeks),
    )


def returns_section(fits: TurnCalibration) -> Returns:
    """The returns that the log shows."""
    stated = {f"{cause}_p": float(significant(min(e.value, 0.95))) for cause, e in fits.returns.p.items()}
    stated |= {f"{cause}_mean_s": float(significant(e.value)) for cause, e in fits.returns.mean_s.items()}
    return Returns(**stated)


def channels_block(fits: TurnCalibration) -> Channels:
    """Channels; one without replies is a lock on its agent, like voice."""
    names, c = fits.log.channels, fits.channels
    return Channels(
        names=names,
        of_type=channel_of_types(fits.log),
        exclusive=np.array([float(name not in c.think_mean_s) for name in names]),
        think_mean_s=_over(names, c.think_mean_s, 0.0),
        silent_share=_over(names, c.silent_share, 0.0),
        silence_tolerance_s=_over(names, c.silence_tolerance_s, 0.0),
        silence_timeout_s=np.maximum(_over(names, c.silence_timeout_s, 180.0), 1.0),
    )


def dialogue_block(fits: TurnCalibration) -> Dialogue:
    """Classes of complexity, taken to stay as they are during a contact."""
    names, m = fits.classes, fits.mixture
    share = m.share.copy()
    share[unmixed(fits)] = np.arange(len(names)) == typical_class(fits)
    return Dialogue(
        names=names,
        level=np.linspace(*LEVELS_OF_COMPLEXITY, len(names)) if len(names) > 1 else 0.5,
        share=shares(share),
        work_factor=significant(np.exp(m.shift)),
        turns_mean=significant(np.maximum(m.phases / m.p, 1.0)),
        phases=float(m.phases),
    )


def bots_block(fits: TurnCalibration) -> Bots:
    """Bots; without labels of complexity, containment differs by type alone."""
    log, b = fits.log, fits.bots
    if not log.bots:
        return Bots()
    grid = [[f"{bot}/{name}" for name in log.types] for bot in log.bots]
    by_type = np.array(
        [[b.containment[cell].value if cell in b.containment else np.nan for cell in row] for row in grid]
    )
    by_class = np.broadcast_to(np.nanmean(by_type, axis=1, keepdims=True), (len(log.bots), len(fits.classes)))
    if b.containment_of_class:
        contained = b.containment_of_class
        cells = [[f"{bot}/{name}" for name in fits.classes] for bot in log.bots]
        by_class = np.array([[contained[cell].value if cell in contained else 0.0 for cell in row] for row in cells])
    wrong_p = _over(log.bots, b.wrong_p, 0.0)
    resolved, resolve_p = (resolved_of_contained(c, wrong_p[:, None]) for c in (by_type, by_class))
    usual = resolve_p @ fits.mixture.share.T
    factor = np.divide(np.nan_to_num(resolved), usual, out=np.ones_like(by_type), where=usual > 0)
    return Bots(
        names=log.bots,
        takes=np.isfinite(by_type).astype(float),
        resolve_p=significant(resolve_p),
        intent_factor=significant(np.clip(np.where(np.isfinite(by_type), factor, 1.0), 0, 2)),
        wrong_p=wrong_p,
        turn_s=_over(log.bots, b.turn_s, 15.0),
        turns_mean=np.maximum(_over(log.bots, b.turns_mean, 4.0), 1.0),
        max_turns=_over(log.bots, b.max_turns, 8.0),
        leave_p=_over(log.bots, b.leave_p, 0.0),
        handoff_context=np.clip(_over(log.bots, fits.handoff.bot_context, 0.0), 0, 1),
    )


def resolved_of_contained(contained: Floats, wrong_p: Floats) -> Floats:
    """Chance r that a bot resolves, from that of being contained, r + (1 - r) wrong_p; at least 0."""
    return np.maximum((contained - wrong_p) / np.maximum(1 - wrong_p, 1e-9), 0.0)


def handoff_block(fits: TurnCalibration) -> Handoff:
    """Hand-overs."""
    h = fits.handoff
    return Handoff(
        misroute_p=_over(fits.log.types, h.misroute_p, 0.0),
        discovery_s=_one(h.discovery_s, 45.0, low=1, high=3600),
        context_kept=_one(h.context_kept, 1.0, high=1),
        repeat_info_s=_one(h.repeat_info_s, 0.0, high=3600),
        kept_info_s=_one(h.kept_info_s, 0.0, high=3600),
        escalate_to=h.escalate_to,
    )


def deferral_block(fits: TurnCalibration) -> Deferral:
    """Call-backs, for the types they were offered to."""
    log = fits.log
    offered = np.bincount(log.arrived.type[log.contact[log.rows("callback_offered")]], minlength=len(log.types))
    return Deferral(
        callback=(offered > 0).astype(float),
        callback_accept_p=_one(fits.promises.callback_accept_p, 0.4),
        callback_no_answer_p=_one(fits.promises.callback_no_answer_p, 0.2),
    )


def people_block(fits: TurnCalibration) -> People:
    """Learning, where the log shows any."""
    learning = fits.learning
    return People(
        learn_ratio=_one(learning.learn_ratio, 1.0, low=1, high=5),
        learn_half_life_wk=_one(learning.learn_half_life_wk, 5.0, low=0.1, high=100),
    )
