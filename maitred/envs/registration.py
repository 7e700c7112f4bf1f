"""Importing this module registers the environments with Gymnasium.

    import gymnasium
    import maitred.envs.registration
    env = gymnasium.make("maitred/ContactCenter-v0", scenario="bank")

Gymnasium can import it, too: `gymnasium.make("maitred.envs.registration:maitred/ContactCenter-v0", scenario="bank")`.
"""

import gymnasium

gymnasium.register(
    id="maitred/ContactCenter-v0",
    entry_point="maitred.envs.contact_center:ContactCenter",
    vector_entry_point="maitred.envs.vector:ContactCenterVector",
)
