"""Speed, measured beside other tools in the same run."""
