"""Personal data have no place in a log that policies learn from (GV-9): columns and values that look so are refused."""

from __future__ import annotations

import re
from collections.abc import Iterable
from functools import cache

import pyarrow as pa
import pyarrow.compute as pc

from maitred.training.decision_log.schema import DecisionLogError

_WORDS = frozenset(
    (
        "address", "birthdate", "birthday", "card", "city", "dob", "email", "fax", "firstname", "fullname", "iban",
        "ip", "lastname", "mail", "mobile", "msisdn", "name", "passport", "password", "phone", "postcode", "ssn",
        "street", "surname", "tel", "telephone", "text", "transcript", "zip", "zipcode",
    )
)  # fmt: skip
_PATTERNS = (
    (r"[^@\s]+@[^@\s]+\.[A-Za-z]{2,}", "an e-mail address"),
    (
        r"^\s*(\+\d[\d ().-]{6,}\d|\(?0\d{1,4}\)?[ .-]\d[\d .-]{4,}\d|\d{3}[ .-]\d{3}[ .-]\d{4})\s*$",
        "a telephone number",
    ),
)


class PersonalDataError(DecisionLogError):
    """A column, or a value of one, that looks like personal data."""


def refuse_personal_names(names: Iterable[str], where: str) -> None:
    """Refuse column names that speak of a person.

    Raises:
        PersonalDataError: naming the first such column.
    """
    for name in names:
        if found := _spoken_of(name):
            raise PersonalDataError(
                f"{where}: field {name}: expected no personal data, found a column of {found}; leave it out"
            )


@cache
def _spoken_of(name: str) -> str | None:
    """What a name says of a person, if it does."""
    words = set(re.findall(r"[a-z]+", re.sub(r"([a-z])([A-Z])", r"\1_\2", name).lower()))
    return min(words & _WORDS, default=None)


def refuse_personal_text(value: str, name: str, where: str) -> None:
    """Refuse one value; raises as `refuse_personal_values`."""
    for pattern, what in _PATTERNS:
        if re.search(pattern, value):
            raise PersonalDataError(f"{where}: field {name}: expected a pseudonym, found {what}; hash it first")


def refuse_personal_values(table: pa.Table, where: str) -> None:
    """Refuse text columns in which a value is an e-mail address or a telephone number.

    Raises:
        PersonalDataError: naming the column and the row; the value is not repeated.
    """
    for name in table.column_names:
        if pa.types.is_string(table[name].type):
            values = pc.unique(table[name]).drop_null()
            for pattern, what in _PATTERNS:
                if pc.any(pc.match_substring_regex(values, pattern), min_count=0).as_py():
                    row = pc.index(pc.fill_null(pc.match_substring_regex(table[name], pattern), False), True).as_py()
                    raise PersonalDataError(
                        f"{where}: row {row + 1}: field {name}: expected a pseudonym, found {what}; hash it first"
                    )
