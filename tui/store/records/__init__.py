"""What is stored: records, their merging, their form as rows, sets of changes."""
