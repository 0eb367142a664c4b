"""Instruments as data: their files, the library of them, answers, scores, and the addresses of their codes."""
