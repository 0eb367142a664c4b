"""What a text of a data file may be: something a person can read, of a length that fits a page, and no placeholder left in it."""

import re
import unicodedata
from typing import Annotated

from pydantic import AfterValidator
from pydantic_core import PydanticCustomError

from fhir_mappings.sentence import shipped_text

# The longest item of the instruments known here has under 200 characters; five times that is no item any more.
LONGEST_LINE = 1_000
# An introduction is a paragraph or two.
LONGEST_INTRO = 3_000
# Written by `rapport instruments pack-template` where a person has to fill something in.
PLACEHOLDER = re.compile(r"<<.*?>>", re.DOTALL)
_STRANGE_NAME = re.compile(r"\{(?!clinician\}|patient\})")
# Invisible characters that scripts need: soft hyphen, joiners (Persian, Indic scripts), left-to-right and right-to-left marks.
_NEEDED = frozenset("\u00ad\u200c\u200d\u200e\u200f")
# Control, formatting (bidirectional overrides among them), surrogate, private and unassigned characters, line and paragraph separators.
_UNREADABLE = frozenset({"Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp"})


def flaw(text: str, *, longest: int, breaks: bool = False) -> str | None:
    """What is wrong with a text, or None. `breaks` allows line breaks."""
    if not text.strip():
        return "is empty"
    if len(text) > longest:
        return f"has {len(text):,} characters, more than {longest:,}"
    strange = next((one for one in text if not (breaks and one == "\n") and _unreadable(one)), None)
    if strange is not None:
        return f"holds the character U+{ord(strange):04X}, which cannot be read"
    if PLACEHOLDER.search(text):
        return "still holds a placeholder of the template; write the real text there"
    return "holds a { that begins neither {clinician} nor {patient}" if _STRANGE_NAME.search(text) else None


def shown(text: str, *, longest: int = 80) -> str:
    """Text of unknown origin (a file's name, a key) as it may stand in a message: short, and without what cannot be read."""
    return "".join(f"\\u{ord(one):04x}" if _unreadable(one) else one for one in text[:longest]) + ("…" if len(text) > longest else "")


def _unreadable(one: str) -> bool:
    return unicodedata.category(one) in _UNREADABLE and one not in _NEEDED


def _line(text: str) -> str:
    return _checked(text, flaw(text, longest=LONGEST_LINE))


def _intro(text: str) -> str:
    return _checked(text, flaw(text, longest=LONGEST_INTRO, breaks=True) if text else None)


def _checked(text: str, problem: str | None) -> str:
    if problem is not None:
        raise PydanticCustomError("text", "{problem}", {"problem": problem})
    return text


# One line of text; and a paragraph or two, which may be absent.
Line = Annotated[str, AfterValidator(_line)]
# A text of a file that ships with Rapport which pages show, so that it can be said in another language. `tools/translations.py` names
# their keys; a site's own files hold plain lines.
Shown = Annotated[str, AfterValidator(shipped_text)]
Intro = Annotated[str, AfterValidator(_intro)]
