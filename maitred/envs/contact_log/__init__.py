"""The contact log: its schema, and the importers that turn raw call logs into it."""

from maitred.envs.contact_log.ingest import import_logs
from maitred.envs.contact_log.report import ImportReport, report_table
from maitred.envs.contact_log.schema import (
    OUTCOMES,
    SCHEMA,
    VERSION,
    ContactLogError,
    iterate_log,
    log_writer,
    read_log,
)

__all__ = [
    "OUTCOMES",
    "SCHEMA",
    "VERSION",
    "ContactLogError",
    "ImportReport",
    "import_logs",
    "iterate_log",
    "log_writer",
    "read_log",
    "report_table",
]
