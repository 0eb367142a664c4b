"""The figures Rapport promises, measured as ratios and sizes of one run: `make bench`, or `python -m tests.bench`."""
