"""The CSV tables of a scenario: arrivals, agents, handle times, patience and shifts, one row per fact.

Every cell is checked as it is read; a `ScenarioError` names the table, the row and the column.
"""

from __future__ import annotations

import csv
import io
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from maitred.envs.scenario import DAY_S, Agents, Patience, Scenario
from maitred.envs.scenario_error import ScenarioError

TABLES = ("arrivals.csv", "agents.csv", "handle.csv", "patience.csv", "shifts.csv")

Cell = Callable[[str], float | int | str]
Columns = dict[str, NDArray[Any]]


def number(low: float, high: float) -> Cell:
    """Reader of a cell that holds a number in [low, high]."""

    def read(text: str) -> float:
        try:
            value = float(text)
        except ValueError:
            value = np.nan
        if not low <= value <= high:
            raise ScenarioError(f"expected a number in [{low:g}, {high:g}], found {text!r}")
        return value

    return read


def whole(low: int, high: int) -> Cell:
    """Reader of a cell that holds a whole number in [low, high]."""

    def read(text: str) -> int:
        if not text.isdecimal() or not low <= int(text) <= high:
            raise ScenarioError(f"expected a whole number in [{low}, {high}], found {text!r}")
        return int(text)

    return read


def one_of(names: Sequence[str]) -> Cell:
    """Reader of a cell that holds one of `names`, as its index."""
    index = {name: i for i, name in enumerate(names)}

    def read(text: str) -> int:
        if text not in index:
            raise ScenarioError(f"expected one of {', '.join(names)}, found {text!r}")
        return index[text]

    return read


def label(text: str) -> str:
    """Read a cell that holds a name."""
    if not text.strip():
        raise ScenarioError("expected a name, found an empty cell")
    return text


@dataclass(frozen=True)
class TableReader:
    """Reads the tables in `folder`, each only if its SHA-256 is the one the scenario file states."""

    folder: Path
    hashes: Mapping[str, str]

    def read(self, table: str, cells: Mapping[str, Cell], optional: Mapping[str, Cell] | None = None) -> Columns:
        """Columns of `table`; its header must be the keys of `cells`, then all or none of `optional`, in order."""
        name = f"{self.folder.name}/{table}"
        rows = list(csv.reader(io.StringIO(self._text(table, name), newline="")))
        if optional and rows and rows[0] == [*cells, *optional]:
            cells = {**cells, **optional}
        if not rows or rows[0] != list(cells):
            raise ScenarioError(f"{name}: expected the columns {','.join(cells)}, found {','.join(rows[0])}")
        read = [self._row(f"{name} row {i}", row, cells) for i, row in enumerate(rows[1:], start=2)]
        return {column: np.array([row[j] for row in read]) for j, column in enumerate(cells)}

    def _text(self, table: str, name: str) -> str:
        try:
            content = (self.folder / table).read_bytes()
        except OSError as error:
            raise ScenarioError(f"{name}: expected a readable table, found {error.strerror}") from error
        if (found := sha256(content).hexdigest()) != self.hashes[table]:
            raise ScenarioError(f"{name}: expected sha256 {self.hashes[table]}, found {found}")
        return content.decode("utf-8")

    @staticmethod
    def _row(where: str, row: list[str], cells: Mapping[str, Cell]) -> list[float | int | str]:
        if len(row) != len(cells):
            raise ScenarioError(f"{where}: expected {len(cells)} cells, found {len(row)}")
        values = []
        for (column, cell), text in zip(cells.items(), row, strict=True):
            try:
                values.append(cell(text))
            except ScenarioError as error:
                raise ScenarioError(f"{where}, {column}: {error}") from None
        return values

    def rates(self, day_types: Sequence[str], types: Sequence[str], period_s: int) -> NDArray[np.float64]:
        """(D, T, N) contacts per hour; every day type, type and period has its row."""
        periods = DAY_S // period_s
        rows = self.read(
            "arrivals.csv",
            {
                "day_type": one_of(day_types),
                "period": whole(0, periods - 1),
                "type": one_of(types),
                "rate_per_h": number(0, 1e6),
            },
        )
        where = (rows["day_type"], rows["type"], rows["period"])
        shape = (len(day_types), len(types), periods)
        return self._complete("arrivals.csv", shape, where, rows["rate_per_h"])

    def agents(self, groups: Sequence[str], types: Sequence[str], cost_per_min: NDArray[np.float64]) -> Agents:
        """The agents and their handle times; a missing row of handle.csv: may not answer that type."""
        people = self.read(
            "agents.csv",
            {"agent": label, "group": one_of(groups), "weight": number(0, 1e6), "short_share": number(0, 1)},
            optional={"tenure_wk": number(0, 2000), "empathy": number(-5, 5)},
        )
        names = self._distinct("agents.csv", "agent", people["agent"].tolist())
        handle = self.read(
            "handle.csv",
            {
                "agent": one_of(names),
                "type": one_of(types),
                "mean_s": number(0.1, DAY_S),
                "log_se": number(0, 3),
                "resolve_p": number(0, 1),
            },
        )
        shape, where = (len(names), len(types)), (handle["agent"], handle["type"])
        return Agents(
            names=names,
            group=people["group"],
            group_names=tuple(groups),
            weight=people["weight"],
            may_answer=~np.isnan(self._placed("handle.csv", shape, where, handle["mean_s"])),
            short_share=people["short_share"],
            cost_per_min=cost_per_min,
            **{key: people[key] for key in ("tenure_wk", "empathy") if key in people},
            **{
                key: np.nan_to_num(self._placed("handle.csv", shape, where, handle[key]))
                for key in ("mean_s", "log_se", "resolve_p")
            },
        )

    def patience(self, types: Sequence[str], levels: int, period_factor: NDArray[np.float64]) -> Patience:
        """The hazard of abandoning; every type and level has the same steps."""
        rows = self.read(
            "patience.csv",
            {
                "type": one_of(types),
                "level": whole(0, levels - 1),
                "from_s": number(0, DAY_S),
                "hazard_per_s": number(0, 10),
            },
        )
        from_s, step = np.unique(rows["from_s"], return_inverse=True)
        where = (rows["type"], rows["level"], step)
        hazard = self._complete("patience.csv", (len(types), levels, len(from_s)), where, rows["hazard_per_s"])
        return Patience(from_s=from_s, hazard_per_s=hazard, period_factor=period_factor)

    def shifts(self, day_types: Sequence[str], groups: Sequence[str]) -> Columns:
        """The columns of the shift table, under the names that `Staffing` gives them."""
        rows = self.read(
            "shifts.csv",
            {
                "day_type": one_of(day_types),
                "group": one_of(groups),
                "start_s": number(0, DAY_S),
                "end_s": number(0, DAY_S),
                "agents": whole(1, 100_000),
            },
        )
        return {f"shift_{column}": values for column, values in rows.items()}

    def _distinct(self, table: str, column: str, names: list[str]) -> tuple[str, ...]:
        first = {name: i for i, name in reversed(list(enumerate(names)))}
        for i, name in enumerate(names):
            if first[name] != i:
                where = f"{self.folder.name}/{table} row {i + 2}, {column}"
                raise ScenarioError(f"{where}: expected a new name, found {name!r}")
        return tuple(names)

    def _placed(
        self, table: str, shape: tuple[int, ...], where: tuple[NDArray[Any], ...], values: NDArray[Any]
    ) -> NDArray[np.float64]:
        count = np.zeros(shape, dtype=int)
        np.add.at(count, where, 1)
        if count.max() > 1:
            row = int(np.nonzero(count[where] > 1)[0][-1]) + 2
            raise ScenarioError(f"{self.folder.name}/{table} row {row}: expected each key once, found it again")
        array = np.full(shape, np.nan)
        array[where] = values
        return array

    def _complete(
        self, table: str, shape: tuple[int, ...], where: tuple[NDArray[Any], ...], values: NDArray[Any]
    ) -> NDArray[np.float64]:
        array = self._placed(table, shape, where, values)
        if np.isnan(array).any():
            raise ScenarioError(
                f"{self.folder.name}/{table}: expected {array.size} rows, one per combination, found {len(values)}"
            )
        return array


def tables(scenario: Scenario) -> dict[str, bytes]:
    """The content of every table of `scenario`, by file name."""
    return {name: write(scenario) for name, write in zip(TABLES, _WRITERS, strict=True)}


def _csv(header: str, rows: Iterable[Sequence[object]]) -> bytes:
    text = io.StringIO(newline="")
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(header.split(","))
    writer.writerows([_text(cell) for cell in row] for row in rows)
    return text.getvalue().encode("utf-8")


def _text(cell: object) -> str:
    """Shortest text that reads back to the bit."""
    return repr(float(cell)).removesuffix(".0") if isinstance(cell, float) else str(cell)


def _arrivals(scenario: Scenario) -> bytes:
    a, types = scenario.arrivals, scenario.types.names
    cells = np.ndindex(len(a.day_type_names), a.rate_per_h.shape[2], len(types))
    return _csv(
        "day_type,period,type,rate_per_h",
        ((a.day_type_names[d], n, types[t], a.rate_per_h[d, t, n]) for d, n, t in cells),
    )


def _agents(scenario: Scenario) -> bytes:
    a = scenario.agents
    groups = (a.group_names[g] for g in a.group)
    columns: tuple[Any, ...] = (a.names, groups, a.weight, a.short_share)
    header = "agent,group,weight,short_share"
    if a.tenure_wk.any() or a.empathy.any():
        columns, header = (*columns, a.tenure_wk, a.empathy), header + ",tenure_wk,empathy"
    return _csv(header, zip(*columns, strict=True))


def _handle(scenario: Scenario) -> bytes:
    a, types = scenario.agents, scenario.types.names
    return _csv(
        "agent,type,mean_s,log_se,resolve_p",
        (
            (a.names[i], types[t], a.mean_s[i, t], a.log_se[i, t], a.resolve_p[i, t])
            for i, t in np.argwhere(a.may_answer)
        ),
    )


def _patience(scenario: Scenario) -> bytes:
    p, types = scenario.patience, scenario.types.names
    return _csv(
        "type,level,from_s,hazard_per_s",
        (
            (types[t], level, p.from_s[h], p.hazard_per_s[t, level, h])
            for t, level, h in np.ndindex(p.hazard_per_s.shape)
        ),
    )


def _shifts(scenario: Scenario) -> bytes:
    s, days, groups = scenario.staffing, scenario.arrivals.day_type_names, scenario.agents.group_names
    return _csv(
        "day_type,group,start_s,end_s,agents",
        (
            (days[d], groups[g], start, end, agents)
            for d, g, start, end, agents in zip(
                s.shift_day_type, s.shift_group, s.shift_start_s, s.shift_end_s, s.shift_agents, strict=True
            )
        ),
    )


_WRITERS = (_arrivals, _agents, _handle, _patience, _shifts)
