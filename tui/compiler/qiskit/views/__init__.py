"""What is shown of a circuit: its diagram, its timeline, pictures of its results."""
