"""Devices drawn as maps."""
