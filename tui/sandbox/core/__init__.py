"""The service of the sandbox behind both of its interfaces: jobs, sessions, devices, usage."""
