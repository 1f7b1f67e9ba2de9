"""Requests and handlers that both faces share."""
