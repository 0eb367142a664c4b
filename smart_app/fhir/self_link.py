"""What a searchset says it was asked: its `self` link holds the parameters that the server used (FHIR R4, search, "server conformance")."""

import re
from urllib.parse import parse_qsl, urlsplit

# A comma that is not escaped stands between values of which any may hold.
_OR = re.compile(r"(?<!\\),")
# Values that are references: servers write the same one as an id, with its type, and with their address.
_REFERENCES = frozenset({"patient", "subject", "target"})


def shows_another_question(asked: str, self_link: str | None) -> bool:
    """Whether the link names a parameter of the search at `asked` without one of its values, so that results may be missing.

    What it leaves out altogether was not used, and what it has besides finds more, not less; a link of other parameters (an opaque page)
    says nothing. Parameters of the result (`_count`) are the server's to change."""
    if self_link is None or self_link.partition("?")[2] == asked.partition("?")[2]:
        return False
    said = _values(self_link)
    return any(name in said and not all(_found(value, said[name]) for value in values) for name, values in _values(asked).items())


def _values(address: str) -> dict[str, set[str]]:
    """The values of each search parameter in an address; none where it cannot be read."""
    found: dict[str, set[str]] = {}
    try:
        pairs = parse_qsl(urlsplit(address).query, keep_blank_values=True)
    except ValueError:
        return found
    for name, value in pairs:
        if not name.startswith("_"):
            found.setdefault(name, set()).update(_plain(name, one) for one in _OR.split(value))
    return found


def _plain(name: str, value: str) -> str:
    return value.rpartition("/")[2] if name in _REFERENCES else value.strip()


def _found(value: str, said: set[str]) -> bool:
    """Whether the server searched for it; a code without its system is that code in any."""
    return value in said or ("|" in value and value.rpartition("|")[2] in said)
