"""Simulations of one circuit: its ideal distribution, and what the device's noise makes of it."""
