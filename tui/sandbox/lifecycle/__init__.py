"""Starting, joining and ending the process of the sandbox."""
