"""People: they learn, tire, take breaks, train one another, are helped by a copilot, and leave."""

from __future__ import annotations

from dataclasses import dataclass

from maitred.envs.blocks.fields import number


@dataclass(frozen=True)
class People:
    """How an agent's work times and resolution change (RS-2..RS-7, RS-11).

    Learning: handle time = settled time x (1 + (learn_ratio - 1) x 2^(-experience / learn_half_life_wk)), where
    experience is tenure plus contacts handled over contacts_per_wk (domain 2.6). Fatigue is an average of recent
    occupancy. The copilot speeds up novices more than experts; its effects are averages over all agents, of whom
    only the share copilot_adherence follows it, at all times. Agents leave with a hazard of attrition_per_year and
    more after shifts of high occupancy; that matters where episodes last for months (RS-11).
    """

    learn_ratio: float = number(1, 1, 5, source="1.5-1.9 (domain 2.6)")
    learn_half_life_wk: float = number(5, 0.1, 100, source="3-8 weeks (domain 2.6)")
    contacts_per_wk: float = number(250, 1, 1e5, source="that make a week's experience [E]")
    nesting_wk: float = number(0, 0, 52, source="tenure below which an agent is nesting (RS-4)")
    shadow_min_per_day: float = number(0, 0, 480, source="of an expert's day, per nesting agent (RS-4) [E]")
    break_min: float = number(0, 0, 120, source="one break in the middle of a shift [E]")
    absence_p: float = number(0, 0, 0.9, source="of a whole shift; shrinkage 0.30 in all (domain 2.6)")
    last_call_s: float = number(0, 0, 14400, source="no new live conversation in the last part of a shift (RS-5)")
    fatigue_work: float = number(0, 0, 1, source="+5 % mean over a shift (domain 2.6)")
    fatigue_log_sd: float = number(0, 0, 1, source="of log-normal times; +39 % variance over a shift (domain 2.6)")
    fatigue_memory_s: float = number(7200, 60, 86400, source="[E]")
    empathy_sd: float = number(0, 0, 3, source="between agents, in standard deviations of the CSAT model [E]")
    resolve_logit_se: float = number(0, 0, 3, source="of the estimated resolution against the truth [E]")
    copilot_novice: float = number(0, 0, 1, source="0.30 more resolutions per hour (Brynjolfsson et al. 2025)")
    copilot_expert: float = number(0, 0, 1, source="about 0 (Brynjolfsson et al. 2025)")
    copilot_quality: float = number(0, -0.2, 0, source="-0.01 for experts, none for novices (domain 2.8)")
    copilot_adherence: float = number(1, 0, 1, source="0.38 (domain 2.6)")
    copilot_cost_per_day: float = number(0, 0, 100, source="per agent and shift [E]")
    attrition_per_year: float = number(0, 0, 10, source="0.30-0.45 (domain 2.6)")
    attrition_per_occupancy: float = number(0, 0, 100, source="+0.5 % per +1 % of occupancy above 0.85 (domain 2.6)")
    replacement_cost: float = number(14113, 0, 1e6, source="Gartner, domain 2.6")
