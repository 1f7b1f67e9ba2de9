"""OpenQASM as a language: statements, names and their scopes, mistakes; also while it is being typed."""
