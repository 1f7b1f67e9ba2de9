"""Commands on jobs and sessions of the service."""
