"""The YAML form of a network: strict, so that a misspelt key is an error and not a default.

Keys carry their units; the shipped files in `networks/` are the examples. `patience_min: null` means for ever.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from pathlib import Path
from typing import Any

import yaml

from experiments.optimality.network import ChatAgent, ChatClass, ChatNetwork, Group, Network, QueueClass, QueueNetwork

SHIPPED = Path(__file__).parent / "networks"


class NetworkError(ValueError):
    """A network file that cannot be read: which key, and what was expected there."""


def shipped() -> list[str]:
    """Names of the shipped networks."""
    return sorted(path.stem for path in SHIPPED.glob("*.yaml"))


def load_network(name_or_path: str | Path) -> Network:
    """Read a shipped network by its name, or any by the path of its YAML file.

    Raises:
        NetworkError: naming the file, the key and what was expected there.
    """
    path = SHIPPED / f"{name_or_path}.yaml" if str(name_or_path) in shipped() else Path(name_or_path)
    if not path.is_file():
        raise NetworkError(f"{name_or_path}: no such file, and not one of {', '.join(shipped())}")
    try:
        document = yaml.safe_load(path.read_text(encoding="utf-8"))
        return parse_network(path.stem, document)
    except (NetworkError, yaml.YAMLError) as error:
        raise NetworkError(f"{path.name}: {error}") from None


def parse_network(name: str, document: object) -> Network:
    """A network from the content of its file.

    Raises:
        NetworkError: naming the key and what was expected there.
    """
    reader = Reader(document, "")
    kinds: dict[str, Callable[[str, Reader], Network]] = {"queue": _queue_network, "chat": _chat_network}
    kind = reader.text("kind")
    if kind not in kinds:
        raise NetworkError(f"kind: expected one of {', '.join(kinds)}, found {kind!r}")
    network = kinds[kind](name, reader)
    reader.finish()
    _check_served(network)
    return network


class Reader:
    """One mapping of the file; every key must be asked for once."""

    def __init__(self, content: object, where: str) -> None:
        if not isinstance(content, dict):
            raise NetworkError(f"{where or 'file'}: expected keys with values, found {content!r}")
        self._left: dict[str, Any] = {str(key): value for key, value in content.items()}
        self._where = where

    def place(self, key: str) -> str:
        """The key with all it lies under."""
        return f"{self._where}.{key}" if self._where else key

    def take(self, key: str) -> Any:
        """The value of a key that must be there."""
        if key not in self._left:
            raise NetworkError(f"{self.place(key)}: missing")
        return self._left.pop(key)

    def text(self, key: str) -> str:
        """A text."""
        return str(self._typed(key, str, "a text"))

    def flag(self, key: str) -> bool:
        """A truth value."""
        return bool(self._typed(key, bool, "true or false"))

    def number(self, key: str, low: float = 0.0, high: float = math.inf, positive: bool = False) -> float:
        """A finite number from `low` to `high`, above zero if `positive`."""
        value = self.take(key)
        real = isinstance(value, int | float) and not isinstance(value, bool) and math.isfinite(value)
        if not real or not low <= value <= high or (positive and value <= 0):
            bounds = "a number above 0" if positive else f"a number from {low:g} to {high:g}"
            raise NetworkError(f"{self.place(key)}: expected {bounds}, found {value!r}")
        return float(value)

    def count(self, key: str, low: int) -> int:
        """A whole number of at least `low`."""
        value = self.take(key)
        if not isinstance(value, int) or isinstance(value, bool) or value < low:
            raise NetworkError(f"{self.place(key)}: expected a whole number of at least {low}, found {value!r}")
        return value

    def patience_min(self) -> float:
        """A mean patience, null for ever."""
        if "patience_min" in self._left and self._left["patience_min"] is None:
            del self._left["patience_min"]
            return math.inf
        return self.number("patience_min", positive=True)

    def under(self, key: str) -> Reader:
        """The mapping below a key."""
        return Reader(self.take(key), self.place(key))

    def each(self, key: str) -> dict[str, Reader]:
        """The mappings below a key, by name, at least one."""
        below = self.under(key)
        if not below._left:
            raise NetworkError(f"{self.place(key)}: expected at least one")
        return {name: below.under(name) for name in list(below._left)}

    def per_class(self, key: str, classes: tuple[str, ...], absent: float, high: float = math.inf) -> tuple[float, ...]:
        """One number for each class named, above 0 or up to `high`, and `absent` for the others."""
        below = self.under(key)
        unbounded = high == math.inf
        numbers = {name: below.number(name, high=high, positive=unbounded) for name in classes if name in below._left}
        below.finish()
        return tuple(numbers.get(name, absent) for name in classes)

    def finish(self) -> None:
        """Refuse keys that nobody asked for."""
        for key in self._left:
            raise NetworkError(f"{self.place(key)}: unknown key")

    def _typed(self, key: str, kind: type, expected: str) -> Any:
        value = self.take(key)
        if not isinstance(value, kind):
            raise NetworkError(f"{self.place(key)}: expected {expected}, found {value!r}")
        return value


def _queue_network(name: str, reader: Reader) -> QueueNetwork:
    description, preemptive = reader.text("description"), reader.flag("preemptive")
    classes = tuple(_queue_class(key, below) for key, below in reader.each("classes").items())
    names = tuple(one.name for one in classes)
    groups = tuple(_group(key, below, names) for key, below in reader.each("groups").items())
    return QueueNetwork(name, description, preemptive, classes, groups)


def _queue_class(name: str, reader: Reader) -> QueueClass:
    one = QueueClass(**_common(name, reader), service_cost_per_min=reader.number("service_cost_per_min"))
    reader.finish()
    return one


def _common(name: str, reader: Reader) -> dict[str, Any]:
    return {
        "name": name,
        "arrivals_per_min": reader.number("arrivals_per_min", positive=True),
        "patience_min": reader.patience_min(),
        "waiting_cost_per_min": reader.number("waiting_cost_per_min"),
        "abandonment_cost": reader.number("abandonment_cost"),
        "queue_limit": reader.count("queue_limit", 1),
    }


def _group(name: str, reader: Reader, classes: tuple[str, ...]) -> Group:
    group = Group(name, reader.count("agents", 1), reader.per_class("services_per_min", classes, absent=0.0))
    reader.finish()
    return group


def _chat_network(name: str, reader: Reader) -> ChatNetwork:
    description, overhead = reader.text("description"), reader.number("switch_overhead")
    classes = tuple(_chat_class(key, below) for key, below in reader.each("classes").items())
    names = tuple(one.name for one in classes)
    agents = tuple(_chat_agent(key, below, names) for key, below in reader.each("agents").items())
    return ChatNetwork(name, description, overhead, classes, agents)


def _chat_class(name: str, reader: Reader) -> ChatClass:
    one = ChatClass(
        **_common(name, reader),
        mean_turns=reader.number("mean_turns", low=1),
        think_min=reader.number("think_min", positive=True),
        reply_cost_per_min=reader.number("reply_cost_per_min"),
        resolved_value=reader.number("resolved_value"),
    )
    reader.finish()
    return one


def _chat_agent(name: str, reader: Reader, classes: tuple[str, ...]) -> ChatAgent:
    agent = ChatAgent(
        name,
        reader.count("cap", 1),
        reader.per_class("work_min", classes, absent=math.inf),
        reader.per_class("resolution_p", classes, absent=0.0, high=1),
    )
    reader.finish()
    return agent


def _check_served(network: Network) -> None:
    for one, rates in zip(network.classes, network.services_per_min, strict=True):
        if not rates.any():
            raise NetworkError(f"classes.{one.name}: nobody may serve it")
