"""Hydra groups and the dataclasses they are checked against."""
