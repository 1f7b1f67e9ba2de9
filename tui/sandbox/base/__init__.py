"""Ground of the sandbox: HTTP helpers, errors, ids, clock, tokens."""
