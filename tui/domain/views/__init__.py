"""Views of a circuit as values: its diagram, what runs when on which qubit."""
