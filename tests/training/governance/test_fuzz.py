"""No policy gets round the rules, and a hole in their enforcement is found."""

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from maitred.agents.rules import RULES as POLICIES
from maitred.envs.decision import Choices, Decisions
from maitred.serving.enforce import Facts, Ruled, enforce, forbidden
from maitred.serving.governance import Governance
from maitred.training.governance.anything import any_decisions, any_facts
from maitred.training.governance.fuzz import RULES, breaches, fuzz
from tests.rules import rules


class Defiant:
    """Takes any place, whether or not there is a legal candidate."""

    name = "defiant"

    def act(self, decisions: Decisions) -> Choices:
        place = np.random.default_rng(0).integers(decisions.mask.shape[1], size=len(decisions))
        return Choices(place, np.ones(len(decisions)))


@pytest.mark.parametrize("policy", [POLICIES["random"], POLICIES["incumbent"], Defiant()], ids=lambda p: p.name)
def test_no_policy_breaks_a_rule(policy: Any) -> None:
    found = fuzz(policy, rules(), seed=1, n=20_000)
    assert found.clean and found.decisions + found.refused == 20_000
    assert all(found.tempted[rule] > 100 for rule in RULES)
    assert (found.overridden > 1000) == isinstance(policy, Defiant)


@pytest.mark.slow
def test_no_policy_breaks_a_rule_in_a_million_decisions() -> None:
    for policy in (POLICIES["random"], Defiant()):
        found = fuzz(policy, rules(), seed=2, n=1_000_000)
        assert found.clean and found.decisions > 600_000


def leak(**fields: Any) -> Callable[..., Ruled]:
    """Enforcement of weaker rules than those in force."""
    return lambda governance, policy, decisions, facts: enforce(replace(governance, **fields), policy, decisions, facts)


def blind(**known: Any) -> Callable[..., Ruled]:
    """Enforcement that does not see some of the facts."""

    def enforced(governance: Governance, policy: Any, decisions: Decisions, facts: Facts) -> Ruled:
        unseen = {key: np.full_like(getattr(facts, key), value) for key, value in known.items()}
        return enforce(governance, policy, decisions, replace(facts, **unseen))

    return enforced


@pytest.mark.parametrize(
    ("leaky", "rule"),
    [
        (leak(must_human=()), "must_human"),
        (blind(with_bot=False), "must_human"),
        (leak(two_person=()), "two_person"),
        (leak(approval_above={}), "two_person"),
        (blind(own=False), "two_person"),
        (blind(cap=np.inf), "max_cap"),
        (leak(outreach=rules(outreach={}).outreach), "frequency"),
        (leak(must_escalate=()), "escalation"),
        (leak(may_escalate=None), "escalation"),
    ],
)
def test_a_hole_is_found(leaky: Callable[..., Ruled], rule: str) -> None:
    found = fuzz(POLICIES["random"], rules(), seed=3, n=10_000, enforced=leaky)
    assert not found.clean and found.violations[rule] > 0


def test_a_policy_without_enforcement_breaks_every_rule() -> None:
    def trusting(governance: Governance, policy: Any, decisions: Decisions, facts: Facts) -> Ruled:
        nothing = np.zeros(len(decisions), bool)
        return Ruled(policy.act(decisions), decisions.mask, nothing, nothing)

    assert all(fuzz(POLICIES["random"], rules(), seed=4, n=10_000, enforced=trusting).violations.values())


def test_the_masks_and_the_check_of_what_was_done_agree() -> None:
    """They were written apart; a candidate is masked if and only if taking it breaks a rule."""
    rng = np.random.default_rng(5)
    decisions = any_decisions(rng, 5_000)
    facts = any_facts(rng, rules(), decisions)
    masked, broken = forbidden(rules(), decisions, facts), breaches(rules(), decisions, facts)
    for rule in RULES:
        np.testing.assert_array_equal(masked[rule], broken[rule] & decisions.mask, err_msg=rule)


def test_the_same_seed_finds_the_same() -> None:
    assert fuzz(Defiant(), rules(), 6, 7_000) == fuzz(Defiant(), rules(), 6, 7_000)
    with pytest.raises(ValueError, match="n: expected 1 or more"):
        fuzz(Defiant(), rules(), 6, 0)
