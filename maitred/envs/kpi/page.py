"""The page that defines every KPI: `python -m maitred.envs.kpi.page` writes docs/kpis.md."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from maitred.envs.kpi import FAMILIES
from maitred.envs.kpi.definition import Kpi
from maitred.whole_file import whole_file

PAGE = Path(__file__).parents[3] / "docs" / "kpis.md"

INTRODUCTION = """\
# KPIs

`python -m maitred.envs.kpi.page` writes this page from the definitions in `maitred/envs/kpi`, one module a family.

Every KPI is a view of the ledger: a ratio of two sums over an episode. Episodes are pooled by adding up numerators
and denominators, and the uncertainty of a KPI, or of a difference between policies, is taken over episodes. A KPI is
shown where a scenario has what it measures; elsewhere it is 0 / 0. Rows in bold are shown on the terminal, all of them
in reports.

* **served**: closed by an agent or a bot, resolved or not. **answered**: an agent said the first word, to a customer
  who was there if it was a call-back. **abandoned**: gave up in a queue or with a bot, was found to have left without
  a word, or did not pick up the last try of a call-back. **blocked**: found no line. The rest are inside when the
  episode ends, among them call-backs and put-off contacts that are still owed an answer.
* A contact that tries again or comes back is a contact of its own, in the same **case**.
* The clock of a wait starts at arrival and stops at the first human word. Bots, call-backs and put-off answers do not
  stop it, and a transfer does not start it anew.
* Returns are looked for within 7 days of a contact's end and within the episode. In a shorter episode fewer are seen:
  FCR and resolved containment are then higher, and repeats lower, than over whole weeks. Compare them only between
  policies on episodes of one length.
* With warm-up days (`evaluate(..., warmup_days=n)`), contacts that arrive on them are left out of KPIs of scope
  `contacts`. Agents' time and totals are booked without a date, so KPIs of scope `episode` count the whole episode.
"""

MISSING = """\
## What the ledger does not say

* Call-backs accepted (AC-3), and so the share of call-backs made in time: a contact records the offer, not the answer.
* Whether a silent customer left before or after an agent answered (K-4), and so a service level that knows.
* The wait in the queue after a bot, apart from the time with the bot (K-3).
* Occupancy of a rolling hour (K-12, RS-6): agents' time is booked per episode.
* Deflection (K-8) needs demand that did not come: compare two policies on the same traces.
"""


def page() -> str:
    """The page, as Markdown."""
    return "\n".join([INTRODUCTION, *(_family(name, kpis) for name, kpis in FAMILIES.items()), MISSING])


def _family(name: str, kpis: Sequence[Kpi]) -> str:
    header = ("KPI", "id", "unit", "better", "what it is", "what counts", "scope")
    rows = [_row(kpi) for kpi in kpis]
    lines = (header, ("---",) * len(header), *rows)
    return f"## {name}\n\n" + "".join(f"| {' | '.join(line)} |\n" for line in lines)


def _row(kpi: Kpi) -> tuple[str, ...]:
    name = f"**{kpi.label}**" if kpi.headline else kpi.label
    return f"{name}<br>`{kpi.name}`", kpi.id, kpi.unit, kpi.better, kpi.meaning, kpi.counts.strip(), kpi.scope


if __name__ == "__main__":
    with whole_file(PAGE) as temporary:
        temporary.write_text(page(), encoding="utf-8")
    print(PAGE)
