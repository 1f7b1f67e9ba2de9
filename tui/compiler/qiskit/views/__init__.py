"""What is shown of one candidate: its timeline and its drawing."""
