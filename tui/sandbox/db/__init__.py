"""The SQLite database of the sandbox."""
