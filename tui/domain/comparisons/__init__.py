"""Jobs, candidates and ideal results side by side: what came out, how far apart it is, what differed."""
