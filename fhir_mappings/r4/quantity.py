"""A quantity as a record writes it."""

from typing import NamedTuple


class Quantity(NamedTuple):
    """A number and unit exactly as reported: `text` keeps `7.10` as `7.10`; `unit` is the UCUM code, `label` what people read."""

    text: str
    unit: str
    label: str
