"""Is now like before? Outages within minutes (AN-1), slow drift of features, rewards and calibration (GV-7)."""
