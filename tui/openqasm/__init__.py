"""OpenQASM as text: highlighting, outline, templates."""
