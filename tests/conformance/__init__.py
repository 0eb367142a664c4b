"""Which test shows which requirement, and the pages of docs/ that say so."""
