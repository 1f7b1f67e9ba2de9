"""Tools for people who work on qdeck, run by hand."""
