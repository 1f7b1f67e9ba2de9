"""Figures of results: outcomes in order, shot noise, distances between distributions. Plain Python."""
