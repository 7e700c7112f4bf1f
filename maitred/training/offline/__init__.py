"""Learners from a decision log alone: no simulator, no further questions."""
