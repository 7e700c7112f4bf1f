"""Who abstains: decisions unlike what was seen, and hardly any others; from a bundle, with a reason (AC-11)."""

import json
import shutil
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from maitred.envs.decision import CANDIDATE_NAMES, CONTEXT_NAMES, PREFERRED, Decisions, Kind
from maitred.envs.decision_request import write_request
from maitred.serving.bundle import Bundle, ModelCard, load_bundle
from maitred.serving.decide import decide
from maitred.serving.enforce import usual
from maitred.serving.familiar import Familiar
from maitred.serving.policy import BundlePolicy
from maitred.training.drift.familiarity import fit_familiar
from maitred.training.export import export_bundle
from tests.agents.made import many
from tests.serving.test_bundle import refused, replace_array

RATE = 0.01


def drawn(count: int, seed: int) -> Decisions:
    """Decisions at noon to route a contact, or to give an agent one."""
    decisions = many(Kind.ROUTE, count, seed)
    decisions.context[:, CONTEXT_NAMES.index("time_of_day_cos")] = -1
    decisions.context[: count // 3, : len(Kind)] = np.eye(len(Kind))[Kind.PULL]
    return decisions


@pytest.fixture(scope="module")
def familiar() -> Familiar:
    return fit_familiar(drawn(4000, 1), drawn(4000, 2), RATE)


@pytest.fixture(scope="module")
def folder(network, familiar: Familiar, tmp_path_factory: pytest.TempPathFactory) -> Path:
    card = ModelCard(name="wary", version="1", training={}, objective={}, governance_sha256="none")
    out = tmp_path_factory.mktemp("wary") / "wary"
    return export_bundle(network, out, card=card, parity_decisions=drawn(2000, 3), familiar=familiar)


@pytest.fixture(scope="module")
def wary(folder: Path) -> Bundle:
    return load_bundle(folder)


def moved(decisions: Decisions, name: str, by: float) -> Decisions:
    """The same decisions with one number of the situation, or of all candidates, shifted."""
    context, candidates = decisions.context.copy(), decisions.candidates.copy()
    if name in CONTEXT_NAMES:
        context[:, CONTEXT_NAMES.index(name)] += by
    else:
        candidates[:, :, CANDIDATE_NAMES.index(name)] += by * decisions.mask
    return replace(decisions, context=context, candidates=candidates)


def test_ordinary_decisions_are_hardly_ever_strange(familiar: Familiar) -> None:
    assert familiar.strange(drawn(4000, 4)).mean() < 3 * RATE


@pytest.mark.parametrize(
    ("name", "by"), [("wait_s", 1e5), ("open", 1000.0), ("contacts_waiting", 5e4), ("forecast_per_h", 1e6)]
)
def test_what_is_far_from_all_that_was_seen_is_strange_and_named(familiar: Familiar, name: str, by: float) -> None:
    far = moved(drawn(200, 5), name, by)
    assert familiar.strange(far).mean() > 0.95
    told = [familiar.reason(far.context[i], far.candidates[i][far.mask[i]]) for i in range(200)]
    assert np.mean([name in str(reason) for reason in told]) > 0.9


def test_a_kind_that_was_never_seen_is_strange(familiar: Familiar) -> None:
    calls = many(Kind.OUTREACH, 50, 6)
    assert familiar.strange(calls).all()
    ordinary = drawn(1, 4)  # a situation that was seen, so that nothing but the kind is new
    context = ordinary.context[0].copy()
    context[: len(Kind)] = np.eye(len(Kind), dtype=np.float32)[Kind.OUTREACH]
    assert familiar.reason(context, ordinary.candidates[0][ordinary.mask[0]]) == (
        "unfamiliar: no decisions of kind outreach were seen"
    )


def test_what_the_operator_wants_is_no_part_of_the_situation(familiar: Familiar) -> None:
    seen = drawn(500, 4)
    context = seen.context.copy()
    context[:, PREFERRED] = 77.0
    np.testing.assert_array_equal(familiar.strange(replace(seen, context=context)), familiar.strange(seen))


def mixed() -> Decisions:
    """Half of them far away."""
    decisions = drawn(600, 7)
    candidates = decisions.candidates.copy()
    candidates[::2, :, CANDIDATE_NAMES.index("wait_s")] += 1e5 * decisions.mask[::2]
    return replace(decisions, candidates=candidates)


def test_one_at_a_time_is_as_in_a_batch(wary: Bundle) -> None:
    policy, decisions = BundlePolicy(wary), mixed()
    together, strange = policy.act(decisions), policy.abstains(decisions)
    assert 0.45 < strange.mean() < 0.6
    for i in range(len(decisions)):
        one = policy.decide_one(decisions.context[i], decisions.candidates[i], decisions.mask[i])
        assert (one.candidate, one.propensity) == (together.candidate[i], together.propensity[i])
        assert (one.abstained is not None) == strange[i]
    assert [reason is not None for reason in policy.reasons(decisions)] == strange.tolist()


def test_the_platforms_rule_answers_what_is_strange_and_the_network_the_rest(wary: Bundle) -> None:
    policy, decisions = BundlePolicy(wary), mixed()
    strange, found = policy.abstains(decisions), policy.act(decisions).candidate
    sure = BundlePolicy(replace(wary, familiar=None)).act(decisions).candidate
    np.testing.assert_array_equal(found, np.where(strange, usual(decisions.candidates, decisions.mask), sure))
    assert (usual(decisions.candidates, decisions.mask) != sure)[strange].any()


def test_where_nothing_is_usual_the_first_legal_candidate_is() -> None:
    candidates = np.zeros((1, 3, len(CANDIDATE_NAMES)), np.float32)
    assert usual(candidates, np.array([[False, True, True]])).tolist() == [1]


def test_a_reply_says_that_it_is_a_fallback_and_why(wary: Bundle) -> None:
    policy, decisions = BundlePolicy(wary), mixed()
    strange = policy.abstains(decisions)
    first = 300  # decisions before are of another kind
    for row in (first + int(strange[first::2].argmax()) * 2, first + 1 + int(strange[first + 1 :: 2].argmin()) * 2):
        ids = [f"id-{i}" for i in range(int(decisions.mask[row].sum()))]
        reply = decide(policy, json.loads(json.dumps(write_request(decisions, row, "d", ids))))
        assert reply["mode"] == ("fallback" if strange[row] else "active")
        assert ("wait_s" in reply.get("reason", "")) == strange[row]
        assert not strange[row] or reply["propensity"] == 1.0


def test_a_bundle_without_it_answers_everything(bundle: Bundle) -> None:
    policy = BundlePolicy(bundle)
    assert bundle.familiar is None and not policy.abstains(mixed()).any()
    assert policy.reasons(drawn(3, 1)) == [None] * 3


def test_loading_proves_that_this_machine_judges_alike(folder: Path, tmp_path: Path) -> None:
    for name in ("centre", "whitening"):
        copy = Path(shutil.copytree(folder, tmp_path / name))
        replace_array(copy, "familiar.npz", name, lambda array: array + np.float32(0.1))
        refused(copy, "familiar.npz", "golden decisions")
    copy = Path(shutil.copytree(folder, tmp_path / "nan"))
    replace_array(copy, "familiar.npz", "low", lambda array: array * np.float32(np.nan))
    refused(copy, "familiar.npz", "low", "finite")
    (copy / "familiar.npz").unlink()
    refused(copy, "familiar.npz")
