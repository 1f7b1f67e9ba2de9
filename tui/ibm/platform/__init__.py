"""IBM Quantum Platform on IBM Cloud, the service of today."""
