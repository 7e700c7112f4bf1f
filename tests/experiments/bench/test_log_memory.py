"""A log that is repeated for the benchmark is a sound log."""

import pyarrow as pa

from experiments.bench.log_memory import copied
from maitred.training.decision_log.check import check
from maitred.training.decision_log.schema import schema_of
from maitred.training.decision_log.write import log_writer
from tests.training.decision_log.logs import made_rows


def test_copies_of_a_log_have_no_row_with_a_fault(tmp_path):
    rows = made_rows(count=40)
    with log_writer(tmp_path / "long.parquet", schema_of({}, {})) as append:
        append(pa.concat_tables([copied(rows, number) for number in range(3)]))
    found = check(tmp_path / "long.parquet")
    assert (found.rows, found.faulty, found.gaps) == (120, 0, 0)
