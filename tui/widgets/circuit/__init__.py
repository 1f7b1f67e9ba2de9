"""Circuits: editor, read-only program, diagnostics, layout."""
