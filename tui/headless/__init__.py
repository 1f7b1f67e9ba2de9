"""The commands for scripts: stdout is data, stderr is talk, the exit status tells."""
