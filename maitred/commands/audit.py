"""The command that looks for degenerate behaviour."""

from __future__ import annotations

from maitred.commands.declare import REFUSED, Command, CommandError, Key
from maitred.commands.declare import seed as read_seed
from maitred.commands.policies import center_of


def audit(
    policy: str | None = None,
    scenario: str | None = None,
    log: str | None = None,
    reference: str | None = None,
    episodes: int | None = None,
    seed: int = 0,
    governance: str | None = None,
    out: str | None = None,
) -> int:
    """Audit a policy in a center, or the agents of a contact log; print, and fail where anything is found."""
    if log is not None and (policy, scenario, reference, episodes, governance) == (None,) * 5:
        return _agents(log, seed, out)
    if log is not None or policy is None or scenario is None:
        raise CommandError("expected policy=... and scenario=..., or log=... alone")
    from rich.console import Console

    from maitred.commands.figures import write_figures
    from maitred.training.audit.report import EPISODES, audit_policy, audited_json, findings_table, left_out_text
    from maitred.training.gate.contender import contender

    ours, theirs = contender(policy).policy, contender(reference or "incumbent").policy
    center, _ = center_of(scenario, ours, governance)
    audited = audit_policy(center, ours, theirs, EPISODES if episodes is None else episodes, seed)
    Console().print(findings_table(audited))
    said = (left_out_text(audited), *(finding.sentence for finding in audited.findings if finding.flagged))
    print("\n".join(line for line in said if line))
    if out is not None:
        write_figures(out, audited_json(audited))
    return REFUSED if audited.found else 0


def _agents(log: str, seed: int, out: str | None) -> int:
    """DG-2 by itself, which a contact log is enough for."""
    from dataclasses import asdict
    from pathlib import Path

    from rich.console import Console

    from maitred.commands.figures import write_figures
    from maitred.envs.contact_log import read_log
    from maitred.training.audit.report import agents_table
    from maitred.training.audit.short_call_log import agents_who_cut_short, short_call_finding

    contacts = read_log(Path(log), columns=["agent", "customer_id", "arrival", "service_s"])
    agents = agents_who_cut_short(contacts, seed=seed)
    finding = short_call_finding(agents)
    Console().print(agents_table(agents, Path(log).name))
    print(finding.sentence)
    if out is not None:
        write_figures(out, {"finding": asdict(finding), "agents": [asdict(one) for one in agents]})
    return REFUSED if finding.flagged else 0


COMMANDS = {
    "audit": Command(
        "look for the fourteen known ways to cheat in what a policy does",
        "A policy is watched in a center beside a reference on the same days (docs/audit.md). A contact log tells by\n"
        "itself which agents hang up on their callers. The exit status is 3 if anything is found.\n\n"
        "  maitred audit policy=bundle scenario=omni\n"
        "  maitred audit policy=bundle scenario=my_center.yaml reference=champion episodes=20 out=audit.json\n"
        "  maitred audit log=log.parquet",
        audit,
        keys=(
            Key("policy", "folder of a bundle or of a training run, or name of a rule"),
            Key("scenario", "name of a shipped scenario, or a scenario file"),
            Key("log", "contact log that `maitred import` wrote, for DG-2 alone"),
            Key("reference", "whom the policy is compared with (default: incumbent)"),
            Key("episodes", "to watch both on, 2 or more (default: 8)", read=int),
            Key("seed", "of the episodes and of all other luck (default: 0)", read=read_seed),
            Key("governance", "approved governance file in force (default: that of the policy's bundle)"),
            Key("out", "file for all that was measured (JSON)"),
        ),
    ),
}
