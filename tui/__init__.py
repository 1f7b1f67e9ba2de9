"""qdeck: a full-screen terminal dashboard for IBM Quantum."""

__version__ = "0.1.0"
