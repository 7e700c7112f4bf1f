"""The exported bundle and its numpy runtime."""
