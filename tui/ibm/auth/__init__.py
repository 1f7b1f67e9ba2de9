"""Access tokens of both generations: got, renewed in time, ended."""
