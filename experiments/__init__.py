"""Studies: each module states its claim, its command and prints its table."""
