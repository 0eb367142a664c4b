"""Words by which a text is one that must not be misunderstood."""

import re

MISUNDERSTOOD = re.compile(
    r"(?i)\b(?:an)?other patients?\b"
    r"|\bnot (?:yet )?(?:be |been )?(?:saved|stored|sent|taken|kept|written|known)\b|\bnot .{0,20}in the record\b"
    r"|\b(?:is|are|may be|stays) in the record\b"
    r"|\bnothing (?:was|is|has been) (?:saved|stored|sent|kept|written|opened|done|decided|lost)\b"
    r"|\bunits?\b|\{unit\}|mmol|\b(?:rose|fell|unchanged|higher|lower|went from)\b"
)
