"""The scoring key of an instrument as one short value, so that a site's confirmation holds for the key that was confirmed and no other.

The fingerprint is the SHA-256, in hexadecimal, of a JSON text (keys sorted, no spaces, ASCII) with these members:

- `format`: 1;
- `options`: [code, value] of each option, sorted by code, null for an option without a value;
- `reversed`: the numbers of the reversed items, ascending;
- `scales`: sorted by key, each with `key`, `method`, `items` (numbers, ascending), `min_answered`, `needs` (sorted) and `factor` as
  plain decimal text without trailing zeros.

Wording, titles, sources and statistics are no part of it: they change no score.
"""

import json
from hashlib import sha256

from fhir_mappings.instruments.instrument import Instrument, Scale


def fingerprint(instrument: Instrument) -> str:
    """The SHA-256 of the scoring key, 64 hexadecimal digits."""
    number = {item.link_id: item.number for item in instrument.items}
    content = {
        "format": 1,
        "options": sorted([option.code, option.value] for option in instrument.options),
        "reversed": sorted(item.number for item in instrument.items if item.reverse),
        "scales": [_scale(scale, number) for scale in sorted(instrument.scales, key=lambda one: one.key)],
    }
    return sha256(json.dumps(content, sort_keys=True, separators=(",", ":")).encode("ascii")).hexdigest()


def verified(instrument: Instrument) -> bool:
    """Whether there is a key and every part of it was seen in its source."""
    return bool(instrument.scales) and all(claim.certainty == "verified" for claim in instrument.claims)


def _scale(scale: Scale, number: dict[str, int]) -> dict[str, object]:
    return {
        "key": scale.key,
        "method": scale.method,
        "items": sorted(number[link_id] for link_id in scale.items),
        "min_answered": scale.min_answered,
        "needs": sorted(scale.needs),
        "factor": format(scale.factor.normalize(), "f"),
    }
