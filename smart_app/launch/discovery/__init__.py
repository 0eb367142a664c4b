"""Where a registered EHR's authorization server is, by its own documents."""
