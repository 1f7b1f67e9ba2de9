"""The history of jobs, submissions and sessions, kept in TinyDB."""
