"""The governance file outside of serving: read it, compare it, approve it, put a center under it, try to get round it.

Only `approve` writes one, and always a new one.
"""
