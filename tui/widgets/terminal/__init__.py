"""The terminal: only changed cells are sent; driver, focus, keys in order, themes."""
