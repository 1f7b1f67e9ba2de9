"""Styled text, lines and panes, and the formats of values."""
