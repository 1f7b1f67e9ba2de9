"""The job table and the page of one job."""
