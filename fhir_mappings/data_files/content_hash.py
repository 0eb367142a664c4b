"""What a value says as one short text, so that what is made of it can be kept under what it says and not under where it lies."""

from hashlib import sha256

from msgspec import Struct, json

from fhir_mappings.sentence import Sentence


def content_hash(value: Struct) -> str:
    """The SHA-256, 64 hexadecimal digits, of everything in a value: its JSON with the keys of mappings and the members of sets in order.
    30 µs for an instrument."""
    return sha256(json.encode(value, order="deterministic", enc_hook=_in_english)).hexdigest()


def _in_english(value: object) -> str:
    """A sentence counts by its English. TypeError for anything else that is no JSON."""
    if isinstance(value, Sentence):
        return str(value)
    raise TypeError(f"a data file holds no {type(value).__name__}")
