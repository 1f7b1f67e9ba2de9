"""Base class and shared state of the screens."""
