"""Where a chart is drawn."""
