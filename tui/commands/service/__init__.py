"""Commands about the service: sign in, its backends."""
