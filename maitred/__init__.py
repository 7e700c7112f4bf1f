"""Offline-learned routing for contact centers, proven on frozen evidence."""

__version__ = "0.1.0"
