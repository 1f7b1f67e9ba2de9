"""Sampler and estimator of both generations on simulated devices."""
