"""Commands about this machine: folders, faults, the sandbox."""
