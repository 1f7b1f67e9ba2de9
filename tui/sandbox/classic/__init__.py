"""The classic face: the auth host, the runtime and the cloud transpiler of the walkthrough."""
