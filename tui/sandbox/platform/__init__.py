"""The platform face: IBM Quantum Platform on IBM Cloud, with the IBM Cloud services around it."""
