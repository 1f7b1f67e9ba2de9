"""Results: histogram, expectation values, sweeps, summary of a job."""
