"""The page of one job: what is known for it, and its views as lines."""
