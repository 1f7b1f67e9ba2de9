"""The service protocol, and the calls that both generations share."""
