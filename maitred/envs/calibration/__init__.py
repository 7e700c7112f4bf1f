"""Calibration: from a contact log to a scenario, each figure with its uncertainty."""
