"""KPIs of simulated days: what was booked one way is what was booked another, and nothing is lost in between."""

import numpy as np
import pytest

from maitred.agents.rules import RULES
from maitred.envs.kernel.layout import Activity, Outcome, Term
from maitred.envs.kpi import KPIS, applicable, kpi_ratios
from maitred.envs.objective import Objective
from maitred.envs.simulator import Ledger, simulate
from maitred.envs.traffic import draw_trace

from .ledgers import sums, talking
from .toy import toy

SCENARIO = talking()
BUSY = [Activity.WORK, Activity.WRAP_UP]


def days_under(rule: str) -> list[Ledger]:
    traces = [draw_trace(SCENARIO, np.random.SeedSequence(5, spawn_key=(day,))) for day in range(3)]
    return simulate(SCENARIO, traces, RULES[rule])


@pytest.fixture(scope="module", params=["incumbent", "random"])
def ledgers(request: pytest.FixtureRequest) -> list[Ledger]:
    return days_under(request.param)


def test_focus_time_of_contacts_is_busy_time_of_agents(ledgers: list[Ledger]) -> None:
    for ledger in ledgers:
        focus_s = ledger.contacts["work_s"].sum() + ledger.contacts["wrap_up_s"].sum()
        assert focus_s == pytest.approx(ledger.accounts[:, BUSY].sum()) == pytest.approx(sums("occupancy", ledger)[0])
        assert focus_s == pytest.approx(ledger.booked[Term.FOCUS_S])


def test_every_contact_ends_in_one_way(ledgers: list[Ledger]) -> None:
    for ledger in ledgers:
        ends = np.bincount(ledger.contacts["outcome"], minlength=len(Outcome))
        gone = sums("abandonment", ledger, SCENARIO)
        known, silent = (sums(f"abandonment_{kind}", ledger, SCENARIO)[0] for kind in ("known", "silent"))
        assert ends.sum() == len(ledger.contacts) == gone[1]
        assert gone[0] == ends[Outcome.ABANDONED] == ledger.booked[Term.ABANDONED] == known + silent


def test_some_leave_without_a_word() -> None:
    assert sum(sums("abandonment_silent", ledger, SCENARIO)[0] for ledger in days_under("random")) > 0


def test_paths_through_the_bot_add_up(ledgers: list[Ledger]) -> None:
    for ledger in ledgers:
        contained, taken = sums("containment", ledger, SCENARIO)
        handed_over, left = (sums(name, ledger, SCENARIO)[0] for name in ("handover_rate", "abandonment_bot"))
        inside = ledger.contacts["outcome"] == Outcome.INSIDE
        still_there = (inside & (ledger.talks["bot"] >= 0) & (ledger.talks["handovers"] == 0)).sum()
        assert contained + handed_over + left + still_there == taken > 20
        assert contained == ledger.talks["contained"].sum()
        assert 0 < sums("containment_resolved", ledger, SCENARIO)[0] < contained


def test_hands_are_changed_as_often_as_booked(ledgers: list[Ledger]) -> None:
    for ledger in ledgers:
        assert ledger.talks["transfers"].sum() == ledger.booked[Term.TRANSFERRED] >= ledger.talks["escalations"].sum()
        moved, answered = sums("transfer_rate", ledger, SCENARIO)
        assert 0 < moved < answered == (~np.isnan(ledger.contacts["answer_s"])).sum()
        assert sums("escalation_rate", ledger, SCENARIO)[0] <= moved


def test_totals_are_sums_over_contacts(ledgers: list[Ledger]) -> None:
    for ledger in ledgers:
        served = ledger.contacts["outcome"] == Outcome.SERVED
        value = np.array([100.0, 900.0])[ledger.talks["tier"]]
        lost = np.where(served, 1 - np.nan_to_num(ledger.contacts["csat"]), 1.0)
        ended = served | (ledger.contacts["outcome"] == Outcome.ABANDONED)
        assert ledger.booked[Term.CSAT] == pytest.approx(ledger.contacts["csat"][served].sum())
        assert ledger.booked[Term.RESOLVED] == ledger.contacts["resolved"].sum() == sums("resolved", ledger)[0]
        assert ledger.booked[Term.DEADLINE_MISSED] == ledger.talks["deadline_missed"].sum() > 0
        assert ledger.booked[Term.PROMISE_BROKEN] == sums("promises_broken", ledger, SCENARIO)[0]
        assert ledger.booked[Term.CHURNED] == pytest.approx(0.1 * (value * lost)[ended].sum())


def test_service_levels_are_ordered_as_their_treatments_of_abandons_are(ledgers: list[Ledger]) -> None:
    for ledger in ledgers:
        default, answered, offered, met = (
            np.divide(*sums(f"service_level{kind}", ledger, SCENARIO))
            for kind in ("", "_of_answered", "_of_offered", "_abandons_met")
        )
        assert offered <= default <= met <= 1 and offered <= answered <= 1


def test_shares_are_shares_and_counted_wherever_they_apply(ledgers: list[Ledger]) -> None:
    ratios = kpi_ratios(ledgers, SCENARIO, Objective(), applicable(SCENARIO)).sum(axis=0)
    assert np.isfinite(ratios).all()
    for kpi, (numerator, denominator) in zip(applicable(SCENARIO), ratios, strict=True):
        assert denominator > 0 or kpi.name == "promise_kept", kpi.name
        if kpi.unit in ("share", "0..1"):
            assert 0 <= numerator <= denominator, kpi.name


def test_a_first_world_day_has_the_same_eight_figures_as_ever() -> None:
    trace = draw_trace(toy(), np.random.SeedSequence(5))
    ledger = simulate(toy(), [trace], RULES["incumbent"])[0]
    contacts, accounts, booked = ledger.contacts, ledger.accounts, ledger.booked
    served = contacts["outcome"] == Outcome.SERVED
    waited_s = contacts["answer_s"] - contacts["arrival_s"]
    gone = (contacts["outcome"] == Outcome.ABANDONED) & (contacts["end_s"] - contacts["arrival_s"] <= 20)
    busy_s = accounts[:, BUSY].sum()
    as_ever = {
        "aht_s": (contacts["work_s"][served].sum() + contacts["wrap_up_s"][served].sum(), served.sum()),
        "asa_s": (waited_s[served].sum(), served.sum()),
        "service_level": ((waited_s <= 20).sum(), len(contacts) - gone.sum()),
        "abandonment": ((contacts["outcome"] == Outcome.ABANDONED).sum(), len(contacts)),
        "csat": (booked[Term.CSAT], served.sum()),
        "cost_per_contact": (booked[Term.COST], served.sum()),
        "occupancy": (busy_s, busy_s + accounts[:, Activity.IDLE].sum()),
        "reward": (
            -booked[Term.COST] - 0.3 / 60 * booked[Term.FOCUS_S] + 8 * booked[Term.CSAT] - 4 * booked[Term.ABANDONED],
            (contacts["attempts"] == 0).sum(),
        ),
    }
    assert not np.isnan(contacts["end_s"]).any()
    for name, expected in as_ever.items():
        assert sums(name, ledger) == pytest.approx(expected, rel=1e-14), name
    assert [kpi.name for kpi in KPIS if kpi.name in as_ever] == list(as_ever)
