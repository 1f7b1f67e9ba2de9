"""The state in memory and the events that tell of its changes."""
