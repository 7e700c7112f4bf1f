"""Every subcommand. What the base install lacks is imported inside the function of the command that needs it."""

from maitred.commands import audit, centers, governance, logs, policies

COMMANDS = centers.COMMANDS | policies.COMMANDS | logs.COMMANDS | audit.COMMANDS | governance.COMMANDS
