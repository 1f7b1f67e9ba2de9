"""Common helpers without any knowledge of qdeck: time, errors, secrets, untrusted text, files."""
