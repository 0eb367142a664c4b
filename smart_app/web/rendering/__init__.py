"""From a view model to HTML: templates, static files, the EHR's look."""
