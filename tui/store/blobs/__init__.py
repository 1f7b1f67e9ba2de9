"""Results and circuits as files beside the journal, within a quota."""
