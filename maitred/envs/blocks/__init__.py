"""The blocks of a scenario beyond the first world: one mechanism each, off unless a scenario says otherwise."""

from maitred.envs.blocks.bots import Bots
from maitred.envs.blocks.channels import Channels
from maitred.envs.blocks.concurrency import Concurrency
from maitred.envs.blocks.customers import Customers
from maitred.envs.blocks.deferral import Deferral
from maitred.envs.blocks.demand import Demand
from maitred.envs.blocks.dialogue import Dialogue
from maitred.envs.blocks.governance import Governance
from maitred.envs.blocks.handoff import Handoff
from maitred.envs.blocks.outreach import Outreach
from maitred.envs.blocks.people import People
from maitred.envs.blocks.quality import Quality
from maitred.envs.blocks.reassess import Reassess

BLOCKS = {
    "channels": Channels,
    "dialogue": Dialogue,
    "concurrency": Concurrency,
    "bots": Bots,
    "handoff": Handoff,
    "reassess": Reassess,
    "deferral": Deferral,
    "outreach": Outreach,
    "demand": Demand,
    "people": People,
    "customers": Customers,
    "quality": Quality,
    "governance": Governance,
}

__all__ = [
    "BLOCKS",
    "Bots",
    "Channels",
    "Concurrency",
    "Customers",
    "Deferral",
    "Demand",
    "Dialogue",
    "Governance",
    "Handoff",
    "Outreach",
    "People",
    "Quality",
    "Reassess",
]
