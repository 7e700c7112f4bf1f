"""What matching by estimated effects is worth on the days of a real log."""
