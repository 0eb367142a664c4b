"""Things people try when working together is strained: a data file with sources, what of it is offered, and what a site makes of it."""
