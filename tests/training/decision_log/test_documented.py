"""The page on decision logs says of every column what the schema says."""

from pathlib import Path

import pyarrow as pa
import pytest

from maitred.training.decision_log.schema import COLUMNS, EVENT_MEANINGS, EVENTS, TERMS, VERSION

PAGE = (Path(__file__).parents[3] / "docs" / "decision_log.md").read_text()


def type_text(kind):
    if pa.types.is_fixed_size_list(kind):
        return f"{kind.list_size} x {kind.value_type}"
    if pa.types.is_list(kind):
        return f"list of {type_text(kind.value_type)}"
    return "struct" if pa.types.is_struct(kind) else str(kind)


def line(column):
    text = column.meaning.replace(" | ", "; ")
    null = "yes" if column.nullable else ""
    return f"| `{column.name}` | {type_text(column.type)} | {null} | {column.unit} | {text} |"


@pytest.mark.parametrize("column", COLUMNS, ids=lambda column: column.name)
def test_every_column_is_documented(column):
    assert line(column) in PAGE


@pytest.mark.parametrize("name", EVENTS.names)
def test_every_event_is_documented(name):
    unit, meaning = EVENT_MEANINGS[name]
    assert f"| `{name}` | {type_text(EVENTS.field(name).type)} | {unit} | {meaning} |" in PAGE


@pytest.mark.parametrize("name", TERMS.names)
def test_every_term_is_documented(name):
    assert f"| `{name}` |" in PAGE


def test_the_version_is_documented():
    assert f"## Form, version {VERSION}" in PAGE
