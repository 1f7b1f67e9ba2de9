"""The classic service of hub, group and project, with a cloud transpiler."""
