"""The registry of instruments: every version and language side by side, found by name or by a form's canonical. Immutable."""

import re
from collections.abc import Callable, Iterable, Mapping
from functools import cache, cached_property, lru_cache, partial
from importlib.resources import files

from msgspec import Struct
from msgspec.structs import replace

from fhir_mappings.data_files.strict_toml import DataFileError
from fhir_mappings.instruments import canonicals
from fhir_mappings.instruments.instrument import Informant, Instrument
from fhir_mappings.instruments.toml_reader import PAGE, read_instrument
from fhir_mappings.instruments.translation_reader import read_translation

# What the address of a form in a pack's language ends with.
_LANGUAGE = re.compile(r"-[a-z]{2}(-[A-Z]{2})?$")
# A site has one base of canonicals; one that moves has two.
_MOST_BASES = 4
_LONGEST_VERSION = 20
_Form = tuple[Instrument, Informant]


class Library(Struct, frozen=True, dict=True):
    """Every instrument in every version and language there is."""

    instruments: tuple[Instrument, ...]

    def get(self, slug: str, *, version: str | None = None, language: str | None = None) -> Instrument:
        """That version, else the newest; in that language where there is wording in it that may be shown, else as it ships. KeyError when
        there is none."""
        known = [one for one in self.instruments if one.slug == slug and version in {None, one.version}]
        if not known:
            raise KeyError(slug)
        newest = max(known, key=version_key)
        own = [one for one in known if one.version == newest.version]
        return next((one for one in own if language is not None and one.language == language and one.may("display")), own[0])

    def as_answered(self, slug: str, *, version: str, language: str | None = None) -> Instrument:
        """As `get`; of a version whose file is gone the newest one under that version's name, for what was stored of it to stand under.
        KeyError when there is no version at all."""
        try:
            return self.get(slug, version=version, language=language)
        except KeyError:
            return replace(self.get(slug, language=language), version=version)

    @cached_property
    def newest(self) -> tuple[Instrument, ...]:
        """The newest version of each instrument as it ships, in the order of their names."""
        return tuple(self.get(slug) for slug in sorted({one.slug for one in self.instruments}))

    def for_questionnaire(self, canonical: str, base: str) -> tuple[Instrument, Informant] | None:
        """Whose form `url|version` is, the capture form or the scoring form, as another form filler may use either; None for a foreign
        form, an unknown version or a canonical without one."""
        return self._by_canonical(base).get(canonical)

    def knows_form(self, canonical: str, base: str) -> bool:
        """True when some version of the form is ours, whatever version `canonical` names, and whatever language a pack once gave it."""
        return self.newest_form(canonical, base) is not None

    def gone_form(self, canonical: str, base: str) -> _Form | None:
        """Whose form `url|version` was, where it is ours and the file of that version is gone: the newest one's under that version's
        name. None where the file is here, for a foreign form, and where no version is named."""
        known, version = self.newest_form(canonical, base), canonical.partition("|")[2].strip()
        if known is None or not version or self.for_questionnaire(canonical, base) is not None:
            return None
        return replace(known[0], version=version[:_LONGEST_VERSION]), known[1]

    def newest_form(self, canonical: str, base: str) -> _Form | None:
        """Whose form it is, in its newest version whatever version is named; None for a foreign form."""
        url = canonical.split("|", 1)[0]
        return self._by_url(base).get(url) or self._by_url(base).get(_LANGUAGE.sub("", url))

    @cached_property
    def _by_canonical(self) -> Callable[[str], Mapping[str, _Form]]:
        return lru_cache(_MOST_BASES)(partial(_canonicals, self.instruments))

    @cached_property
    def _by_url(self) -> Callable[[str], Mapping[str, _Form]]:
        return lru_cache(_MOST_BASES)(partial(_urls, self.instruments))


def _canonicals(instruments: Iterable[Instrument], base: str) -> Mapping[str, _Form]:
    """Each form by its `url|version`, the scoring form's too."""
    forms = [(instrument, informant) for instrument in instruments for informant in instrument.forms]
    capture = {canonicals.questionnaire(*form, base=base): form for form in forms}
    scoring = {f"{canonicals.scoring_questionnaire_url(*form, base=base)}|{form[0].version}": form for form in forms}
    return capture | scoring


def _urls(instruments: Iterable[Instrument], base: str) -> Mapping[str, _Form]:
    """The newest form of each address without its version."""
    oldest_first = sorted(instruments, key=version_key)
    return {canonical.split("|", 1)[0]: form for canonical, form in _canonicals(oldest_first, base).items()}


@cache
def load_library() -> Library:
    """The instruments shipped in this package, read once in a process: its files do not change. DataFileError when a file is wrong."""
    shipped = [(name, read_instrument(text, file=name)) for name, text in _texts_in("files")]
    structures = [one for _, one in shipped]
    translated = [(name, read_translation(text, structures, file=name)) for name, text in _texts_in("translations")]
    return library_of([*shipped, *translated])


def _texts_in(folder: str) -> list[tuple[str, str]]:
    """Each file of a folder beside this module, by name."""
    found = [file for file in (files("fhir_mappings.instruments") / folder).iterdir() if file.name.endswith(".toml")]
    return [(file.name, file.read_text(encoding="utf-8")) for file in sorted(found, key=lambda file: file.name)]


def library_of(named: Iterable[tuple[str, Instrument]]) -> Library:
    """A library of (file name, instrument). DataFileError when two files hold the same version of one in one language."""
    seen: dict[tuple[str, str, str | None], str] = {}
    instruments: list[Instrument] = []
    for file, instrument in named:
        identity = (instrument.slug, instrument.version, instrument.language)
        if identity in seen:
            raise DataFileError(
                file, "instrument.slug", f"{instrument.slug} {instrument.version} stands in {seen[identity]} too", page=PAGE
            )
        seen[identity] = file
        instruments.append(instrument)
    return Library(tuple(instruments))


def version_key(instrument: Instrument) -> tuple[int, ...]:
    """What versions are put in order by."""
    return tuple(map(int, instrument.version.split(".")))
