"""An instrument in plain text, for `rapport instruments`."""

import textwrap
from collections.abc import Iterable, Iterator
from typing import Literal

from fhir_mappings.instruments.instrument import Claim, Cutoff, Instrument, Item, Reliability, Rights, Scale
from fhir_mappings.instruments.library import Library
from fhir_mappings.instruments.scoring_key import fingerprint, verified
from fhir_mappings.site.wording_packs import Pack

_WIDTH = 100
Standing = Literal["scored", "needs confirmation", "no key", "described only"]


def wrapped(text: str, *, indent: int = 0) -> str:
    """A sentence on lines that fit a terminal; those after the first are indented by two more."""
    first = " " * indent
    return textwrap.fill(text, _WIDTH, initial_indent=first, subsequent_indent=f"{first}  ", break_on_hyphens=False)


def standing(instrument: Instrument) -> Standing:
    """Whether it is scored, in a word or two."""
    if not instrument.items:
        return "described only"
    if not instrument.scales:
        return "no key"
    return "needs confirmation" if instrument.why_unscored else "scored"


def structures(library: Library) -> list[Instrument]:
    """Every version as it ships, by name."""
    return sorted((one for one in library.instruments if one.as_shipped), key=lambda one: (one.slug, one.version))


def in_words(library: Library, structure: Instrument) -> list[Instrument]:
    """The instrument once for each language it can be shown in."""
    same = (one for one in library.instruments if (one.slug, one.version) == (structure.slug, structure.version))
    return [one for one in same if one.language is not None and one.may("display")]


# One instrument among all


def entry(library: Library, structure: Instrument, *, offered: bool) -> Iterator[str]:
    """A few lines of the list."""
    worded = in_words(library, structure)
    yield f"{structure.slug} {structure.version}  {structure.title}"
    if structure.items:
        yield f"  {len(structure.items)} items; forms: {', '.join(structure.forms)}"
        yield f"  wording: {', '.join(_language(one) for one in worded) or 'none, filled in from the licensed sheet'}"
    yield f"  {standing(structure)}{_elsewhere(structure, worded)}; {'offered here' if offered else 'not offered here'}"
    yield from (wrapped(line, indent=2) for line in _remedies(structure, worded))


def _language(one: Instrument) -> str:
    return f"{one.language} ({'pack' if one.wording else 'ships'})"


def _elsewhere(structure: Instrument, worded: Iterable[Instrument]) -> str:
    """Languages in which a pack's key changes that."""
    other = [f"{one.language}: {standing(one)}" for one in worded if standing(one) != standing(structure)]
    return f" ({', '.join(other)})" if other else ""


def _remedies(structure: Instrument, worded: list[Instrument]) -> Iterator[str]:
    """How to get what is missing."""
    slug = structure.slug
    if not structure.items:
        yield f"How to get it: {permission(structure.rights)}"
        return
    if not worded:
        yield f"To get the wording: {permission(structure.rights)} Then: rapport instruments pack-template {slug} --language LANGUAGE"
    if standing(structure) == "needs confirmation":
        yield f"To score it, compare the key with the author's: rapport instruments confirm {slug} --by NAME --source TEXT"
    if standing(structure) == "no key" and not any(one.scales for one in worded):
        yield "To score it, a pack has to bring the author's key: see [key] in docs/wording-packs.md"


def permission(rights: Rights) -> str:
    """How to get leave to use the wording."""
    if rights.wording_ships:
        return f"Not needed for the wording that ships; it may be used under {rights.licence}."
    return rights.permission or f"Ask {rights.holder}. {rights.terms}"


# One instrument


def description(instrument: Instrument, packs: Iterable[Pack]) -> Iterator[str]:
    """Everything that is known of it."""
    yield f"{instrument.slug} {instrument.version}  {instrument.title}"
    yield wrapped(instrument.description)
    yield f"Validated: {'yes' if instrument.validated else 'no'}. {instrument.direction[:1].upper()}{instrument.direction[1:]}."
    yield from (_form(form.informant, form.title, form.minutes) for form in instrument.forms.values())
    yield from _titled("Items", (_item(item) for item in instrument.items))
    yield from _titled("Options", (_option(one.code, one.value, one.label) for one in instrument.options))
    yield from key_lines(instrument)
    yield from _titled("Where the key comes from", (_claim(one) for one in instrument.claims))
    yield from _titled("Reliability", (_reliability(one) for one in instrument.reliability))
    yield from _titled("Published cut-offs", (_cutoff(one) for one in instrument.cutoffs))
    yield from _titled("Rights", _rights(instrument.rights))
    yield from _titled("Wording packs installed", (pack_line(one) for one in packs))
    yield from _titled("Sources", (f"{one.text} ({one.certainty})" for one in instrument.citations))


def key_lines(instrument: Instrument) -> Iterator[str]:
    """The scoring key, how it stands and its fingerprint."""
    turned = ", ".join(str(item.number) for item in instrument.items if item.reverse)
    if instrument.scales:
        yield from _titled("Scores", (_scale(scale, instrument) for scale in instrument.scales))
        yield wrapped(f"Reversed items: {turned or 'none'}", indent=2)
    yield wrapped(f"Scoring: {standing(instrument)}. {_why(instrument)}")
    if instrument.scales:
        yield f"Fingerprint of the key: {fingerprint(instrument)}"


def _why(instrument: Instrument) -> str:
    said = instrument.confirmation
    if said is not None:
        return f"Confirmed by {said.by} on {said.on}, against: {said.source}."
    if verified(instrument):
        return "Every part of the key is verified."
    return f"{instrument.why_unscored}{f' Not verified: {parts}.' if (parts := doubted(instrument)) else ''}"


def doubted(instrument: Instrument) -> str:
    """The parts of the key nobody has verified."""
    return ", ".join(claim.part for claim in instrument.claims if claim.certainty == "unverified")


def pack_line(pack: Pack) -> str:
    """A pack and the leave it rests on."""
    leave = pack.wording
    until = f" until {pack.expires}" if pack.expires else ""
    scopes = ", ".join(scope for scope in ("display", "store", "redistribute") if scope in leave.scopes)
    key = ", with a key the site confirmed" if pack.brings_a_key else ""
    granted = f"granted to {pack.granted_to} by {leave.granted_by} on {leave.granted_on}{until} ({leave.reference})"
    return f"{pack.file}: {pack.slug} {pack.version} in {pack.language}{key}; {scopes}; {granted}"


def _titled(title: str, lines: Iterable[str]) -> Iterator[str]:
    """A heading and its lines, indented; nothing where there are none."""
    known = list(lines)
    if known:
        yield f"\n{title}"
        yield from (wrapped(line, indent=2) for line in known)


def _form(informant: str, title: str, minutes: int | None) -> str:
    return wrapped(f"Form for the {informant}: {title}{f', about {minutes} minutes' if minutes else ''}")


def _item(item: Item) -> str:
    """Its number, what it counts for, and its wording where there is some."""
    marks = [item.scale or "", "reversed" if item.reverse else ""]
    said = ", ".join(mark for mark in marks if mark)
    worded = " / ".join(item.text.values())
    return f"{item.number}.{f' ({said})' if said else ''}{f' {worded}' if worded else ''}"


def _option(code: str, value: int | None, label: str | None) -> str:
    return f"{code} = {'no value' if value is None else value}{f', {label}' if label else ''}"


def _scale(scale: Scale, instrument: Instrument) -> str:
    numbers = ", ".join(str(instrument.item(link_id).number) for link_id in scale.items)
    times = f" times {scale.factor}" if scale.factor != 1 else ""
    needs = f" and {', '.join(scale.needs)} scored" if scale.needs else ""
    rule = f"{scale.min_answered} of {len(scale.items)} answered{needs}"
    return f"{scale.key}: {scale.method} of items {numbers}{times}; {scale.low} to {scale.high}; needs {rule}; {scale.direction}"


def _claim(claim: Claim) -> str:
    return f"{claim.part}: {claim.certainty}. {claim.source}"


def _reliability(one: Reliability) -> str:
    figures = {"SD": one.sd, f"r ({one.r_type})": one.r, "smallest detectable change": one.mdc}
    said = ", ".join(f"{name} {value}" for name, value in figures.items() if value is not None)
    size = f", n = {one.n}" if one.n is not None else ""
    return f"{one.scale}, {one.informant} form: {said}; interval: {one.interval}; {one.population}{size}; {one.certainty}. {one.citation}"


def _cutoff(one: Cutoff) -> str:
    return f"{one.scale} {one.side} {one.value}: {one.meaning}; {one.population}; {one.certainty}. {one.citation}"


def _rights(rights: Rights) -> Iterator[str]:
    yield f"{rights.holder}; {rights.licence}. {rights.terms}"
    yield f"How to get permission: {permission(rights)}"
