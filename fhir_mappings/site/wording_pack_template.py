"""A wording pack to fill in: the shape an instrument needs, with a placeholder wherever a person has to write something. A pack that
still holds one is refused."""

from collections.abc import Iterable, Iterator, Mapping, Sequence

from fhir_mappings.instruments.instrument import Informant, Instrument, Item
from fhir_mappings.instruments.scoring_key import verified


def pack_template(instrument: Instrument, *, language: str, informants: Sequence[Informant]) -> str:
    """The TOML of a pack for those of the instrument's forms."""
    blocks = (
        *_head(instrument, language),
        *(_form(one) for one in informants),
        *(f'[[option]]\ncode = "{one.code}"\nlabel = "<<label of {one.code}>>"{_hint(one.label)}' for one in instrument.options),
        *_sections(instrument, informants),
        *(_item(instrument, one, informants) for one in instrument.items),
        *_questions(instrument, informants),
        *([] if verified(instrument) else [_key(instrument)]),
    )
    return "\n\n".join(blocks) + "\n"


def _head(instrument: Instrument, language: str) -> Iterator[str]:
    title = f"# Wording of {instrument.title}, {instrument.slug} {instrument.version}, in {language}. Format: docs/wording-packs.md"
    yield f"{title}\n# Replace every <<…>>, also the < and >, and delete what does not apply."
    yield f'[pack]\ninstrument = "{instrument.slug}"\nversion = "{instrument.version}"\nlanguage = "{language}"'
    lines = (
        "[permission]",
        'granted_by = "<<who holds the rights>>"',
        'granted_to = "<<your clinic, as the permission names it>>"',
        'granted_on = "<<day, without quotes: 2026-11-22>>"',
        'reference = "<<letter, mail or licence to look it up by>>"',
        'scopes = ["<<display; beside it store and redistribute, if granted>>"]',
        "# expires = 2027-11-22",
    )
    yield "\n".join(lines)


def _form(informant: Informant) -> str:
    intro = "<<words before the first item; delete the line where there are none>>"
    return f'[form.{informant}]\ntitle = "<<title of the {informant} form>>"\nintro = "{intro}"'


def _item(instrument: Instrument, item: Item, informants: Iterable[Informant]) -> str:
    lines = _texts("text", item.text, informants, f"item {item.number}", language=instrument.language)
    return "\n".join((f"[[item]]\nnumber = {item.number}", *lines))


def _sections(instrument: Instrument, informants: Iterable[Informant]) -> Iterator[str]:
    for one in instrument.sections:
        titles = _texts("title", one.title, informants, f"heading {one.key}", language=instrument.language) if one.title else ()
        helps = _texts("help", one.help, informants, f"line below heading {one.key}", language=instrument.language) if one.help else ()
        if one.title or one.help:
            yield "\n".join((f'[[section]]\nkey = "{one.key}"', *titles, *helps))


def _questions(instrument: Instrument, informants: Iterable[Informant]) -> Iterator[str]:
    for one in instrument.questions:
        texts = _texts("text", one.text, informants, f"question {one.link_id}", language=instrument.language)
        yield "\n".join((f'[[question]]\nlink_id = "{one.link_id}"', *texts))
        yield from (
            f'[[question.option]]\ncode = "{option.code}"\nlabel = "<<label of {option.code}>>"{_hint(option.label)}'
            for option in one.options
        )


def _texts(name: str, own: Mapping[Informant, str], informants: Iterable[Informant], what: str, *, language: str | None) -> Iterator[str]:
    """A placeholder for each informant; below the wording that ships, where there is some."""
    for informant in informants:
        if informant in own:
            yield f"# {language}: {own[informant]}"
        yield f'{name}.{informant} = "<<{what}, {informant}>>"'


def _hint(label: str | None) -> str:
    return f"  # {label}" if label else ""


def _key(instrument: Instrument) -> str:
    """How a scoring key would be written; nothing of it is proposed."""
    lines = [
        "Only where you have the author's scoring sheet at hand and confirm the key with it: remove the # from here on.",
        "[key]",
        'confirmed_by = "<<your name>>"',
        'confirmed_on = "<<day, without quotes>>"',
        'source = "<<sheet, manual or paper, with the page>>"',
        *(line for item in instrument.items for line in ("[[key.item]]", f"number = {item.number}", 'reverse = "<<true or false>>"')),
        "[[key.scale]]",
        'key = "total"',
        'title = "Total"',
        'about = "<<what it is, in a few words>>"',
        'method = "<<mean or sum>>"',
        f"items = [{', '.join(str(item.number) for item in instrument.items)}]",
        f"min_answered = {len(instrument.items)}",
    ]
    return "\n".join(f"# {line}" for line in lines)
