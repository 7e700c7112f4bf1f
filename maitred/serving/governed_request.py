"""One request of a service under governance: the names it carries, and what is left to choose from."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from maitred.envs.decision import Decisions, Kind
from maitred.envs.decision_json import DecisionError, Request
from maitred.serving.enforce import NOBODY, Facts, forbidden, needs_approval
from maitred.serving.governance import Governance

_MOST = 1e12  # of money or messages


@dataclass(frozen=True, slots=True)
class _Contact:
    """Its intent's place among those of the file, money at stake, and whose work on it waits for approval."""

    intent: int
    amount: float
    handled_by: str | None


_NO_CONTACT = _Contact(NOBODY, 0.0, None)


@dataclass(frozen=True, slots=True)
class GovernedRequest:
    """A request with only what is allowed.

    Attributes:
        request: its candidates are those that no rule forbids.
        forbidden: the first rule that forbids each of the others, by identity.
        needs_approval: of each candidate, whether it may not be closed before a second person approved.
    """

    request: Request
    forbidden: dict[str, str]
    needs_approval: tuple[bool, ...]


def govern(governance: Governance, request: Request, body: Mapping[str, Any]) -> GovernedRequest:
    """Take out of a request what governance forbids.

    Beyond the fields that `decision_json` reads, a governed request names things. A contact has an `intent` that the
    file knows, an `amount` of money where approval depends on it, and while it waits for a second person's approval
    `awaiting_approval: true` with the id of the agent who worked on it under `handled_by`; agents have their `id`. A
    predicted need counts messages: `context.messages_today` and `contact.messages_week`.

    Raises:
        DecisionError: such a field is missing or wrong, or every candidate is forbidden.
    """
    facts, d = _facts(governance, request, body), request.decisions
    by_rule = forbidden(governance, d, facts)
    ruled_out = {
        identity: next(rule for rule, found in by_rule.items() if found[0, place])
        for place, identity in enumerate(request.ids)
        if any(found[0, place] for found in by_rule.values())
    }
    left = [place for place, identity in enumerate(request.ids) if identity not in ruled_out]
    if not left:
        raise DecisionError("actions", "a candidate that governance allows", sorted(set(ruled_out.values())))
    needed = needs_approval(governance, facts)[0]
    decisions = Decisions(d.key, d.context, d.candidates[:, left], d.mask[:, left])
    kept = replace(
        request,
        ids=tuple(request.ids[place] for place in left),
        actions=tuple(request.actions[place] for place in left),
        decisions=decisions,
    )
    return GovernedRequest(kept, ruled_out, tuple(bool(needed[place]) for place in left))


def _facts(governance: Governance, request: Request, body: Mapping[str, Any]) -> Facts:
    """The names of a request as arrays of one row."""
    kind = Kind(int(request.decisions.kind[0]))
    contacts = _contacts(governance, kind, request, body)
    agents = _agents(kind, request, body)
    today, week = _messages(body) if kind == Kind.OUTREACH else (0.0, 0.0)
    return Facts(
        intent=np.array([[contact.intent for contact in contacts]], np.int64),
        cap=np.array([[np.inf if agent is None else governance.cap_of(agent) for agent in agents]], np.float64),
        amount=np.array([[contact.amount for contact in contacts]], np.float64),
        awaiting=np.array([[contact.handled_by is not None for contact in contacts]]),
        own=np.array([[c.handled_by is not None and c.handled_by == a for c, a in zip(contacts, agents, strict=True)]]),
        with_bot=np.array([kind == Kind.REASSESS and "resource" not in body]),
        messages_today=np.array([today]),
        messages_week=np.array([week]),
    )


def _contacts(governance: Governance, kind: Kind, request: Request, body: Mapping[str, Any]) -> list[_Contact]:
    """Whom each candidate is about."""
    if kind in (Kind.ROUTE, Kind.REASSESS):
        return [_contact(governance, body["contact"], "contact")] * len(request.ids)
    if kind == Kind.PULL:
        items = {item["id"]: (item, f"contacts[{place}]") for place, item in enumerate(body["contacts"])}
        return [_contact(governance, *items[i]) if i in items else _NO_CONTACT for i in request.ids]
    return [_NO_CONTACT] * len(request.ids)


def _contact(governance: Governance, item: Mapping[str, Any], path: str) -> _Contact:
    if (intent := item.get("intent")) not in governance.intents:
        raise DecisionError(f"{path}.intent", "one of " + ", ".join(governance.intents), intent)
    place = governance.intents.index(intent)
    amount = _amount(item, "amount", path) if intent in governance.approval_above or "amount" in item else 0.0
    if not isinstance(awaiting := item.get("awaiting_approval", False), bool):
        raise DecisionError(f"{path}.awaiting_approval", "true or false", awaiting)
    return _Contact(place, amount, _identity(item, "handled_by", path) if awaiting else None)


def _agents(kind: Kind, request: Request, body: Mapping[str, Any]) -> list[str | None]:
    """Which agent each candidate is about."""
    if kind == Kind.ROUTE:
        assigned = (answer["type"] == "assign" for answer in request.actions)
        return [i if is_agent else None for i, is_agent in zip(request.ids, assigned, strict=True)]
    agent = _identity(body["resource"], "id", "resource") if "resource" in body else None
    return [agent] * len(request.ids)


def _messages(body: Mapping[str, Any]) -> tuple[float, float]:
    """How many went out today, and to this customer in the last seven days."""
    today = _amount(body["context"], "messages_today", "context")
    return today, _amount(body["contact"], "messages_week", "contact")


def _amount(item: Mapping[str, Any], key: str, path: str) -> float:
    value = item.get(key)
    if type(value) in (int, float) and 0 <= value <= _MOST:  # type: ignore[operator]
        return float(value)  # type: ignore[arg-type]
    raise DecisionError(f"{path}.{key}", f"a number from 0 to {_MOST:g}", value)


def _identity(item: Mapping[str, Any], key: str, path: str) -> str:
    value = item.get(key)
    if isinstance(value, str) and value:
        return value
    raise DecisionError(f"{path}.{key}", "the id of an agent", value)
