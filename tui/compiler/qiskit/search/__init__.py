"""Search for the best candidate: one trial, and the parts of a device that trials are made on."""
