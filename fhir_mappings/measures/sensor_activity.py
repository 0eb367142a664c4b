"""How long the sensor was active behind a summary, wherever a record says so: beside it, in a summary that it is a member of, or for the
same period. The HL7 CGM guide files it as an Observation of its own."""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from decimal import Decimal

from msgspec import Struct

from fhir_mappings.measures.code_index import CodePlace
from fhir_mappings.measures.measurement import Measurement
from fhir_mappings.measures.quantity_reader import Unreadable, decimal_of
from fhir_mappings.r4.json_types import FhirJson
from fhir_mappings.r4.references import references_in, source_of
from fhir_mappings.sentence import Sentence

# What says nothing of how long a sensor was active.
_WITHDRAWN = frozenset({"entered-in-error", "cancelled", "registered"})
_SHARES = {"%": Decimal(1), "": Decimal(1), "1": Decimal(100)}


class SensorSummary(Struct, frozen=True, kw_only=True):
    """A value that counts only where its sensor was active long enough, and the resource it was read from."""

    value: Measurement
    observation: FhirJson
    holder: FhirJson
    place: CodePlace


class _Record(Struct, frozen=True, kw_only=True):
    """What the patient's Observations say of sensors: by their names, which panels name each, and of those of a period."""

    named: Mapping[str, FhirJson]
    panels: Mapping[str, Sequence[str]]
    members: Mapping[str, Sequence[str]]
    periods: Mapping[tuple[str, str], Sequence[FhirJson]]


def why_too_little(
    summaries: Sequence[SensorSummary], observations: Iterable[object], *, base: str, counts: Callable[[FhirJson], bool]
) -> list[Unreadable | None]:
    """For each summary why it does not count, None where it does, or where nothing is said of its sensor. `counts` tells the Observations
    of the patient themself, `base` is the address they came from."""
    record = _record((one for one in observations if isinstance(one, dict) and _stands(one) and counts(one)), base)
    return [_why(summary, record) for summary in summaries]


def _stands(observation: FhirJson) -> bool:
    status = observation.get("status")
    return isinstance(status, str) and status.strip() not in _WITHDRAWN


def _record(observations: Iterable[FhirJson], base: str) -> _Record:
    named: dict[str, FhirJson] = {}
    panels: dict[str, list[str]] = {}
    members: dict[str, list[str]] = {}
    periods: dict[tuple[str, str], list[FhirJson]] = {}
    for observation in observations:
        source = source_of(observation, "Observation")
        named[source] = observation
        for member in references_in(observation.get("hasMember"), base=base):
            members.setdefault(source, []).append(member)
            panels.setdefault(member, []).append(source)
        period = _period(observation)
        if period is not None:
            periods.setdefault(period, []).append(observation)
    return _Record(named=named, panels=panels, members=members, periods=periods)


def _period(observation: FhirJson) -> tuple[str, str] | None:
    """The days it is of, as written: what one source wrote for one report. None for a moment alone."""
    period = observation.get("effectivePeriod")
    ends = (period.get("start"), period.get("end")) if isinstance(period, dict) else ()
    days = [end[:10] if isinstance(end, str) else "" for end in ends]
    return (days[0], days[1]) if all(days) and days else None


def _why(summary: SensorSummary, record: _Record) -> Unreadable | None:
    wanted = summary.place.code.sufficiency
    if wanted is None:
        return None
    code, least = wanted
    share = next((min(shares) for shares in _shares(summary, record, code) if shares), None)
    if share is None or share >= least:
        return None
    digits = f"{share:f}"
    reason = Sentence("The sensor was active {share} % of the time. At least {least} % is needed.", share=digits, least=least)
    return Unreadable("data_insufficient", reason)


def _shares(summary: SensorSummary, record: _Record, code: str) -> Iterator[list[Decimal]]:
    """What is said, the nearest first; where several say it, the least counts."""
    yield list(_said((summary.observation,), code))
    yield list(_said(_tied(summary.value.source, record), code))
    period = _period(summary.observation)
    if period is not None:
        yield list(_said(record.periods.get(period, ()), code))


def _tied(source: str, record: _Record) -> list[FhirJson]:
    """The panels that name it, those that name these, and all that they name; and what it names itself."""
    above = [source]
    for one in above:
        above.extend(panel for panel in record.panels.get(one, ()) if panel not in above)
    beside = (member for panel in above for member in record.members.get(panel, ()))
    return [record.named[name] for name in dict.fromkeys((*above, *beside)) if name in record.named]


def _said(observations: Iterable[FhirJson], code: str) -> Iterator[Decimal]:
    """The shares that these give under that code, of their own or in a component."""
    for observation in observations:
        components = observation.get("component")
        for holder in (observation, *(components if isinstance(components, list) else ())):
            share = _share(holder) if isinstance(holder, dict) and is_coded(holder, code) else None
            if share is not None:
                yield share


def is_coded(holder: FhirJson, code: str) -> bool:
    """Whether a resource or component has that code, whatever its system is called."""
    coded = holder.get("code")
    codings = coded.get("coding") if isinstance(coded, dict) else None
    return isinstance(codings, list) and any(isinstance(one, dict) and one.get("code") == code for one in codings)


def _share(holder: FhirJson) -> Decimal | None:
    """In percent; None for what is no share."""
    quantity = holder.get("valueQuantity")
    if not isinstance(quantity, dict):
        return None
    number, unit = decimal_of(quantity.get("value")), quantity.get("code") or quantity.get("unit") or ""
    factor = _SHARES.get(unit) if isinstance(unit, str) else None
    return None if number is None or factor is None else number * factor
