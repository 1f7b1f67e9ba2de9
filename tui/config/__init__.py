"""Settings, folders and the persisted view of the job table."""
