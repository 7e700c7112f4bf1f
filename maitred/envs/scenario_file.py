"""The file form of a scenario: a screen of YAML, and beside it a folder of CSV tables.

`center.yaml` holds the small numbers, the unit in every name; the folder named after the scenario holds the
tables of `scenario_tables`, whose SHA-256 the YAML states. Loading what was saved gives the same scenario to
the bit, apart from the figures of agents for types that they may not answer: those are not kept.
"""

from __future__ import annotations

import json
import re
from hashlib import sha256
from pathlib import Path
from types import TracebackType
from typing import Any, Literal, cast

import numpy as np
import yaml
from numpy.typing import NDArray

from maitred.envs.blocks import BLOCKS
from maitred.envs.scenario import (
    DAY_S,
    Arrivals,
    ContactTypes,
    Returns,
    Routing,
    Scenario,
    Service,
    Staffing,
)
from maitred.envs.scenario_blocks import block_document, read_blocks
from maitred.envs.scenario_error import ScenarioError
from maitred.envs.scenario_tables import TABLES, TableReader, tables
from maitred.whole_file import whole_file

SHIPPED = Path(__file__).parent / "scenarios"
WEEKDAYS = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")

Floats = NDArray[np.float64]


def load_scenario(name_or_path: str | Path) -> Scenario:
    """Load a shipped scenario by its name, or any scenario by the path of its YAML file.

    Raises:
        ScenarioError: naming the file, the key (or table, row and column) and what was expected there.
    """
    path = _locate(name_or_path)
    try:
        return _scenario(path)
    except ScenarioError as error:
        raise ScenarioError(f"{path.name}: {error}") from None


def save_scenario(scenario: Scenario, path: str | Path) -> None:
    """Write `scenario` as the YAML file `path` with its tables beside; the YAML appears last, whole."""
    path = Path(path)
    folder = path.parent / _file_name(scenario.name)
    folder.mkdir(parents=True, exist_ok=True)
    for table, content in tables(scenario).items():
        _write(folder / table, content)
    _write(path, _yaml(_document(scenario)).encode("utf-8"))


def scenario_hash(path_or_scenario: str | Path | Scenario) -> str:
    """SHA-256 of what is simulated: everything in the scenario but its description and provenance."""
    scenario = path_or_scenario if isinstance(path_or_scenario, Scenario) else load_scenario(path_or_scenario)
    document = _document(scenario)
    content = {key: document[key] for key in document if key not in ("description", "provenance")}
    return sha256(json.dumps(content).encode("utf-8")).hexdigest()


def _yaml(document: dict[str, Any]) -> str:
    """YAML with short lists and mappings on one line, but every hash and word of provenance on its own."""
    lists = ("tables", "provenance")
    numbers = {key: value for key, value in document.items() if key not in lists}
    settings: dict[str, Any] = {"sort_keys": False, "width": 118, "allow_unicode": True}
    return str(
        yaml.safe_dump(numbers, default_flow_style=None, **settings)
        + yaml.safe_dump({key: document[key] for key in lists}, default_flow_style=False, **settings)
    )


def _locate(name_or_path: str | Path) -> Path:
    path = Path(name_or_path)
    shipped = SHIPPED / f"{name_or_path}.yaml"
    if path.is_file() or path.suffix in (".yaml", ".yml"):
        return path
    if shipped.is_file():
        return shipped
    names = ", ".join(sorted(file.stem for file in SHIPPED.glob("*.yaml")))
    raise ScenarioError(f"{name_or_path}: expected the path of a YAML file or one of {names}")


def _file_name(name: str) -> str:
    if not re.fullmatch(r"[A-Za-z0-9][A-Za-z0-9_-]*", name):
        raise ScenarioError(f"name: expected letters, digits, - and _, found {name!r}")
    return name


def _write(path: Path, content: bytes) -> None:
    with whole_file(path) as temporary:
        temporary.write_bytes(content)


class Section:
    """A mapping of the YAML file, of which every key must be taken, and no other may be there."""

    def __init__(self, content: object, name: str = "") -> None:
        if not isinstance(content, dict) or not all(isinstance(key, str) for key in content):
            raise ScenarioError(f"{name or 'file'}: expected a mapping of keys, found {content!r:.40}")
        self._content = dict(content)
        self._name = name

    def __enter__(self) -> Section:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if error is None and self._content:
            unknown = ", ".join(self._path(key) for key in self._content)
            raise ScenarioError(f"{unknown}: unknown key")

    def __contains__(self, key: str) -> bool:
        return key in self._content

    def _path(self, key: str) -> str:
        return f"{self._name}.{key}" if self._name else key

    def _take(self, key: str, expected: str, *kinds: type) -> Any:
        if key not in self._content:
            raise ScenarioError(f"{self._path(key)}: expected {expected}, found no such key")
        value = self._content.pop(key)
        # A bool is an int to Python, and to nobody else.
        if not isinstance(value, kinds) or (isinstance(value, bool) and bool not in kinds):
            raise ScenarioError(f"{self._path(key)}: expected {expected}, found {value!r:.40}")
        return value

    def names(self) -> tuple[str, ...]:
        """The keys not taken yet."""
        return tuple(self._content)

    def anything(self, key: str) -> Any:
        """Whatever is under `key`, to be checked elsewhere."""
        return self._content.pop(key)

    def section(self, key: str) -> Section:
        """The mapping under `key`."""
        return Section(self._take(key, "a mapping", dict), self._path(key))

    def text(self, key: str) -> str:
        """The text under `key`."""
        return str(self._take(key, "text", str))

    def truth(self, key: str) -> bool:
        """The truth value under `key`."""
        return bool(self._take(key, "true or false", bool))

    def whole(self, key: str) -> int:
        """The whole number under `key`."""
        return int(self._take(key, "a whole number", int))

    def number(self, key: str) -> float:
        """The number under `key`."""
        return float(self._take(key, "a number", int, float))

    def texts(self, key: str) -> tuple[str, ...]:
        """The list of texts under `key`."""
        values = self._take(key, "a list of texts", list)
        if not all(isinstance(value, str) for value in values):
            raise ScenarioError(f"{self._path(key)}: expected a list of texts, found {values!r:.60}")
        return tuple(values)

    def numbers(self, key: str) -> Floats:
        """The list of numbers under `key`."""
        values = self._take(key, "a list of numbers", list)
        if not all(isinstance(value, int | float) and not isinstance(value, bool) for value in values):
            raise ScenarioError(f"{self._path(key)}: expected a list of numbers, found {values!r:.60}")
        return np.array(values, dtype=float)

    def numbers_of(self, key: str, names: tuple[str, ...]) -> Floats:
        """The number of every one of `names` in the mapping under `key`."""
        with self.section(key) as section:
            return np.array([section.number(name) for name in names])


def _scenario(path: Path) -> Scenario:
    try:
        content = yaml.safe_load(path.read_text(encoding="utf-8"))
    except (OSError, yaml.YAMLError, UnicodeDecodeError) as error:
        raise ScenarioError(f"expected a readable YAML file, found {error}") from error
    with Section(content) as file:
        name = _file_name(file.text("name"))
        blocks = {key: file.anything(key) for key in BLOCKS if key in file}
        with file.section("tables") as hashes:
            reader = TableReader(path.parent / name, {table: hashes.text(table) for table in TABLES})
        types = _types(file)
        arrivals = _arrivals(file, reader, types.names)
        periods = DAY_S // arrivals.period_s
        with file.section("agents") as section:
            groups = section.section("cost_per_min")
            group_names = groups.names()
            cost = np.array([groups.number(group) for group in group_names])
        with file.section("patience") as section:
            patience = reader.patience(types.names, len(types.head_start_s), _period_factor(section, periods))
        return Scenario(
            name=name,
            description=file.text("description"),
            days=file.whole("days"),
            types=types,
            arrivals=arrivals,
            agents=reader.agents(group_names, types.names, cost),
            service=_service(file, types.names, periods),
            patience=patience,
            returns=_returns(file),
            staffing=_staffing(file, reader, arrivals.day_type_names, group_names),
            routing=_routing(file),
            **read_blocks(blocks, types.names),
            provenance=_provenance(file),
        )


def _types(file: Section) -> ContactTypes:
    with file.section("types") as section:
        head_start_s = section.numbers("head_start_s")
        with section.section("priority_share") as shares:
            names = shares.names()
            rows = [shares.numbers(name) for name in names]
    if any(len(row) != len(head_start_s) for row in rows):
        raise ScenarioError(f"types.priority_share: expected {len(head_start_s)} levels for every type")
    return ContactTypes(names=names, priority_share=np.array(rows), head_start_s=head_start_s)


def _arrivals(file: Section, reader: TableReader, types: tuple[str, ...]) -> Arrivals:
    with file.section("arrivals") as section:
        period_s = section.whole("period_s")
        with section.section("day_types") as days:
            names = days.names()
            of_weekday = _day_type_of_weekday([days.texts(name) for name in names])
        factors = {key: section.number(key) for key in ("day_factor_cv", "period_factor_cv", "period_factor_ar1")}
    if period_s <= 0 or DAY_S % period_s:
        raise ScenarioError(f"arrivals.period_s: expected a divisor of {DAY_S}, found {period_s}")
    return Arrivals(
        period_s=period_s,
        rate_per_h=reader.rates(names, types, period_s),
        day_type_of_weekday=of_weekday,
        day_type_names=names,
        **factors,
    )


def _day_type_of_weekday(weekdays: list[tuple[str, ...]]) -> NDArray[np.int64]:
    of_weekday = {day: day_type for day_type, days in enumerate(weekdays) for day in days}
    if sorted(day for days in weekdays for day in days) != sorted(WEEKDAYS):
        raise ScenarioError(f"arrivals.day_types: expected each of {', '.join(WEEKDAYS)} once")
    return np.array([of_weekday[day] for day in WEEKDAYS], dtype=np.int64)


def _period_factor(section: Section, periods: int) -> Floats:
    return section.numbers("period_factor") if "period_factor" in section else np.ones(periods)


def _service(file: Section, types: tuple[str, ...], periods: int) -> Service:
    with file.section("service") as section:
        return Service(
            distribution=cast(Literal["lognormal", "exponential"], section.text("distribution")),
            log_sd=section.numbers_of("log_sd", types),
            wrap_up_mean_s=section.numbers_of("wrap_up_mean_s", types),
            short_max_s=section.number("short_max_s"),
            period_factor=_period_factor(section, periods),
        )


def _returns(file: Section) -> Returns:
    with file.section("returns") as section:
        return Returns(**{key: section.number(key) for key in Returns.__dataclass_fields__})


def _staffing(file: Section, reader: TableReader, day_types: tuple[str, ...], groups: tuple[str, ...]) -> Staffing:
    with file.section("staffing") as section:
        return Staffing(
            **reader.shifts(day_types, groups),
            availability=section.number("availability"),
            away_block_s=section.whole("away_block_s"),
            pause_mean_s=section.number("pause_mean_s"),
            drift_mean_s=section.number("drift_mean_s"),
            ready_share=section.number("ready_share"),
            lines=section.whole("lines"),
        )


def _routing(file: Section) -> Routing:
    with file.section("routing") as section:
        return Routing(
            places=section.whole("places"),
            hold_s=section.number("hold_s"),
            may_hold=section.truth("may_hold"),
            answer_target_s=section.number("answer_target_s"),
            offer_groups=section.truth("offer_groups") if "offer_groups" in section else False,
        )


def _provenance(file: Section) -> dict[str, str]:
    with file.section("provenance") as section:
        return {key: section.text(key) for key in section.names()}


def _document(scenario: Scenario) -> dict[str, Any]:
    """The content of the YAML file, its keys in the order they are written."""
    types, arrivals, service = scenario.types, scenario.arrivals, scenario.service
    staffing, routing = scenario.staffing, scenario.routing
    weekdays = [
        [day for day, of in zip(WEEKDAYS, arrivals.day_type_of_weekday, strict=True) if of == day_type]
        for day_type in range(len(arrivals.day_type_names))
    ]
    return {
        "name": scenario.name,
        "description": scenario.description,
        "days": int(scenario.days),
        "types": {
            "head_start_s": types.head_start_s.tolist(),
            "priority_share": dict(zip(types.names, types.priority_share.tolist(), strict=True)),
        },
        "arrivals": {
            "period_s": int(arrivals.period_s),
            "day_types": dict(zip(arrivals.day_type_names, weekdays, strict=True)),
            "day_factor_cv": float(arrivals.day_factor_cv),
            "period_factor_cv": float(arrivals.period_factor_cv),
            "period_factor_ar1": float(arrivals.period_factor_ar1),
        },
        "agents": {
            "cost_per_min": dict(zip(scenario.agents.group_names, scenario.agents.cost_per_min.tolist(), strict=True))
        },
        "service": {
            "distribution": service.distribution,
            "log_sd": dict(zip(types.names, service.log_sd.tolist(), strict=True)),
            "wrap_up_mean_s": dict(zip(types.names, service.wrap_up_mean_s.tolist(), strict=True)),
            "short_max_s": float(service.short_max_s),
            **_factor_document(service.period_factor),
        },
        "patience": _factor_document(scenario.patience.period_factor),
        "returns": {key: float(value) for key, value in vars(scenario.returns).items()},
        "staffing": {
            "availability": float(staffing.availability),
            "away_block_s": int(staffing.away_block_s),
            "pause_mean_s": float(staffing.pause_mean_s),
            "drift_mean_s": float(staffing.drift_mean_s),
            "ready_share": float(staffing.ready_share),
            "lines": int(staffing.lines),
        },
        "routing": {
            "places": int(routing.places),
            "hold_s": float(routing.hold_s),
            "may_hold": bool(routing.may_hold),
            "answer_target_s": float(routing.answer_target_s),
            **({"offer_groups": True} if routing.offer_groups else {}),
        },
        **block_document(scenario),
        "tables": {name: sha256(content).hexdigest() for name, content in tables(scenario).items()},
        "provenance": scenario.provenance,
    }


def _factor_document(factor: Floats) -> dict[str, list[float]]:
    return {} if (factor == 1).all() else {"period_factor": factor.tolist()}
