import csv
import datetime as dt
import json
from importlib import resources
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from maitred.envs.contact_log import ContactLogError, import_logs, read_log
from maitred.envs.contact_log.duplicates import SeenIds
from maitred.envs.contact_log.fields import timestamps
from maitred.envs.contact_log.mapping import load_mapping, refuse_protected

AMAZON = resources.files("maitred.envs.contact_log") / "mappings" / "amazon_connect.yaml"
RECORD = {
    "ContactId": "c-1",
    "InitialContactId": "",
    "InitiationMethod": "INBOUND",
    "Channel": "VOICE",
    "Queue.Name": "billing",
    "InitiationTimestamp": "2025-03-15T14:30:00Z",
    "Queue.EnqueueTimestamp": "2025-03-15T14:30:20Z",
    "Queue.DequeueTimestamp": "2025-03-15T14:31:05Z",
    "Agent.Username": "a17",
    "Agent.ConnectedToAgentTimestamp": "2025-03-15T14:31:06Z",
    "Agent.AgentInteractionDuration": "100",
    "Agent.CustomerHoldDuration": "20",
    "Agent.AfterContactWorkDuration": "30",
    "DisconnectTimestamp": "2025-03-15T14:33:06Z",
    "LastUpdateTimestamp": "2025-03-15T14:40:00Z",
    "CustomerEndpoint.Address": "+15550100",
}
NO_AGENT = {name: "" for name in RECORD if name.startswith("Agent.")}
NO_QUEUE = {name: "" for name in RECORD if name.startswith("Queue.")}


def write_csv(path, *changes):
    with open(path, "w", newline="") as file:
        writer = csv.DictWriter(file, RECORD)
        writer.writeheader()
        writer.writerows({**RECORD, **change} for change in changes)


def import_records(folder, *changes):
    write_csv(folder / "records.csv", *changes)
    report = import_logs(
        [folder / "records.csv"], "mapped", folder / "log.parquet", mapping=str(AMAZON), progress=False
    )
    assert report.balanced
    return read_log(folder / "log.parquet").to_pylist(), report


def mapping_file(folder, text):
    (folder / "mapping.yaml").write_text(text)
    return folder / "mapping.yaml"


def test_a_served_contact(tmp_path):
    (contact,), _ = import_records(tmp_path, {})
    assert contact == {
        "contact_id": "c-1",
        "initial_id": None,
        "customer_id": None,
        "channel": "voice",
        "type": "billing",
        "priority": 0,
        "arrival": dt.datetime(2025, 3, 15, 14, 30),
        "queue_enter": dt.datetime(2025, 3, 15, 14, 30, 20),
        "wait_s": 45.0,
        "outcome": "served",
        "agent": "a17",
        "service_start": dt.datetime(2025, 3, 15, 14, 31, 6),
        "service_s": 120.0,
        "wrap_s": 30.0,
        "service_clipped": False,
        "agent_unknown": False,
    }


def test_the_other_outcomes(tmp_path):
    contacts, report = import_records(
        tmp_path,
        {"ContactId": "abandoned", **NO_AGENT},
        {"ContactId": "no dequeue", **NO_AGENT, "Queue.DequeueTimestamp": ""},
        {"ContactId": "menu", **NO_AGENT, **NO_QUEUE},
        {"ContactId": "direct", "Queue.EnqueueTimestamp": "", "Queue.DequeueTimestamp": ""},
        {"ContactId": "unnamed", "Agent.Username": ""},
        {"ContactId": "outbound", "InitiationMethod": "OUTBOUND"},
    )
    assert [(c["contact_id"], c["outcome"], c["wait_s"]) for c in contacts] == [
        ("abandoned", "abandoned", 45),
        ("no dequeue", "abandoned", 166),
        ("menu", "left_menu", None),
        ("direct", "served", 0),
        ("unnamed", "served", 45),
    ]
    assert contacts[4]["agent_unknown"] and report.noted["answered, agent unknown"] == 1
    assert report.dropped["InitiationMethod is none of those to keep"] == 1


def test_the_newest_copy_of_a_contact_counts_across_files(tmp_path):
    old = {"LastUpdateTimestamp": "2025-03-15T14:35:00Z", "Queue.Name": "old"}
    new = {"LastUpdateTimestamp": "2025-03-15T14:50:00Z", "Queue.Name": "new"}
    write_csv(tmp_path / "1.csv", old, new, {"ContactId": "other"})
    write_csv(tmp_path / "2.csv", {})
    paths = [tmp_path / "1.csv", tmp_path / "2.csv"]
    report = import_logs(paths, "mapped", tmp_path / "log.parquet", mapping=str(AMAZON), progress=False)
    types = {c["contact_id"]: c["type"] for c in read_log(tmp_path / "log.parquet").to_pylist()}
    assert types == {"c-1": "new", "other": "billing"}
    assert report.balanced and report.dropped["older copy of a contact_id"] == 2


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"ContactId": ""}, "contact_id"),
        ({"InitiationTimestamp": ""}, "arrival"),
        ({"InitiationTimestamp": "15.3.2025"}, "arrival"),
        ({"Queue.EnqueueTimestamp": "2025-03-15T14:29:59Z"}, "queue_enter"),
        ({"Queue.DequeueTimestamp": "2025-03-15T14:30:19Z"}, "wait_s"),
        ({"Queue.Name": ""}, "type"),
        ({"Agent.Username": "ann@example.org"}, "agent"),
        ({"Agent.AgentInteractionDuration": "1m"}, "service_s"),
        ({"Agent.AfterContactWorkDuration": "-1"}, "wrap_s"),
    ],
)
def test_a_wrong_field_rejects_its_row_only(tmp_path, change, field):
    contacts, report = import_records(tmp_path, {"ContactId": "c-0"}, change)
    assert [c["contact_id"] for c in contacts] == ["c-0"]
    with open(tmp_path / "log.parquet.rejects.csv", newline="") as file:
        (reject,) = csv.DictReader(file)
    assert (reject["file"], reject["row"], reject["field"]) == ("records.csv", "3", field)
    assert "Agent.Username" not in json.loads(reject["raw"])
    assert "15550100" not in reject["raw"] and "ann@" not in reject["raw"]
    assert sum(report.rejected.values()) == 1


def test_a_line_cut_wrongly_is_rejected_without_its_text(tmp_path):
    write_csv(tmp_path / "records.csv", {})
    with open(tmp_path / "records.csv", "a") as file:
        file.write("c-2,+15550100\n\n")
    out = tmp_path / "log.parquet"
    report = import_logs([tmp_path / "records.csv"], "mapped", out, mapping=str(AMAZON), progress=False)
    assert report.rejected == {"row: expected 16 fields, found 2": 1} and report.balanced
    assert report.dropped["blank line"] == 1
    assert "15550100" not in Path(f"{out}.rejects.csv").read_text()


def test_parquet_of_typed_columns_reads_as_the_csv_does(tmp_path):
    contacts, _ = import_records(tmp_path, {}, {"ContactId": "c-2", **NO_AGENT})
    rows = [{k: v or None for k, v in {**RECORD, **c}.items()} for c in ({}, {"ContactId": "c-2", **NO_AGENT})]
    for row in rows:
        for name, value in row.items():
            if value and name.endswith("Timestamp"):
                row[name] = dt.datetime.fromisoformat(value)
            elif value and name.endswith("Duration"):
                row[name] = int(value)
    pq.write_table(pa.Table.from_pylist(rows), tmp_path / "records.parquet")
    paths = [tmp_path / "records.parquet"]
    import_logs(paths, "mapped", tmp_path / "log.parquet", mapping=str(AMAZON), progress=False)
    assert read_log(tmp_path / "log.parquet").to_pylist() == contacts


MINIMAL = """
columns:
  {contact_id: id, arrival: at, queue_enter: q, ended: end, service_start: s, service_s: talk, agent: who}
timezone: Europe/Berlin
"""


def test_times_with_and_without_offset_become_wall_clock_times_of_the_zone(tmp_path):
    (tmp_path / "calls.csv").write_text(
        "id,at,q,s,end,talk,who\n"
        "1,2025-07-01T10:00:00,2025-07-01T08:00:10Z,2025-07-01 10:00:30,,60,x\n"
        "2,2025-01-01T10:00:00.250+02:00,2025-01-01T08:00:10Z,,2025-01-01T09:00:15,,\n"
    )
    mapping = mapping_file(tmp_path, MINIMAL)
    import_logs([tmp_path / "calls.csv"], "mapped", tmp_path / "log.parquet", mapping=mapping, progress=False)
    first, second = read_log(tmp_path / "log.parquet").to_pylist()
    assert second["wait_s"] == 5
    assert first["queue_enter"] == dt.datetime(2025, 7, 1, 10, 0, 10) and first["wait_s"] == 20
    assert second["arrival"] == dt.datetime(2025, 1, 1, 9, 0, 0, 250_000)
    assert (first["channel"], first["type"], first["priority"]) == ("voice", "any", 0)


@pytest.mark.parametrize(("unit", "zone", "hour"), [("ns", None, 10), ("s", "UTC", 12), ("ms", "Asia/Tokyo", 12)])
def test_typed_times(unit, zone, hour):
    ten = pa.array([dt.datetime(2025, 7, 1, 10)], pa.timestamp(unit))
    local, bad = timestamps(ten.cast(pa.timestamp(unit, zone)), "Europe/Berlin")
    assert local.to_pylist() == [dt.datetime(2025, 7, 1, hour)] and not bad.any()


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("columns: [", "mapping.yaml"),
        ("- columns", "expected a table"),
        ("colums: {}", "unknown colums"),
        ("columns: {contact_id: id}", "arrival, queue_enter, .* must be mapped"),
        (MINIMAL.replace("ended: end, ", ""), "queue_exit or ended must be mapped"),
        (MINIMAL.replace("agent:", "person:"), "unknown person"),
        (MINIMAL.replace("at,", "[at, on],"), "arrival: expected the name of one column"),
        (MINIMAL.replace("Europe/Berlin", "Berlin"), "'Berlin' is no IANA time zone"),
        (MINIMAL.replace("who", "AgentEmail"), "'AgentEmail' looks like personal data"),
        (MINIMAL + "values: {channel: voice}", "values: channel"),
        ("columns: !!python/object/apply:os.getcwd []", "mapping.yaml"),
    ],
)
def test_a_wrong_mapping_says_what_is_wrong(tmp_path, text, message):
    with pytest.raises(ContactLogError, match=message):
        load_mapping(mapping_file(tmp_path, text))


@pytest.mark.parametrize(
    "column",
    ["CustomerEndpoint.Address", "phone_number", "E-Mail", "email", "customerName", "Last Name", "ANI", "DateOfBirth"],
)
def test_personal_data_is_refused(column):
    with pytest.raises(ContactLogError, match="looks like personal data"):
        refuse_protected(column)


@pytest.mark.parametrize("column", ["Queue.Name", "Agent.Username", "CustomerId", "language", "SkillName", "stage"])
def test_other_columns_are_not(column):
    refuse_protected(column)


def test_a_missing_column_is_named_and_nothing_is_left(tmp_path):
    (tmp_path / "calls.csv").write_text("id,at\n1,2\n")
    mapping = mapping_file(tmp_path, MINIMAL)
    pq.write_table(pa.table({"id": [1]}), tmp_path / "calls.parquet")
    for name in ("calls.csv", "calls.parquet"):
        with pytest.raises(ContactLogError, match=rf"{name}: .*column"):
            import_logs([tmp_path / name], "mapped", tmp_path / "log.parquet", mapping=mapping, progress=False)
    assert not list(tmp_path.glob("log*"))


def test_mapping_and_format_belong_together(tmp_path):
    (tmp_path / "calls.csv").write_text("")
    for format_, mapping in (("mapped", None), ("technion", str(AMAZON)), ("xml", None)):
        with pytest.raises(ContactLogError):
            import_logs([tmp_path / "calls.csv"], format_, tmp_path / "log.parquet", mapping, progress=False)


def test_seen_identifiers_are_told_from_new_ones_over_many_batches():
    seen, known = SeenIds(), set()
    for batch in range(40):
        ids = [str((batch * 37 + i * i) % 501) for i in range(25)]
        expected = [id_ not in known and id_ not in ids[:i] for i, id_ in enumerate(ids)]
        assert seen.first_time(ids).tolist() == expected
        known.update(ids)
