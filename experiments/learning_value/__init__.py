"""What it is worth to let novices learn."""
