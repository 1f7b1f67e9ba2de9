"""Result bodies of primitives, decoded without numpy."""
