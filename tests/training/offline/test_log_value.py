"""What a log says of a policy: the truth where it is known, the unit that is resampled, and refusals."""

from dataclasses import replace

import numpy as np
import pyarrow as pa
import pytest

from maitred.cli import main
from maitred.training.decision_log.fingerprint import fingerprint
from maitred.training.decision_log.read import as_logged, read_groups
from maitred.training.gate.contender import contender
from maitred.training.offline.experience import OfflineError
from maitred.training.offline.log_value import CALENDAR, EPISODES, UNFINISHED, UNKNOWN, log_value
from tests.training.decision_log.logs import with_values, without_propensities, written
from tests.training.offline.worlds import log_of_worth, worth

LONGEST_IDLE, FASTEST = "acd_longest_idle", "fastest"


@pytest.fixture(scope="module")
def log(tmp_path_factory):
    rows = log_of_worth(3000, episodes=30)
    return written(rows, tmp_path_factory.mktemp("logs") / "log.parquet", group_rows=700)


def truth(log, policy):
    """What a rule's answers are worth in the decisions of a log."""
    groups = [as_logged(group).decisions for group in read_groups(log)]
    answers = [contender(policy).policy.act(d).candidate for d in groups]
    return np.concatenate([worth(d)[np.arange(len(d)), a] for d, a in zip(groups, answers, strict=True)]).mean()


@pytest.mark.parametrize("policy", [LONGEST_IDLE, FASTEST])
def test_the_value_of_a_rule_lies_within_the_bounds(log, policy):
    found = log_value(log, contender(policy))
    assert found.answer is not None
    assert found.answer.low < truth(log, policy) < found.answer.high
    assert found.answer.high - found.answer.low < 0.5
    assert (found.resampled, found.clusters, found.rows) == (EPISODES, 30, 3000)


def test_decisions_without_an_episode_belong_to_the_day_of_the_calendar(log, tmp_path):
    rows = with_values(pa.concat_tables(read_groups(log)), "episode_id", [None] * 3000)
    found = log_value(written(rows, tmp_path / "days.parquet"), contender(FASTEST))
    assert found.resampled == CALENDAR and found.clusters == 3  # a decision a minute from eight o'clock on
    assert found.answer is None and "expected at least 20, found 3" in found.reasons[0]


def test_what_cannot_be_used_is_counted(log, tmp_path):
    rows = pa.concat_tables(read_groups(log))
    propensity = [None if row % 10 == 0 else value for row, value in enumerate(rows["propensity"].to_pylist())]
    outcome = ["open" if row % 10 == 1 else "complete" for row in range(3000)]
    rows = with_values(with_values(rows, "propensity", propensity), "outcome", outcome)
    found = log_value(written(rows, tmp_path / "some.parquet"), contender(FASTEST))
    assert found.left_out == {UNKNOWN: 300, UNFINISHED: 300}
    assert found.support.decisions == 2400 and found.rows == 3000


def test_an_answer_about_no_contact_earns_nothing(log, tmp_path):
    rows = pa.concat_tables(read_groups(log))
    none = [None if row % 2 else "complete" for row in range(3000)]
    reward = [None if row % 2 else 4.0 for row in range(3000)]
    rows = with_values(with_values(rows, "outcome", none), "reward", reward)
    assert log_value(written(rows, tmp_path / "none.parquet"), contender(FASTEST)).logged == 2.0


def test_a_log_without_chances_is_refused(log, tmp_path):
    rows = without_propensities(pa.concat_tables(read_groups(log)))
    with pytest.raises(OfflineError, match="of known chance and complete outcome, found none"):
        log_value(written(rows, tmp_path / "unknown.parquet"), contender(FASTEST))


def test_a_log_of_one_day_is_refused(tmp_path):
    with pytest.raises(OfflineError, match="found those of one"):
        log_value(written(log_of_worth(100, episodes=1), tmp_path / "one.parquet"), contender(FASTEST))


def test_the_command_says_what_it_resampled_and_fails_where_the_log_cannot_tell(log, tmp_path, capsys):
    assert main(["logs", "evaluate", f"log={log}", f"policy={FASTEST}", f"out={tmp_path / 'value.json'}"]) == 0
    printed = capsys.readouterr().out
    assert "resampled" in printed and "30 episodes" in printed
    assert '"clusters": 30' in (tmp_path / "value.json").read_text()
    short = written(log_of_worth(3000, episodes=10), tmp_path / "short.parquet")
    assert main(["logs", "evaluate", f"log={short}", f"policy={FASTEST}"]) == 3
    assert "cannot tell" in capsys.readouterr().out


def test_a_log_that_the_policy_learned_from_cannot_tell(log):
    remembering = replace(contender(FASTEST), training={"log": fingerprint(log)})
    found = log_value(log, remembering)
    assert found.answer is None and found.reasons == ("the candidate learned from this very file",)
