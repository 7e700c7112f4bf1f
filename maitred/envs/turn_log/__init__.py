"""The turn log: what happened in every conversation, turn by turn; its schema, reader and writer."""

from maitred.envs.turn_log.from_ledger import from_ledger
from maitred.envs.turn_log.read import TurnLog, read_turn_log
from maitred.envs.turn_log.schema import EVENTS, SCHEMA, VERSION, TurnLogError, is_turn_log
from maitred.envs.turn_log.write import write_turn_log

__all__ = [
    "EVENTS",
    "SCHEMA",
    "VERSION",
    "TurnLog",
    "TurnLogError",
    "from_ledger",
    "is_turn_log",
    "read_turn_log",
    "write_turn_log",
]
