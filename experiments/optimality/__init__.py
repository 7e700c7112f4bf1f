"""Small networks solved exactly: the yardstick for rules and learned policies."""
