"""Long runs of the real app, started by hand; each writes a report."""
