"""Forms: fields, choices, the submit form."""
