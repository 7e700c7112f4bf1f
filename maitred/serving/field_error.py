"""What is said of a file that must not be believed."""

from __future__ import annotations


class FieldError(ValueError):
    """A file that must not be used: which file, which field of it, what was expected and found."""

    def __init__(self, file: str, field: str, expected: object, found: object) -> None:
        super().__init__(f"{file}: {field}: expected {expected}, found {found}")
        self.file = file
        self.field = field
