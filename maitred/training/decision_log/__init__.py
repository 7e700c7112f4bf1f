"""Decision logs: what was decided, among what, with which chance, by whom, and what came of it."""
