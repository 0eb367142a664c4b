"""The languages that pages speak: catalogues, what is wrong with one, and the words they give."""
