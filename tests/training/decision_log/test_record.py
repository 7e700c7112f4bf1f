"""Recording a policy: what was asked and answered, with which chance, and what came of it."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pyarrow.parquet as pq
import pytest
import torch

from maitred.agents.exploring import Exploring
from maitred.agents.network import CandidateNetwork
from maitred.agents.rules import RULES
from maitred.cli import main
from maitred.envs.decision import CONTEXT_NAMES, Kind
from maitred.envs.kernel.layout import Term
from maitred.envs.objective import Objective
from maitred.envs.scenario_file import load_scenario
from maitred.envs.simulator import Simulator, simulate
from maitred.serving.bundle import ModelCard, load_bundle
from maitred.serving.policy import BundlePolicy
from maitred.training.decision_log.case_terms import NOBODYS, cases
from maitred.training.decision_log.check import check
from maitred.training.decision_log.played import play
from maitred.training.decision_log.provenance import check_log_disjoint, objective_of, provenance_of
from maitred.training.decision_log.read import as_logged, read_groups
from maitred.training.decision_log.record import Source, logged_traces, record
from maitred.training.decision_log.schema import DecisionLogError
from maitred.training.drift.encounters import encounters
from maitred.training.drift.familiarity import fit_familiar
from maitred.training.export import export_bundle
from maitred.training.frozen import OverlapError, freeze
from maitred.training.governance.approve import approve
from maitred.training.governance.files import load_governance
from tests.training.case_values import case_values
from tests.training.center import small_center

CENTER = small_center()
POLICY = Exploring(RULES["incumbent"], 0.2)
WEIGHTS = Objective().weights()


@pytest.fixture(scope="module")
def log(tmp_path_factory):
    path = tmp_path_factory.mktemp("log") / "log.parquet"
    record(CENTER, logged_traces(CENTER, 3, 3), Source(POLICY, 3, "abc"), path)
    return path


@pytest.fixture(scope="module")
def conversations(tmp_path_factory):
    center = load_scenario("bpo_chat")
    path = tmp_path_factory.mktemp("log") / "chat.parquet"
    record(center, logged_traces(center, 1, 1), Source(RULES["quadrant"], 1), path)
    return path


def test_the_log_is_sound(log, conversations):
    for path in (log, conversations):
        found = check(path)
        assert found.rows > 100 and not found.faults and not found.gaps


def test_the_policy_answers_what_was_logged_again(log):
    for logged in map(as_logged, read_groups(log)):
        again = POLICY.act(logged.decisions)
        np.testing.assert_array_equal(again.candidate, logged.chosen)
        np.testing.assert_array_equal(again.propensity, logged.propensity)


def test_neither_the_batch_nor_the_number_of_episodes_drawn_changes_a_byte(log, tmp_path):
    record(CENTER, logged_traces(CENTER, 3, 3), Source(POLICY, 3, "abc"), tmp_path / "log.parquet", batch=2)
    assert (tmp_path / "log.parquet").read_bytes() == log.read_bytes()


def test_on_the_telephone_a_reward_is_what_the_contact_and_its_returns_book(log):
    ledgers = simulate(CENTER, list(logged_traces(CENTER, 3, 3)), POLICY)
    rows = pq.read_table(log).to_pylist()
    episodes = list(dict.fromkeys(row["episode_id"] for row in rows))
    for episode, ledger in zip(episodes, ledgers, strict=True):
        values = case_values(ledger, Objective())
        own = [row for row in rows if row["episode_id"] == episode]
        expected = [values[int(row["contact_id"].rpartition("-c")[2])] for row in own]
        np.testing.assert_allclose([row["reward"] for row in own], expected)


def test_step_rewards_add_up_to_what_the_center_booked(log):
    ledgers = simulate(CENTER, list(logged_traces(CENTER, 3, 3)), POLICY)
    logged = as_logged(next(read_groups(log)))
    for episode, ledger in zip(dict.fromkeys(logged.episode.tolist()), ledgers, strict=True):
        own = logged.episode == episode
        booked_from_the_first = logged.step_reward[own].sum()
        weights = WEIGHTS.copy()
        weights[Term.COST] = 0  # paid time is booked when the day starts, before the first decision
        overtime = WEIGHTS[Term.COST] * (ledger.overrun_s.sum() / 60 * 0.65)
        np.testing.assert_allclose(booked_from_the_first, ledger.booked @ weights + overtime)
        np.testing.assert_array_equal(logged.step[own], np.arange(own.sum()))
        np.testing.assert_array_equal(logged.episode_end[own], np.arange(own.sum()) == own.sum() - 1)


@pytest.mark.parametrize("name", ["bpo_chat", *(pytest.param(n, marks=pytest.mark.slow) for n in ("omni", "level2"))])
def test_terms_of_all_contacts_add_up_to_the_ledgers(name):
    """But for paid time, and the terms that a ledger keeps for the whole center only."""
    center = load_scenario(name)
    simulator = Simulator(center, list(logged_traces(center, 1, 1)), keep_log=True)
    play(simulator, RULES["quadrant"], WEIGHTS)
    ledger = simulator.ledger(0)
    own = cases(ledger, center)
    opens = ledger.contacts["case"] == np.arange(len(ledger.contacts))
    ours = [t for t in Term if t not in (*NOBODYS, Term.COST)]
    whole_cases = own.terms[opens].sum(axis=0)
    focus_of_open_turns = whole_cases[Term.FOCUS_S] - ledger.booked[Term.FOCUS_S]
    whole_cases[Term.FOCUS_S] -= focus_of_open_turns
    np.testing.assert_allclose(whole_cases[ours], ledger.booked[ours])
    assert -1e-6 <= focus_of_open_turns < 0.01 * ledger.booked[Term.FOCUS_S]


@pytest.mark.slow
def test_what_was_booked_before_a_decision_is_none_of_its_doing(tmp_path):
    """Of one contact, what is still to come falls from decision to decision."""
    center = load_scenario("omni")
    record(center, logged_traces(center, 1, 1), Source(RULES["quadrant"]), tmp_path / "log.parquet")
    rows = pq.read_table(tmp_path / "log.parquet", columns=["contact_id", "terms"]).to_pylist()
    rows = [row for row in rows if row["contact_id"]]
    of_contact: dict[str, list[float]] = {}
    for row in rows:
        of_contact.setdefault(row["contact_id"], []).append(row["terms"]["focus_s"])
    several = [focus for focus in of_contact.values() if len(focus) > 2]
    assert several and all((np.diff(focus) <= 1e-6).all() for focus in several)
    assert any(focus[0] > focus[-1] for focus in several)


def test_decisions_about_no_contact_have_no_reward_of_their_own(conversations):
    rows = pq.read_table(conversations).to_pylist()
    kinds = {row["kind"] for row in rows if row["contact_id"] is None}
    assert Kind.CONCURRENCY.name.lower() in kinds
    for row in rows:
        known = [row[name] is not None for name in ("contact_id", "outcome", "reward", "terms", "events")]
        assert all(known) or not any(known)


def test_an_agent_who_stays_free_takes_nobodys_contact(tmp_path):
    center = replace(CENTER, routing=replace(CENTER.routing, may_hold=True))
    record(center, logged_traces(center, 5, 1), Source(RULES["random"]), tmp_path / "log.parquet")
    rows = [row for row in pq.read_table(tmp_path / "log.parquet").to_pylist() if row["kind"] == "pull"]
    held = [row for row in rows if row["chosen"] == len(row["mask"]) - 1]
    assert held and all(row["contact_id"] is None for row in held)
    assert all(row["contact_id"] is not None for row in rows if row not in held)


def test_the_log_says_where_it_comes_from_and_a_frozen_set_of_that_seed_is_refused(log, tmp_path):
    assert objective_of(log) == Objective()
    assert provenance_of(log)["scenario"] == "small"
    [row] = pq.read_table(log).slice(0, 1).to_pylist()
    assert (row["policy_id"], row["mode"]) == ("incumbent+explore(0.2)", "active")
    assert (row["model_version"], row["governance_hash"]) == ("rule:incumbent+explore(0.2)", "abc")
    same = freeze(CENTER, tmp_path / "a", episodes=2, seed=3, purpose="test", name="same seed")
    other = freeze(CENTER, tmp_path / "b", episodes=2, seed=4, purpose="test", name="another")
    check_log_disjoint(log, [other])
    with pytest.raises(OverlapError, match="same seed"):
        check_log_disjoint(log, [other, same])


def test_part_of_an_episode_is_refused():
    with pytest.raises(DecisionLogError, match=r"days: expected a multiple of 2, .* found 3"):
        logged_traces(replace(CENTER, days=2), 0, 3)


def wary_bundle(folder):
    """A bundle that has seen mornings only."""
    torch.manual_seed(0)
    met = encounters(CENTER, RULES["random"], np.random.SeedSequence(1), 7)
    morning = met.context[:, CONTEXT_NAMES.index("time_of_day_sin")] > 0
    network = CandidateNetwork(width=8)
    network.fit_normaliser(met)
    card = ModelCard(name="wary", version="1", training={}, objective={}, governance_sha256="none")
    seen = fit_familiar(met[morning], met[morning])
    return load_bundle(export_bundle(network, folder / "wary", card=card, parity_decisions=met, familiar=seen))


def test_what_exploration_chose_is_no_fallbacks(tmp_path):
    policy = BundlePolicy(wary_bundle(tmp_path))
    record(CENTER, logged_traces(CENTER, 3, 1), Source(Exploring(policy, 0.5), 3), tmp_path / "log.parquet")
    logged = as_logged(table := pq.read_table(tmp_path / "log.parquet"))
    fallback, usual = np.array(table["mode"]) == "fallback", policy.act(logged.decisions).candidate
    assert (logged.chosen == usual)[fallback].all()
    share = fallback.mean() / policy.abstains(logged.decisions).mean()
    assert 0.3 < share < 0.7
    np.testing.assert_array_equal(fallback, [reason is not None for reason in table["reason"].to_pylist()])


def test_where_a_bundle_abstains_the_row_is_a_fallbacks_and_says_why(tmp_path):
    policy = BundlePolicy(wary_bundle(tmp_path))
    record(CENTER, logged_traces(CENTER, 3, 1), Source(policy, 3), tmp_path / "log.parquet")
    logged = pq.read_table(tmp_path / "log.parquet")
    strange = policy.abstains(as_logged(logged).decisions)
    assert 0.2 < strange.mean() < 0.8
    assert logged["mode"].to_pylist() == ["fallback" if one else "active" for one in strange]
    reasons = logged["reason"].to_pylist()
    assert [reason is not None for reason in reasons] == strange.tolist()
    assert "unfamiliar: no decisions were seen at this time of day" in reasons


def test_the_command_writes_the_hash_of_the_rules_in_force(tmp_path):
    draft = tmp_path / "rules.yaml"
    names = ", ".join(load_scenario("bank").types.names)
    draft.write_text(f"intents: [{names}]\nmax_cap_slots: 6\n")
    approved = approve(draft, by="Ana Ruiz", previous="none")
    out = tmp_path / "log.parquet"
    arguments = ["logs", "record", "scenario=bank", "days=1", f"out={out}"]
    assert main(arguments) == 0 and set(pq.read_table(out)["governance_hash"].to_pylist()) == {None}
    assert main([*arguments, f"governance={approved}"]) == 0
    assert set(pq.read_table(out)["governance_hash"].to_pylist()) == {load_governance(approved).sha256}
