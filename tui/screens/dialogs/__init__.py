"""Dialogs: short questions over a section, answered by a value."""
