"""What surrounds every screen: status bar, footer, notifications, filter."""
