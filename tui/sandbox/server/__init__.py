"""What the routes of both generations share."""
