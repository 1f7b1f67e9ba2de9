"""The commands for scripts: the same services as the app, without the screens."""
