"""Forms in which a job leaves qdeck: JSON, tables, Python, file names."""
