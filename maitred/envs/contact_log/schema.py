"""The canonical contact log: one parquet file, one row per contact, the same for every center.

Importers write it, calibration and replay read it. Times are wall-clock times of the center (no time
zone), durations are seconds. Rows stand in the order of the source files: sort by `arrival` if the order
matters. The version stands in the parquet key-value metadata; a reader refuses any other.
"""

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import NamedTuple

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from maitred.whole_file import whole_file

VERSION = "1"
VERSION_KEY = b"maitred.contact_log.version"
ROW_GROUP_ROWS = 1 << 17

SERVED, ABANDONED, LEFT_MENU = OUTCOMES = ("served", "abandoned", "left_menu")


class ContactLogError(ValueError):
    """A contact log, or a file to be imported as one, is not what it must be."""


class Column(NamedTuple):
    """One column of the log: its name, parquet type, whether it may be null, and what it says."""

    name: str
    type: pa.DataType
    nullable: bool
    meaning: str


_TIME, _SECONDS, _LABEL = pa.timestamp("us"), pa.float64(), pa.dictionary(pa.int32(), pa.string())

COLUMNS = (
    Column("contact_id", pa.string(), False, "identifier, unique in the log"),
    Column("initial_id", pa.string(), True, "first contact of the chain of transfers; null: none recorded"),
    Column("customer_id", pa.string(), True, "pseudonym of the customer; null: not identified"),
    Column("channel", _LABEL, False, "voice, chat, email, task, ..."),
    Column("type", _LABEL, True, "intent or queue; null only where the contact left before one was known"),
    Column("priority", pa.int8(), False, "priority class, larger is more urgent; 0: none"),
    Column("arrival", _TIME, False, "entry into the system, the menu included"),
    Column("queue_enter", _TIME, True, "joined the queue or was offered to an agent; null: left_menu"),
    Column("wait_s", _SECONDS, True, "s from queue_enter until answered or gone; 0: at once; null: left_menu"),
    Column("outcome", _LABEL, False, "served | abandoned (in queue) | left_menu (hung up before queueing)"),
    Column("agent", pa.string(), True, "pseudonym of who answered; null: not served, or agent_unknown"),
    Column("service_start", _TIME, True, "as recorded; null: not served, or not recorded"),
    Column("service_s", _SECONDS, True, "s with the customer; null: not served, or not recorded"),
    Column("wrap_s", _SECONDS, True, "s of after-contact work; null: not recorded apart from service_s"),
    Column("service_clipped", pa.bool_(), False, "the recorded service was longer: service_s is the clip"),
    Column("agent_unknown", pa.bool_(), False, "answered, nobody named: leave out of service statistics"),
)

SCHEMA = pa.schema(
    [pa.field(c.name, c.type, c.nullable, metadata={"meaning": c.meaning}) for c in COLUMNS],
    metadata={VERSION_KEY: VERSION.encode()},
)


class Rule(NamedTuple):
    """A condition every row satisfies. `field`: the column to blame; `holds`: one boolean per row."""

    field: str
    expected: str
    holds: pa.BooleanArray


def rules(contacts: pa.Table) -> tuple[Rule, ...]:
    """Evaluate the conditions between the columns of `contacts` (SCHEMA's columns, any number of rows)."""
    c = {name: contacts[name].combine_chunks() for name in contacts.column_names}
    served, left = pc.equal(c["outcome"], SERVED), pc.equal(c["outcome"], LEFT_MENU)
    known = pc.is_in(c["outcome"], value_set=pa.array(OUTCOMES))
    queued, waited = pc.is_valid(c["queue_enter"]), pc.is_valid(c["wait_s"])
    return (
        Rule("outcome", "one of " + ", ".join(OUTCOMES), known),
        Rule("type", "a value unless the contact left the menu", pc.or_(left, pc.is_valid(c["type"]))),
        Rule("queue_enter", "a time exactly where the contact queued", pc.xor(left, queued)),
        Rule("queue_enter", "not before arrival", _at_most(c["arrival"], c["queue_enter"])),
        Rule("wait_s", "a value exactly where the contact queued", pc.xor(left, waited)),
        Rule("wait_s", "at least 0", _at_most(0.0, c["wait_s"])),
        Rule("agent", "null exactly where not served or unknown", _named_where_known(c, served)),
        Rule("service_start", "null unless served", pc.or_(served, pc.is_null(c["service_start"]))),
        Rule("service_start", "not before arrival", _at_most(c["arrival"], c["service_start"])),
        Rule("service_s", "null unless served", pc.or_(served, pc.is_null(c["service_s"]))),
        Rule("service_s", "at least 0", _at_most(0.0, c["service_s"])),
        Rule("wrap_s", "at least 0", _at_most(0.0, c["wrap_s"])),
    )


def _at_most(low: object, high: object) -> pa.BooleanArray:
    return pc.fill_null(pc.less_equal(low, high), True)


def _named_where_known(columns: dict[str, pa.Array], served: pa.BooleanArray) -> pa.BooleanArray:
    known = pc.and_(served, pc.invert(columns["agent_unknown"]))
    return pc.equal(pc.is_valid(columns["agent"]), known)


@contextmanager
def log_writer(path: Path | str) -> Iterator[Callable[[pa.Table], None]]:
    """Yield a function that appends a table (SCHEMA's columns) to a new log; holds one row group in memory.

    The log stands under `path` when the block ends without error.

    Raises:
        ContactLogError: a row breaks one of the `rules`.
    """
    waiting: list[pa.Table] = []

    def append(contacts: pa.Table) -> None:
        waiting.append(contacts.select(SCHEMA.names).cast(SCHEMA))
        if sum(table.num_rows for table in waiting) >= ROW_GROUP_ROWS:
            flush()

    def flush() -> None:
        group = pa.concat_tables([SCHEMA.empty_table(), *waiting]).combine_chunks()
        waiting.clear()
        _refuse_broken(group)
        writer.write_table(group)

    with (
        whole_file(Path(path)) as temporary,
        pq.ParquetWriter(temporary, SCHEMA, compression="zstd") as writer,
    ):
        yield append
        flush()


def _refuse_broken(contacts: pa.Table) -> None:
    for field, expected, holds in rules(contacts):
        if not pc.all(holds, min_count=0).as_py():
            contact = contacts["contact_id"].filter(pc.invert(holds))[0]
            raise ContactLogError(f"contact {contact}: field {field}: expected {expected}")


def read_log(path: Path | str, columns: Sequence[str] | None = None) -> pa.Table:
    """Read a log, or the named `columns` of it, as a table.

    Raises:
        ContactLogError: no contact log, one of another version, or no such column.
    """
    with _open(path, columns) as file:
        return file.read(columns=columns)


def iterate_log(path: Path | str, columns: Sequence[str] | None = None) -> Iterator[pa.RecordBatch]:
    """Yield the log, or the named `columns` of it, in batches; raises as `read_log` does."""
    with _open(path, columns) as file:
        yield from file.iter_batches(columns=columns)


def _open(path: Path | str, columns: Sequence[str] | None) -> pq.ParquetFile:
    try:
        file = pq.ParquetFile(path)
    except (pa.ArrowInvalid, FileNotFoundError) as error:
        raise ContactLogError(f"{path}: not a contact log: {error}") from error
    found = (file.schema_arrow.metadata or {}).get(VERSION_KEY, b"none").decode()
    if found != VERSION:
        raise ContactLogError(f"{path}: contact-log version {found}, expected {VERSION}: import it again")
    if unknown := set(columns or ()) - set(SCHEMA.names):
        raise ContactLogError(f"{path}: no column {', '.join(sorted(unknown))} in a contact log")
    return file
