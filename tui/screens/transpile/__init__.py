"""The transpilation review."""
