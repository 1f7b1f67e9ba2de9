"""Values, errors, typed JSON and device data of the simulator."""
