"""What the degenerate-behaviour audit finds, and what it takes for a cheat that is none."""
