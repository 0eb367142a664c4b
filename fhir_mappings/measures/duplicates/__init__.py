"""One result that several resources hold: told, counted once, and named with all of them."""
