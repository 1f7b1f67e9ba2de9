"""The background workers and the commands of the screens: one truth, published as events."""
