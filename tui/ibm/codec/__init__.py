"""The wire formats of jobs, backends, sessions and parameters."""
