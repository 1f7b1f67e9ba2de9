"""Commands about jobs: list, read, cancel them, and the history of them."""
