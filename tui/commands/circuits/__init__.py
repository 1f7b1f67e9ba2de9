"""Commands about circuits: check, transpile and run them."""
