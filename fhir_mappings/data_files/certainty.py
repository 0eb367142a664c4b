"""How sure a claim in a data file is."""

from typing import Literal

# `verified`: the very claim stands in the source that is cited beside it, and was read there. Everything else is `unverified`.
Certainty = Literal["verified", "unverified"]
