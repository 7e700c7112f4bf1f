"""What a routing service sends of each kind of decision: its events, objects, actions, and the features they carry."""

from __future__ import annotations

from dataclasses import dataclass

from maitred.envs.decision import CANDIDATE_FEATURES, Action, Kind, Part


def _named(part: Part) -> tuple[str, ...]:
    return tuple(f.name for f in CANDIDATE_FEATURES if f.part == part)


NEED = "need_p"  # all that is known of a customer who has not made contact
CONTACT = tuple(name for name in _named("contact") if name != NEED)
AGENT, PAIR = _named("agent"), _named("pair")
_AUTOMATION = ("cost", "handle_s", "resolve_p")

# What an action carries beyond the features of its contact and agent, in the units of those features.
CARRIES: dict[Action, tuple[str, ...]] = {
    Action.BOT: _AUTOMATION,
    Action.HAND_BACK: _AUTOMATION,
    Action.DEFER: ("delay_s",),
    Action.CALLBACK: ("delay_s", "cost"),
    Action.CAP: ("cap_set",),
    Action.MESSAGE: ("cost",),
}

# What it means to choose a resource of each kind.
RESOURCE_KINDS = {"human": Action.ASSIGN, "bot": Action.BOT, "virtual_agent": Action.BOT, "group": Action.GROUP}


@dataclass(frozen=True, slots=True)
class Carrier:
    """An object of the request, or a list of them."""

    key: str
    features: tuple[str, ...]
    optional: bool = False


@dataclass(frozen=True, slots=True)
class Form:
    """How one event is put as a decision.

    Attributes:
        event: what happened, as the request calls it.
        kind: what is to be decided.
        subjects: what the decision is about.
        others: the list that ASSIGN chooses from; none where the pair is given.
        order_by: the list is in descending order of this feature, as in the kernel's short list.
        answer: key of the chosen one of the list in the reply.
        actions: what may be listed under `actions`, beside the choice from the list.
    """

    event: str
    kind: Kind
    subjects: tuple[Carrier, ...]
    actions: tuple[Action, ...]
    others: Carrier | None = None
    order_by: str = ""
    answer: str = "resource_id"


def _route(event: str) -> Form:
    choices = Carrier("resources", AGENT + PAIR)
    return Form(
        event,
        Kind.ROUTE,
        (Carrier("contact", CONTACT),),
        (Action.DEFER, Action.CALLBACK, Action.HOLD),
        choices,
        "idle_s",
    )


_TURNINGS = (
    Action.CONTINUE,
    Action.NEXT_ISSUE,
    Action.ESCALATE,
    Action.HAND_BACK,
    Action.ASYNC,
    Action.LIVE,
)

# The first form of a kind is the one its decisions are written in.
FORMS: dict[str, Form] = {
    form.event: form
    for form in (
        _route("arrival"),
        _route("queue_timeout"),
        _route("bot_failed"),
        _route("callback_due"),
        Form(
            "slot_freed",
            Kind.PULL,
            (Carrier("resource", AGENT),),
            (Action.HOLD,),
            Carrier("contacts", CONTACT + PAIR),
            "wait_s",
            "contact_id",
        ),
        # Without a resource, the conversation is with a bot.
        Form(
            "turn",
            Kind.REASSESS,
            (Carrier("contact", CONTACT), Carrier("resource", AGENT + PAIR, optional=True)),
            _TURNINGS,
        ),
        Form("cap_due", Kind.CONCURRENCY, (Carrier("resource", AGENT),), (Action.CAP,)),
        Form("need_predicted", Kind.OUTREACH, (Carrier("contact", (NEED,)),), (Action.CONTINUE, Action.MESSAGE)),
    )
}
