import csv
import gzip
import json
import os
from dataclasses import asdict
from pathlib import Path

import numpy as np
import pyarrow.compute as pc
import pyarrow.parquet as pq
import pytest
from rich.console import Console

from maitred.envs.contact_log import ContactLogError, import_logs, read_log, report_table
from tests.envs.contact_log.synthetic_technion import HEADER, write_synthetic_log

FIELDS = HEADER.split()
LINE = "AA0101 1 5 2 PS 990103 9:00:00 9:00:06 6 9:00:06 9:00:36 30 AGENT 9:00:35 9:02:15 100 A01"
CALL = LINE.split()
NONE = ["0:00:00", "0:00:00", "0"]


@pytest.fixture(scope="module")
def synthetic(tmp_path_factory):
    folder = tmp_path_factory.mktemp("synthetic")
    truth = write_synthetic_log(folder / "calls.tsv", seed=3, days=5)
    report = import_logs([folder / "calls.tsv"], "technion", folder / "log.parquet", progress=False)
    return truth, report, folder / "log.parquet"


def import_rows(folder, *rows, header=True):
    """Import the given rows (lists of fields); return the contacts and the report."""
    text = "".join("\t".join(row) + "\n" for row in ([FIELDS] * header + list(rows)))
    (folder / "calls.tsv").write_text(text)
    report = import_logs([folder / "calls.tsv"], "technion", folder / "log.parquet", progress=False)
    return read_log(folder / "log.parquet").to_pylist(), report


def changed(**fields):
    return [fields.get(name, value) for name, value in zip(FIELDS, CALL, strict=True)]


def seconds(contact, later, earlier="arrival"):
    return (contact[later] - contact[earlier]).total_seconds()


def test_every_planted_quirk_is_counted(synthetic):
    truth, report, _ = synthetic
    planted = truth.quirks
    assert report.dropped == {
        "blank line": planted["extra_blank"],
        "call_id repeated": planted["extra_duplicate"],
        "outcome PHANTOM": planted["extra_phantom"],
        "type AA": planted["extra_type_aa"],
    }
    assert report.rejected == {
        "row: expected 17 tab-separated fields, found 10": planted["extra_malformed"],
        "vru_entry: expected a time of day H:MM:SS": planted["extra_bad_time"],
    }
    assert report.repaired == {
        "HANG with a service nobody took: left out": planted["hang_with_service"],
        "priority and type merged: split": planted["merged"],
        "service over an hour: clipped": planted["clipped"],
        "type padded with blanks: trimmed": planted["padded_type"],
        "vru_entry after q_start: q_start taken": 0,
        "vru_time negative: taken as missing": planted["negative_menu_time"] + planted["extra_menu_over_midnight"],
    }
    assert report.noted["answered by NO_SERVER: agent unknown"] == planted["no_server"]
    assert report.noted["service over midnight"] == planted["extra_service_over_midnight"]
    assert report.rows_read == truth.rows and report.balanced


def test_the_log_holds_the_simulated_calls(synthetic):
    truth, report, path = synthetic
    log, planted = read_log(path), truth.quirks
    outcomes = {pair["values"]: pair["counts"] for pair in pc.value_counts(log["outcome"].cast("string")).to_pylist()}
    assert outcomes == {
        "served": truth.served + planted["extra_service_over_midnight"],
        "abandoned": truth.abandoned,
        "left_menu": truth.left_menu + planted["extra_menu_over_midnight"],
    }
    assert pc.sum(log["wait_s"]).as_py() == truth.wait_s
    assert pc.sum(log["service_clipped"]).as_py() == planted["clipped"]
    assert set(pc.unique(log["type"]).cast("string").to_pylist()) == set(truth.parameters.type_share)
    assert report.rows_written == log.num_rows == pc.count_distinct(log["contact_id"]).as_py()


def test_the_synthetic_log_is_a_first_come_first_served_queue(synthetic):
    truth, _, path = synthetic
    log = read_log(path).filter(pc.equal(read_log(path)["outcome"], "served"))
    log = log.sort_by([("queue_enter", "ascending"), ("service_start", "ascending")])
    starts = log["service_start"].to_numpy()
    assert np.all(np.diff(starts) >= np.timedelta64(0))
    assert truth.abandoned > 100 and truth.retrials > 50
    for agent in truth.agent_effect:
        one = log.filter(pc.equal(log["agent"], agent)).sort_by("service_start")
        one = one.filter(pc.invert(one["service_clipped"]))
        ends = one["service_start"].to_numpy() + (1e6 * one["service_s"].to_numpy()).astype("timedelta64[us]")
        assert np.all(one["service_start"].to_numpy()[1:] >= ends[:-1]), agent


def test_the_same_seed_writes_the_same_bytes(tmp_path):
    for name in ("a", "b"):
        write_synthetic_log(tmp_path / name, seed=1, days=1)
    write_synthetic_log(tmp_path / "c", seed=2, days=1)
    assert (tmp_path / "a").read_bytes() == (tmp_path / "b").read_bytes() != (tmp_path / "c").read_bytes()


def test_rejects_name_file_line_field_and_keep_the_line(synthetic):
    _, report, path = synthetic
    lines = (path.parent / "calls.tsv").read_text().splitlines()
    with open(f"{path}.rejects.csv", newline="") as file:
        rejects = list(csv.DictReader(file))
    assert len(rejects) == sum(report.rejected.values()) == 7
    for reject in rejects:
        assert reject["file"] == "calls.tsv"
        assert reject["raw"] == lines[int(reject["row"]) - 1]
    assert json.loads(Path(f"{path}.report.json").read_text()) == asdict(report)


def test_the_report_prints(synthetic):
    console = Console(width=120, record=True, quiet=False, file=open(os.devnull, "w"))  # noqa: SIM115
    console.print(report_table(synthetic[1]))
    assert "outcome PHANTOM" in console.export_text()


def test_a_call_that_waited(tmp_path):
    (contact,), _ = import_rows(tmp_path, CALL)
    assert contact["contact_id"] == "AA0101-1" and contact["customer_id"] == "5" and contact["priority"] == 2
    assert (seconds(contact, "queue_enter"), contact["wait_s"]) == (6, 30)
    assert (contact["agent"], seconds(contact, "service_start"), contact["service_s"]) == ("A01", 35, 100)


def test_a_call_answered_at_once(tmp_path):
    at_once = changed(customer_id="0", q_start="0:00:00", q_exit="0:00:00", q_time="0", ser_start="9:00:05")
    (contact,), _ = import_rows(tmp_path, at_once)
    assert contact["outcome"] == "served" and contact["customer_id"] is None
    assert (seconds(contact, "queue_enter"), contact["wait_s"], seconds(contact, "service_start")) == (
        6,
        0,
        5,
    )


def test_hanging_up_in_the_queue_at_its_door_and_in_the_menu(tmp_path):
    gone = [*CALL[:12], "HANG", *NONE, "NO_SERVER"]
    door = [*gone[:9], "9:00:06", "9:00:06", "0", *gone[12:]]
    menu = [*gone[:9], *NONE, *gone[12:]]
    for number, row in enumerate((gone, door, menu)):
        row[1] = str(number)
    contacts, _ = import_rows(tmp_path, gone, door, menu)
    assert [c["outcome"] for c in contacts] == ["abandoned", "abandoned", "left_menu"]
    assert [c["wait_s"] for c in contacts] == [30, 0, None]
    assert contacts[2]["queue_enter"] is None


def test_midnight_between_entry_queue_and_service(tmp_path):
    late = changed(vru_entry="23:59:50", vru_exit="23:59:56", q_start="0:00:00", q_exit="0:00:30", ser_start="0:00:29")
    (contact,), report = import_rows(tmp_path, late)
    assert (seconds(contact, "queue_enter"), seconds(contact, "service_start")) == (10, 39)
    assert not report.rejected


def test_an_entry_after_the_queue_start_is_not_believed(tmp_path):
    contacts, report = import_rows(
        tmp_path,
        changed(vru_entry="9:00:46", vru_time="-40"),
        changed(call_id="2", vru_entry="9:00:20", vru_exit="9:00:20", vru_time="0"),
    )
    assert [seconds(c, "queue_enter") for c in contacts] == [0, 0]
    assert report.repaired["vru_entry after q_start: q_start taken"] == 1
    assert report.repaired["vru_time negative: taken as missing"] == 1


def test_an_unnamed_server_and_a_long_service(tmp_path):
    contacts, _ = import_rows(tmp_path, changed(server="NO_SERVER"), changed(call_id="2", ser_time="3601"))
    assert [c["agent_unknown"] for c in contacts] == [True, False]
    assert [c["agent"] for c in contacts] == [None, "A01"]
    assert [(c["service_s"], c["service_clipped"]) for c in contacts] == [(100, False), (3600, True)]


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"priority": "x"}, "priority"),
        ({"priority": "300"}, "priority"),
        ({"type": ""}, "type"),
        ({"date": "991301"}, "date"),
        ({"vru_entry": "24:00:00"}, "vru_entry"),
        ({"q_start": "9-00-06"}, "q_start"),
        ({"q_start": "123:00:06"}, "q_start"),
        ({"q_time": "3O"}, "q_time"),
        ({"q_time": "-30"}, "wait_s"),
        ({"outcome": "LOST"}, "outcome"),
        ({"ser_time": ""}, "ser_time"),
        ({"ser_start": "8:00:00"}, "service_start"),
    ],
)
def test_a_wrong_field_rejects_its_row_only(tmp_path, change, field):
    contacts, report = import_rows(tmp_path, changed(**change), changed(call_id="2"), header=False)
    assert [c["contact_id"] for c in contacts] == ["AA0101-2"]
    (reason,) = report.rejected
    assert reason.startswith(f"{field}: expected ")
    assert Path(tmp_path / "log.parquet.rejects.csv").read_text().splitlines()[1].startswith("calls.tsv,1,")


def test_gzip_and_repeated_files(tmp_path):
    (tmp_path / "calls.tsv").write_text("\t".join(CALL) + "\n")
    (tmp_path / "again.tsv.gz").write_bytes(gzip.compress(("\t".join(CALL) + "\n").encode()))
    paths = [tmp_path / "calls.tsv", tmp_path / "again.tsv.gz"]
    report = import_logs(paths, "technion", tmp_path / "log.parquet")
    assert (report.rows_read, report.rows_written, report.dropped["call_id repeated"]) == (2, 1, 1)


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"", r"row 1: expected the 17 tab-separated fields"),
        (b"a,b,c\n1,2,3\n", r"row 1: expected the 17 tab-separated fields .* found 1 field"),
        (
            "\t".join(changed(q_time="x")).encode(),
            r"none of the 1 rows is usable; first: .*row 1, field q_time",
        ),
        ("\t".join(CALL).encode() + b"\n" + "\t".join(changed(server="\xe9")).encode("latin-1"), "UTF8"),
    ],
)
def test_a_file_that_is_no_call_log_leaves_nothing(tmp_path, content, message):
    (tmp_path / "bad.tsv").write_bytes(content)
    with pytest.raises(ContactLogError, match=message):
        import_logs([tmp_path / "bad.tsv"], "technion", tmp_path / "log.parquet", progress=False)
    assert [path.name for path in tmp_path.iterdir()] == ["bad.tsv"]


def test_a_broken_gzip_and_a_missing_file_are_named(tmp_path):
    whole = gzip.compress(("\t".join(CALL) + "\n").encode() * 1000)
    (tmp_path / "cut.tsv.gz").write_bytes(whole[:-20])
    for name in ("cut.tsv.gz", "none.tsv"):
        with pytest.raises(ContactLogError, match=name):
            import_logs([tmp_path / name], "technion", tmp_path / "log.parquet", progress=False)


@pytest.fixture(scope="module")
def real(tmp_path_factory):
    if "MAITRED_DATA" not in os.environ:
        pytest.skip("MAITRED_DATA names no directory that holds anonymous_bank/")
    bank = Path(os.environ["MAITRED_DATA"]) / "anonymous_bank"
    raw = [bank / f"{month}_1999_raw.tsv.gz" for month in ("january", "february", "march")]
    out = tmp_path_factory.mktemp("real") / "log.parquet"
    report = import_logs(raw, "technion", out, progress=False)
    april = np.datetime64("1999-04-01", "us")
    typed = pq.read_table(bank / "calls_1999_01_08.parquet", filters=[("arrival", "<", april)])
    return report, read_log(out), typed


def test_the_real_log_agrees_with_its_typed_table(real):
    report, log, typed = real
    contact = pc.and_(pc.not_equal(typed["outcome"], "PHANTOM"), pc.not_equal(typed["type"], "AA"))
    typed = typed.append_column("contact", contact)
    calls = typed.filter(contact)
    answered = pc.equal(calls["outcome"], "AGENT")
    served = pc.equal(log["outcome"], "served")
    assert report.rows_read == typed.num_rows and report.balanced
    assert report.rows_written + sum(report.rejected.values()) == calls.num_rows
    assert report.dropped["outcome PHANTOM"] == pc.sum(pc.equal(typed["outcome"], "PHANTOM")).as_py()
    assert pc.sum(served).as_py() == pc.sum(answered).as_py()
    assert pc.sum(log["wait_s"]).as_py() == pc.sum(calls["q_time"]).as_py()
    clipped = pc.min_element_wise(calls["ser_time"], 3600).filter(answered)
    assert pc.sum(log["service_s"]).as_py() == pc.sum(clipped).as_py()
    for column, theirs in (("type", "type"), ("priority", "priority")):
        ours = log[column].cast("string").combine_chunks().value_counts().to_pylist()
        expected = calls[theirs].cast("string").combine_chunks().value_counts().to_pylist()
        assert sorted(ours, key=str) == sorted(expected, key=str)


def test_the_quirks_of_the_real_log(real):
    report, _, _ = real
    assert report.rejected == {}
    assert report.dropped["type AA"] == 2
    assert report.repaired["service over an hour: clipped"] == 13
    assert report.repaired["vru_time negative: taken as missing"] == 82
    assert report.noted["answered by NO_SERVER: agent unknown"] == 1488
    assert report.noted["queue over midnight"] == 5 and report.noted["service over midnight"] == 61
