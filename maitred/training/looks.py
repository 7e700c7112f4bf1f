"""The ledger of looks: each time a policy is judged on a frozen set, one line is added.

Evidence wears out by being looked at: the best of twenty candidates looks better than it is. So looks are
counted where the evidence lies. Every line carries the hash of its own content and of the line before it, and
the first carries the hash of the set, so a line that was edited, moved or taken out shows. Cutting lines off
the end does not show in the file itself; an evaluation therefore keeps the hash of the last line it saw.
"""

from __future__ import annotations

import fcntl
import hashlib
import json
import os
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from pathlib import Path


class FrozenSetError(ValueError):
    """A frozen set that must not be used as evidence; the message names the file and what is wrong with it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Look:
    """One line of the ledger.

    Attributes:
        number: 1 for the first look.
        time: when, UTC, ISO 8601.
        policy: name of the policy that was judged.
        policy_id: its identity: the SHA-256 of a bundle's manifest, or the name of a rule.
        command: the command that looked.
        kpis_sha256: hash of the KPI sums that were seen.
        previous: hash of the line before, or of the set.
        sha256: hash of all of the above.
    """

    number: int
    time: str
    policy: str
    policy_id: str
    command: str
    kpis_sha256: str
    previous: str
    sha256: str = ""


@dataclass(frozen=True, slots=True)
class Looks:
    """The ledger of one frozen set.

    Attributes:
        path: the file, one JSON object a line.
        anchor: hash of the set, which the first line carries on.
    """

    path: Path
    anchor: str

    def read(self) -> list[Look]:
        """All looks, their chain of hashes verified.

        Raises:
            FrozenSetError: The file is missing, or a line was changed, moved or taken out.
        """
        try:
            raw = self.path.read_bytes()
        except OSError as error:
            raise FrozenSetError(f"{self.path}: expected a readable file, found {error.strerror}") from error
        return self._verified(raw)

    def record(self, *, policy: str, policy_id: str, command: str, kpis_sha256: str) -> Look:
        """Append one look; it is on disk when this returns.

        Raises:
            FrozenSetError: The ledger does not verify; nothing is appended.
        """
        try:
            descriptor = os.open(self.path, os.O_RDWR | os.O_APPEND)
        except OSError as error:
            raise FrozenSetError(f"{self.path}: expected a writable file, found {error.strerror}") from error
        with os.fdopen(descriptor, "r+b", buffering=0) as file:
            fcntl.flock(file, fcntl.LOCK_EX)  # two evaluations may end at once, and each line follows the last
            looks = self._verified(file.read())
            look = _sealed(
                Look(
                    number=len(looks) + 1,
                    time=datetime.now(UTC).isoformat(timespec="seconds"),
                    policy=policy,
                    policy_id=policy_id,
                    command=command,
                    kpis_sha256=kpis_sha256,
                    previous=looks[-1].sha256 if looks else self.anchor,
                )
            )
            file.write(_line(look))
            os.fsync(file.fileno())
        return look

    def _verified(self, raw: bytes) -> list[Look]:
        looks: list[Look] = []
        previous = self.anchor
        for number, line in enumerate(raw.splitlines(keepends=True), start=1):
            look = _parsed(line)
            if look is None or (look.number, look.previous) != (number, previous):
                raise FrozenSetError(f"{self.path}: line {number} was changed, moved or taken out")
            looks.append(look)
            previous = look.sha256
        return looks


def _parsed(line: bytes) -> Look | None:
    """The look of a line, if the line is to the byte what `record` wrote."""
    try:
        look = Look(**json.loads(line))
    except (ValueError, TypeError):
        return None
    return look if line == _line(_sealed(look)) else None


def _sealed(look: Look) -> Look:
    """The look with the hash of its content."""
    content = {key: value for key, value in asdict(look).items() if key != "sha256"}
    digest = hashlib.sha256(json.dumps(content, sort_keys=True).encode()).hexdigest()
    return Look(**content, sha256=digest)


def _line(look: Look) -> bytes:
    return json.dumps(asdict(look)).encode() + b"\n"
