"""Instruments nobody uses, for what the shipped ones do not have: each shows one difficulty of publishing and scoring."""

from collections.abc import Sequence
from datetime import date
from decimal import Decimal
from typing import Literal

from msgspec.structs import replace

from fhir_mappings.instruments.instrument import (
    Claim,
    Form,
    Informant,
    Instrument,
    Item,
    Option,
    Question,
    Rights,
    Scale,
    Scope,
    Section,
    Wording,
)
from fhir_mappings.sentence import Sentence

ALL: tuple[Informant, ...] = ("patient", "clinician", "observer")


def options(*values: int) -> tuple[Option, ...]:
    """Unlabelled options of those values."""
    return tuple(Option(code=f"minus-{-value}" if value < 0 else str(value), value=value, label=None) for value in values)


def scale(
    key: str,
    numbers: Sequence[int],
    *,
    method: Literal["mean", "sum"] = "mean",
    least: int | None = None,
    needs: tuple[str, ...] = (),
    factor: str = "1",
    bounds: tuple[int, int] = (1, 5),
) -> Scale:
    """A scale over items named by number."""
    return Scale(
        key=key, title=key.capitalize(), about=key, method=method, items=tuple(f"item-{one}" for one in numbers),
        min_answered=least or len(numbers), needs=needs, factor=Decimal(factor), direction=Sentence("higher = more"),
        low=bounds[0], high=bounds[1],
    )  # fmt: skip


def instrument(
    slug: str,
    count: int,
    *,
    offered: tuple[Option, ...],
    scales: tuple[Scale, ...] = (),
    reverse: Sequence[int] = (),
    informants: Sequence[Informant] = ("patient",),
    sections: int = 1,
) -> Instrument:
    """An instrument of `count` unworded items in `sections` groups; its key counts as verified."""
    items = tuple(Item(link_id=f"item-{one}", number=one, scale=None, reverse=one in reverse, text={}) for one in range(1, count + 1))
    parts = [tuple(item.link_id for item in items[start::sections]) for start in range(sections if count else 0)]
    rights = Rights(
        holder="Nobody", licence=Sentence("all rights reserved"), terms="For tests <only>.", wording_ships=False, permission="Ask & wait."
    )
    return Instrument(
        slug=slug, version="1.0.0", language=None, title=Sentence("Invented {name}", name=slug), description="Made up for a test.",
        validated=True,
        direction=Sentence("higher = more"), rated="clinician", recall="the last visit",
        forms={one: Form(informant=one, title=slug, intro="", minutes=None) for one in informants},
        sections=tuple(Section(key=f"part-{place}", title={}, help={}, items=part) for place, part in enumerate(parts, 1)),
        options=offered, items=items, questions=(), scales=scales,
        claims=(Claim(part="scores", source="Made up.", certainty="verified"),), reliability=(), cutoffs=(),
        rights=rights, citations=(),
    )  # fmt: skip


NEGATIVE = instrument(
    "negative", 6, offered=options(-3, -2, -1, 1, 2, 3), reverse=(2, 5), informants=("patient", "clinician"), sections=2,
    scales=(
        scale("total", range(1, 7), method="sum", least=4, bounds=(-18, 18)),
        scale("second-part", (2, 4, 6), least=2, bounds=(-3, 3)),
    ),
)  # fmt: skip
DOES_NOT_APPLY = instrument(
    "does-not-apply", 5, offered=(*options(1, 2, 3, 4, 5), Option(code="not-applicable", value=None, label="Does not apply")),
    scales=(scale("total", range(1, 6), method="sum", least=3, bounds=(5, 25)),),
)  # fmt: skip
FACTOR = instrument(
    "factor", 5, offered=options(0, 1, 2, 3, 4, 5), reverse=(3,),
    scales=(
        scale("total", range(1, 6), method="sum", factor="4", bounds=(0, 100)),
        scale("quarter", (1, 2, 3), factor="0.25", least=1, bounds=(0, 1)),
        scale("some", (4, 5, 1), method="sum", factor="2.5", least=2, bounds=(0, 37)),
    ),
)  # fmt: skip
NEEDS = instrument(
    "needs", 6, offered=options(1, 2, 3, 4, 5), sections=2,
    scales=(
        scale("goal", (1, 2, 3), least=2),
        scale("bond", (4, 5, 6), least=2, needs=("goal",)),
        scale("total", range(1, 7), least=3, needs=("bond",)),
    ),
)  # fmt: skip
MANY = instrument(
    "many", 64, offered=options(-3, -2, -1, 1, 2, 3), reverse=range(1, 64, 3), sections=4,
    scales=(
        scale("total", range(1, 65), method="sum", bounds=(-192, 192)),
        scale("fourth", range(1, 17), method="sum", least=12, bounds=(-48, 48)),
    ),
)  # fmt: skip
UNSCORED = instrument("unscored", 4, offered=options(1, 2, 3), informants=ALL)
UNCONFIRMED = replace(
    instrument("unconfirmed", 4, offered=options(1, 2, 3), informants=ALL, scales=(scale("total", range(1, 5), bounds=(1, 3)),)),
    claims=(Claim(part="scores", source="Somebody's slide.", certainty="unverified"),),
)
DESCRIBED = replace(instrument("described", 0, offered=()), sections=())
SCORED = (NEGATIVE, DOES_NOT_APPLY, FACTOR, NEEDS, MANY)
INVENTED = (*SCORED, UNSCORED, UNCONFIRMED, DESCRIBED)


def worded(base: Instrument, word: str, *, scopes: frozenset[Scope], language: str = "en") -> Instrument:
    """The instrument as a site's pack makes it: every text, label, heading and help holds `word`."""
    said = dict.fromkeys(base.forms, f"{word} words of {{clinician}}")
    labels = tuple(replace(one, label=f"{word} {one.code}") for one in base.options)
    return replace(
        base,
        language=language,
        forms={who: replace(form, title=f"{word} form", intro=f"{word} intro") for who, form in base.forms.items()},
        sections=tuple(replace(one, title=said, help=said) for one in base.sections),
        options=labels,
        items=tuple(replace(one, text=said) for one in base.items),
        questions=(Question(link_id="aside", text=said, options=labels[:2]),),
        wording=Wording(granted_by="A. Holder", granted_on=date(2026, 3, 1), reference="letter 7", scopes=scopes),
    )
