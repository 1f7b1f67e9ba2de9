"""Parts that several commands use: signing in, choosing a service, printing, submitting."""
