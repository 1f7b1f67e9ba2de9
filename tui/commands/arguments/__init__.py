"""The commands as click sees them: arguments, options, help. click alone is imported before one runs."""
