"""Calibration of the mechanisms of conversations from a turn log: each figure with its interval."""
