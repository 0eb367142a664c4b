"""How many examples a property is tried on."""

from hypothesis import settings


def share(part: float) -> settings:
    """Settings with that part of the profile's examples: properties that ask a whole app are slow, and there are many of them."""
    return settings(max_examples=round(settings().max_examples * part))


def at_least(number: int) -> settings:
    """Settings with so many examples, or the profile's where these are more."""
    return settings(max_examples=max(number, settings().max_examples))
