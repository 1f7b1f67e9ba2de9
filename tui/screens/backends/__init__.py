"""The backends section: the list, and the device under the cursor as map and tables."""
