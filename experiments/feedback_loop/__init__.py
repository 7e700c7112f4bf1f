"""A router that is re-trained on what it caused: naive, with replay, and with the gate."""
