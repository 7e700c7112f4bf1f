"""Importing this module registers the environments with Gymnasium.

    import gymnasium
    import maitred.envs.registration
    env = gymnasium.make("maitred/Omni-v0")
    env = gymnasium.make("maitred/ContactCenter-v0", scenario="my_center.yaml")

Every shipped scenario in which there is something to decide has an id of its own: `maitred/` and its name in capitals
at word starts, such as `maitred/W3Chat-v0` for `w3_chat`. Gymnasium can import the module, too:
`gymnasium.make("maitred.envs.registration:maitred/Omni-v0")`.
"""

from __future__ import annotations

from typing import Any

import gymnasium

from maitred.envs.scenario_file import SHIPPED

NOTHING_TO_DECIDE = {"level0"}  # one queue to one agent at a time: not an environment
ANY = "maitred/ContactCenter-v0"  # takes the scenario as an argument


def id_of(scenario: str) -> str:
    """The id of a shipped scenario."""
    return f"maitred/{''.join(word.capitalize() for word in scenario.split('_'))}-v0"


def _register(id_: str, **arguments: Any) -> None:
    gymnasium.register(
        id=id_,
        entry_point="maitred.envs.contact_center:ContactCenter",
        vector_entry_point="maitred.envs.vector:ContactCenterVector",
        kwargs=arguments,
    )


_register(ANY)
for _name in sorted({file.stem for file in SHIPPED.glob("*.yaml")} - NOTHING_TO_DECIDE):
    _register(id_of(_name), scenario=_name)
