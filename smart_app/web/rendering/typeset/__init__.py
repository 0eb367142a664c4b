"""Where a page is set as a PDF."""
