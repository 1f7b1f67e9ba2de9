"""The background pollers and what paces them."""
