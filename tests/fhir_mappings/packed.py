"""An invented instrument whose wording may not ship, and an invented pack for it. No author ever wrote a word of either."""

from datetime import date

from fhir_mappings.instruments.instrument import Instrument
from fhir_mappings.instruments.library import Library
from fhir_mappings.instruments.toml_reader import read_instrument

TODAY = date(2026, 3, 4)
# Stands in every piece of the pack's wording, so that a test can see where it went.
CANARY = "CANARY-7Q"

STRUCTURE = """
[instrument]
slug = "wai-sr"
version = "1.0.0"
title = "Invented scale"
description = "Four invented items."
validated = false
direction = "higher = more"

[rights]
holder = "Society for Invented Scales"
licence = "Permission needed"
terms = "The wording needs the holder's permission."
wording_ships = false
permission = "Write to the Society for Invented Scales."

[[citation]]
text = "Invented for the tests."
certainty = "unverified"

[[claim]]
part = "options"
source = "Invented."
certainty = "verified"

[[claim]]
part = "reversal"
source = "Invented."
certainty = "unverified"

[[claim]]
part = "scores"
source = "Invented."
certainty = "verified"

[[option]]
code = "1"
value = 1

[[option]]
code = "2"
value = 2

[[option]]
code = "3"
value = 3

[form.patient]
[form.clinician]

[[item]]
number = 1
[[item]]
number = 2
reverse = true
[[item]]
number = 3
[[item]]
number = 4

[[scale]]
key = "total"
title = "Total"
about = "sum of the items"
method = "sum"
items = [1, 2, 3, 4]

[[reliability]]
scale = "total"
informant = "patient"
sd = "2.10"
r = "0.80"
r_type = "retest"
interval = "two weeks"
population = "nobody"
n = 10
citation = "Invented."
certainty = "unverified"
"""


def structure(text: str = STRUCTURE) -> Instrument:
    return read_instrument(text, file="wai-sr.toml")


def keyless() -> Instrument:
    """The same without a scoring key."""
    return structure(STRUCTURE[: STRUCTURE.index("[[scale]]")].replace("reverse = true\n", ""))


def shipped(*more: Instrument) -> Library:
    return Library((structure(), *more))


def _items(informants: tuple[str, ...]) -> str:
    texts = [(number, [f'text.{one} = "Sentence {number} {CANARY} for the {one}."' for one in informants]) for number in range(1, 5)]
    return "\n".join(f"[[item]]\nnumber = {number}\n" + "\n".join(lines) for number, lines in texts)


HEAD = """
[pack]
instrument = "wai-sr"
version = "1.0.0"
language = "de"

[permission]
granted_by = "Society for Invented Scales"
granted_to = "Northfield General"
granted_on = 2026-01-15
reference = "letter of 15 January 2026"
scopes = ["display", "store"]
expires = 2026-12-31
"""

PACK = f"""{HEAD}
[form.patient]
title = "Fragebogen {CANARY}"
intro = "Denken Sie an heute. {CANARY}"

[form.clinician]
title = "Ihre Sicht {CANARY}"

[[option]]
code = "1"
label = "nie {CANARY}"
[[option]]
code = "2"
label = "manchmal {CANARY}"
[[option]]
code = "3"
label = "immer {CANARY}"

{_items(("patient", "clinician"))}
"""

KEY = """
[key]
confirmed_by = "S. Lindqvist"
confirmed_on = 2026-02-01
source = "scoring sheet of the licensed form, page 2"

[[key.item]]
number = 1
reverse = false
[[key.item]]
number = 2
reverse = false
[[key.item]]
number = 3
reverse = true
[[key.item]]
number = 4
reverse = false

[[key.scale]]
key = "total"
title = "Total"
about = "mean of all"
method = "mean"
items = [1, 2, 3, 4]
min_answered = 3

[[key.scale]]
key = "first"
title = "First half"
about = "mean of two"
method = "mean"
items = [1, 2]
"""
