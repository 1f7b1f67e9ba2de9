"""Noise models, durations and the sampling of noisy shots."""
