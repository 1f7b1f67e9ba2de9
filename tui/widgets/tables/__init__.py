"""Tables with keyed rows: jobs, candidates, backends, statistics."""
