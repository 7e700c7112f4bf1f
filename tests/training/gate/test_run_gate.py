"""A gate run end to end: what is worse is blocked, what is better passes, and what was not asked never counts."""

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from maitred.agents.exploring import Exploring
from maitred.agents.rules import RULES
from maitred.cli import main
from maitred.envs.objective import Objective
from maitred.serving.governance import Governance
from maitred.training.decision_log.record import Source, logged_traces, record
from maitred.training.frozen import FrozenSet, OverlapError, load_frozen
from maitred.training.gate import run_gate as module
from maitred.training.gate.check import Check, State, judge
from maitred.training.gate.contender import Contender, GateError, contender
from maitred.training.gate.frozen_checks import Mode
from maitred.training.gate.gate_file import load_gate
from maitred.training.gate.governance_check import promises_check, rules_check
from maitred.training.gate.on_frozen import on_frozen
from maitred.training.gate.run_gate import Request, objective_for, run_gate
from maitred.training.gate.settings import Settings
from maitred.training.gate.verdict import Decision
from maitred.training.governance.approve import approve
from maitred.training.governance.files import load_governance
from maitred.training.governance.fuzz import BATCH
from tests.rules import rules
from tests.training.center import small_center

from .contenders import Favourite, Slowest, as_contender, freeze_small

QUICK = Settings(fuzz_decisions=BATCH)


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A frozen set and a log of the incumbent with exploration, of the same center."""
    folder = tmp_path_factory.mktemp("gate")
    freeze_small(folder / "small")
    scenario = small_center()
    source = Source(Exploring(RULES["incumbent"], 0.3), seed=9)
    record(scenario, logged_traces(scenario, 9, 40), source, folder / "log.parquet")
    return folder


@pytest.fixture
def frozen(folder: Path) -> FrozenSet:
    """The set with nobody having looked at it."""
    frozen = load_frozen(folder / "small")
    frozen.looks.path.write_bytes(b"")
    return frozen


def judged(frozen: FrozenSet, candidate: str, champion: str, **fields: Any) -> dict[str, Any]:
    request = Request(candidate=candidate, champion=champion, sets=(str(frozen.path),), settings=QUICK)
    return run_gate(Request(**{**vars(request), **fields}))


def states(sealed: dict[str, Any]) -> dict[str, str]:
    return {check["name"]: check["state"] for check in sealed["checks"]}


def stub(monkeypatch: pytest.MonkeyPatch, **contenders: Contender) -> None:
    """Let names stand for policies of the tests."""
    monkeypatch.setattr(module, "contender", lambda text: contenders.get(text) or contender(text))


def test_a_better_policy_is_promoted_and_the_report_says_on_what(frozen: FrozenSet) -> None:
    sealed = judged(frozen, "fastest", "incumbent", generation0="random")
    assert (sealed["verdict"], sealed["level"]) == ("promote", 0)  # a rule
    found = states(sealed)
    assert found["objective on small"] == found["audit on small"] == found["generation 0 on small"] == "passed"
    assert found["fresh decisions"] == found["governance"] == "not asked"
    assert [look.policy for look in frozen.looks.read()] == ["incumbent", "fastest", "random"]
    assert sealed["sets"][0]["last_look_sha256"] == frozen.looks.read()[-1].sha256


@pytest.mark.parametrize("policy", [Slowest(), Favourite()])
def test_a_policy_made_worse_on_purpose_is_rejected(
    frozen: FrozenSet, policy: Slowest | Favourite, monkeypatch: pytest.MonkeyPatch
) -> None:
    stub(monkeypatch, bad=as_contender(policy))
    sealed = judged(frozen, "bad", "incumbent", mode=Mode.NO_WORSE)
    assert sealed["verdict"] == "reject" and sealed["level"] == 0
    assert states(sealed)["guard KPIs on small"] == "failed"
    assert any("guard KPIs on small" in reason for reason in sealed["reasons"])


def test_nothing_changed_is_no_worse_and_not_better(frozen: FrozenSet) -> None:
    assert judged(frozen, "incumbent", "incumbent")["verdict"] == "hold"
    sealed = judged(frozen, "incumbent", "incumbent", mode=Mode.NO_WORSE)
    assert sealed["verdict"] == "promote"
    objective = next(check for check in sealed["checks"] if check["name"] == "objective on small")
    assert objective["figures"]["mean"] == objective["figures"]["low"] == objective["figures"]["high"] == 0


def test_a_set_without_looks_left_is_not_looked_at(frozen: FrozenSet) -> None:
    for number in range(QUICK.looks):
        frozen.looks.record(policy="p", policy_id=f"{number:064}", command="", kpis_sha256="")
    sealed = judged(frozen, "fastest", "incumbent")
    assert sealed["verdict"] == "hold" and "objective on small" not in states(sealed)
    assert states(sealed)["looks at small"] == "not run"
    assert len(frozen.looks.read()) == QUICK.looks


def test_a_policy_that_began_better_is_found(frozen: FrozenSet) -> None:
    sealed = judged(frozen, "incumbent", "random", generation0="fastest", mode=Mode.NO_WORSE)
    assert states(sealed)["generation 0 on small"] == "failed" and sealed["verdict"] == "reject"


def test_a_log_proves_contradicts_or_leaves_open(frozen: FrozenSet, folder: Path) -> None:
    log = str(folder / "log.parquet")
    better = judged(frozen, "fastest", "incumbent", log=log)
    fresh = next(check for check in better["checks"] if check["name"] == "fresh decisions")
    assert fresh["figures"]["proven"] and better["verdict"] == "promote"
    assert better["log"]["rows"] >= better["log"]["decisions"] > 1000
    same = judged(frozen, "incumbent", "incumbent", log=log, mode=Mode.NO_WORSE)
    fresh = next(check for check in same["checks"] if check["name"] == "fresh decisions")
    assert (fresh["figures"]["mean"], fresh["figures"]["error"]) == (0, 0)
    assert same["verdict"] == "promote"


def test_a_log_that_contradicts_rejects(frozen: FrozenSet, folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    stub(monkeypatch, bad=as_contender(Slowest()))
    sealed = judged(frozen, "bad", "incumbent", log=str(folder / "log.parquet"))
    assert states(sealed)["fresh decisions"] == states(sealed)["guard KPIs on the log"] == "failed"
    assert sealed["verdict"] == "reject"


def test_level_2_is_held_without_proof_on_a_log(
    frozen: FrozenSet, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    stub(monkeypatch, retrained=Contender(RULES["fastest"], "retrained", 2))
    without = judged(frozen, "retrained", "incumbent")
    assert states(without)["fresh decisions"] == "not run" and without["verdict"] == "hold"
    proven = judged(frozen, "retrained", "incumbent", log=str(folder / "log.parquet"))
    assert (proven["verdict"], proven["level"]) == ("promote", 2)


def test_a_log_of_frozen_days_is_refused(frozen: FrozenSet, tmp_path: Path) -> None:
    source = Source(RULES["incumbent"], seed=frozen.seed)
    record(small_center(), logged_traces(small_center(), 3, 2), source, tmp_path / "log.parquet")
    with pytest.raises(OverlapError, match="small"):
        judged(frozen, "fastest", "incumbent", log=str(tmp_path / "log.parquet"))
    assert frozen.looks.read() == []


def test_a_log_of_one_certain_policy_cannot_tell_of_another(frozen: FrozenSet, tmp_path: Path) -> None:
    log = tmp_path / "log.parquet"
    record(small_center(), logged_traces(small_center(), 9, 4), Source(RULES["incumbent"], 9), log)
    sealed = judged(frozen, "fastest", "incumbent", log=str(log))
    assert states(sealed)["weights"] == states(sealed)["fresh decisions"] == "unclear"
    assert sealed["verdict"] == "hold"


def test_governance_is_fuzzed_and_must_be_the_candidates_own(frozen: FrozenSet) -> None:
    assert rules_check(contender("random"), None, 10, 0).state is State.NOT_ASKED
    check = rules_check(contender("random"), rules(), 2 * BATCH, 0)
    assert check.state is State.PASSED and check.figures["decisions"] + check.figures["refused"] == 2 * BATCH
    other = Contender(RULES["random"], "a", 1, governance_sha256="f" * 64)
    assert rules_check(other, rules(), 10, 0).state is State.FAILED


def test_frozen_days_are_played_under_the_rules_in_force(
    frozen: FrozenSet, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    played: list[Governance | None] = []
    ruling: dict[str, Governance | None] = {}

    def under(frozen: FrozenSet, governance: Governance | None) -> FrozenSet:
        name = f"under {len(ruling)}"
        ruling[name] = governance
        return replace(frozen, scenario=replace(frozen.scenario, name=name))

    def watched(frozen: FrozenSet, *others: Any) -> Any:
        played.append(ruling[frozen.scenario.name])
        return on_frozen(frozen, *others)

    monkeypatch.setattr(module, "govern_set", under)
    monkeypatch.setattr(module, "on_frozen", watched)
    stub(monkeypatch, ruled=Contender(RULES["fastest"], "ruled", 1, governance=rules()))
    judged(frozen, "ruled", "incumbent")
    (tmp_path / "other.yaml").write_text("intents: [loans]\nmax_cap_slots: 6\n")
    file = approve(tmp_path / "other.yaml", by="Ana Ruiz", previous="none")
    judged(frozen, "ruled", "incumbent", governance=str(file))
    assert played == [rules(), load_governance(file)]


def test_promised_averages_are_kept_at_least_as_well_as_the_champion_keeps_them(frozen: FrozenSet) -> None:
    promised = rules(
        intents=["billing", "complaints", "refunds", "tariffs", "loans", "cards"],
        service_levels={"loans": {"share": 0.99, "within_s": 1.0}},
        fairness={"workload_gini_at_most": 0.9, "containment_at_least": 0.5},
    )
    faster, slower = contender("fastest"), contender("incumbent")
    better = on_frozen(frozen, faster, slower, Objective(), 0.05, "test")
    check = promises_check(better, promised)
    assert check.state is State.PASSED and "0 of 2 promises" in check.sentence  # nothing to contain in this center
    worse = promises_check(on_frozen(frozen, slower, faster, Objective(), 0.05, "test"), promised)
    assert worse.state is State.UNCLEAR and "loans answered within 1 s at least 99%" in worse.sentence
    assert promises_check(better, None).state is State.NOT_ASKED


def test_sets_are_told_apart_by_name(frozen: FrozenSet) -> None:
    with pytest.raises(GateError, match="set: expected frozen sets of different names, found small, small"):
        judged(frozen, "fastest", "incumbent", sets=(str(frozen.path), str(frozen.path)))


def test_on_further_sets_the_candidate_has_to_be_no_worse(frozen: FrozenSet, tmp_path: Path) -> None:
    other = freeze_small(tmp_path / "other", seed=8)
    sealed = judged(frozen, "fastest", "incumbent", sets=(str(frozen.path), str(other.path)))
    asked = {c["name"]: c["figures"]["asked"] for c in sealed["checks"] if c["name"].startswith("objective")}
    assert asked == {"objective on small": 0.0, "objective on other": -0.05} and sealed["verdict"] == "promote"


def test_the_worst_answer_decides() -> None:
    def verdict(*found: State) -> Decision:
        return judge([Check(1, f"check {i}", state, "") for i, state in enumerate(found)]).decision

    assert verdict(State.PASSED, State.NOT_ASKED) is Decision.PROMOTE
    assert verdict(State.PASSED, State.NOT_RUN) is verdict(State.PASSED, State.UNCLEAR) is Decision.HOLD
    assert verdict(State.UNCLEAR, State.FAILED, State.PASSED) is Decision.REJECT


def test_objectives_that_differ_need_a_decision() -> None:
    cheap, kind = ({"csat": weight} for weight in (1.0, 8.0))
    ours, theirs = (Contender(RULES["random"], "a", 1, objective=objective) for objective in (cheap, kind))
    with pytest.raises(GateError, match="trained for different"):
        objective_for(ours, theirs, QUICK)
    assert objective_for(ours, contender("random"), QUICK).csat == 1.0
    assert objective_for(ours, theirs, Settings(objective={"csat": 3.0})).csat == 3.0


@pytest.mark.parametrize(
    ("arguments", "status"),
    [
        (["candidate=fastest", "champion=incumbent"], 0),
        (["candidate=incumbent", "champion=incumbent"], 3),
        (["candidate=incumbent", "champion=incumbent", "mode=no_worse", "margin=0.01"], 0),
        (["candidate=random", "champion=fastest"], 4),
        (["candidate=fastest", "champion=nobody"], 2),
        (["candidate=fastest", "champion=incumbent", "mode=best"], 2),
        (["candidate=fastest", "champion=incumbent", "settings=nowhere.yaml"], 2),
        (["candidate=fastest", "champion=incumbent", "mode=no_worse", "margin=inf"], 2),
    ],
)
def test_the_exit_status_is_the_verdict(
    frozen: FrozenSet, tmp_path: Path, arguments: list[str], status: int, capsys: pytest.CaptureFixture[str]
) -> None:
    out = tmp_path / "out"
    assert main(["gate", *arguments, f"set={frozen.path}", f"out={out}"]) == status
    if status == 2:
        assert not out.exists() and capsys.readouterr().err.startswith("maitred: ")
        return
    sealed = load_gate(out / "gate.json")
    assert {"promote": 0, "hold": 3, "reject": 4}[sealed["verdict"]] == status
    page = (out / "gate.html").read_text()
    assert "http://" not in page.replace("http://www.w3.org", "") and sealed["sha256"] in page
    assert sealed["verdict"].upper() in capsys.readouterr().out
    assert main(["gate", *arguments, f"set={frozen.path}", f"out={out}"]) == 2  # never overwritten
