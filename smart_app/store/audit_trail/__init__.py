"""What was done, by whom and to whose record: written in a chain that shows a change, and verified."""
