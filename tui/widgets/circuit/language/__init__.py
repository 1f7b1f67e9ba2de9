"""What the editor shows of the language: the card of a gate, what may be typed, arguments that are due."""
