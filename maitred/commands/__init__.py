"""Every subcommand. What the base install lacks is imported inside the function of the command that needs it."""

from maitred.commands import centers, governance, logs, policies

COMMANDS = centers.COMMANDS | policies.COMMANDS | logs.COMMANDS | governance.COMMANDS
