"""Search parameters read into SQL: what a client asked for, as conditions, order and page."""

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

from sqlalchemy import ColumnElement, Table, and_, func, not_, or_, select, true

from smart_app.sandbox.fhir_server.date_ranges import PREFIXES, DateRange, approximately, span_of, split_prefix
from smart_app.sandbox.fhir_server.indexing import fold, target_of
from smart_app.sandbox.fhir_server.outcome import Refusal, bad_request
from smart_app.sandbox.fhir_server.search_parameters import RESOURCE_TYPES, SEARCH_PARAMETERS, SearchParameter
from smart_app.sandbox.fhir_server.storage import CURRENT, DATE, REFERENCE, STRING, TOKEN

DEFAULT_COUNT = 50
MAX_COUNT = 1000
Pairs = Sequence[tuple[str, str]]
Condition = ColumnElement[bool]
_TABLES = {"token": TOKEN, "uri": TOKEN, "reference": REFERENCE, "canonical": REFERENCE, "string": STRING, "date": DATE}
_SORT_COLUMN = {"token": "code", "uri": "code", "reference": "target_id", "canonical": "target_id", "string": "folded", "date": "low"}
_OWN_COLUMN = {"_id": CURRENT.c.id, "_lastUpdated": CURRENT.c.last_updated}
_CHAIN = re.compile(r"_has:|[^:.]+(?::[A-Z][A-Za-z]*)?\.")
_MILLISECOND = 1000


@dataclass(frozen=True, slots=True, kw_only=True)
class Include:
    """`_include` or `_revinclude`: a reference parameter and the only target type wanted, if any."""

    parameter: SearchParameter
    target: str | None


@dataclass(slots=True, kw_only=True)
class Search:
    """A search as it was understood. `used` are the parameters acted upon, `ignored` the names of the others."""

    type: str
    base: str
    now: int
    used: list[tuple[str, str]] = field(default_factory=list)
    ignored: list[str] = field(default_factory=list)
    conditions: list[Condition] = field(default_factory=list)
    order: list[ColumnElement[object]] = field(default_factory=list)
    includes: list[Include] = field(default_factory=list)
    revincludes: list[Include] = field(default_factory=list)
    count: int = DEFAULT_COUNT
    offset: int = 0
    newest: int | None = None
    total: bool = True

    def parameter(self, name: str) -> SearchParameter | None:
        """The search parameter of this type with that name."""
        return SEARCH_PARAMETERS[self.type].get(name)


def read_search(resource_type: str, pairs: Pairs, *, base: str, now: int, strict: bool) -> Search:
    """The search that `pairs` ask for; a Refusal (400) where a value or modifier is not understood, or with `strict` a name."""
    search = Search(type=resource_type, base=base, now=now)
    for name, value in pairs:
        if name == "_page":
            search.offset, search.newest = _read_page(value)
        elif _read_parameter(search, name, value):
            search.used.append((name, value))
        else:
            search.ignored.append(name)
    if strict and search.ignored:
        raise bad_request(f"{resource_type} has no search parameter {', '.join(search.ignored)} here; see /metadata", code="not-supported")
    return search


def _read_parameter(search: Search, name: str, value: str) -> bool:
    """Take one parameter in; False when it is not known or says nothing."""
    if name in _RESULT_PARAMETERS:
        return _RESULT_PARAMETERS[name](search, value)
    if _CHAIN.match(name):
        raise bad_request(f"chained searches are not supported: {name}", code="not-supported")
    plain, _, modifier = name.partition(":")
    parameter = search.parameter(plain)
    if parameter is None or not value:
        return False
    search.conditions.append(_condition(search, parameter, modifier, value))
    return True


def _condition(search: Search, parameter: SearchParameter, modifier: str, value: str) -> Condition:
    """What one parameter demands of a resource: any of its comma-separated values."""
    if parameter.name in _OWN_COLUMN:
        return _own_condition(search, parameter, modifier, value)
    table = _TABLES[parameter.kind]
    having = select(table.c.key).where(table.c.parameter == parameter.key)
    if modifier == "missing":
        return _missing(having_key=CURRENT.c.key.in_(having), value=value)
    negated = modifier == "not" and parameter.kind == "token"
    compare = _COMPARE[parameter.kind]
    wanted = [compare(search, parameter, "" if negated else modifier, one) for one in _alternatives(value)]
    found = CURRENT.c.key.in_(having.where(or_(*wanted)))
    return not_(found) if negated else found


def _missing(*, having_key: Condition, value: str) -> Condition:
    if value not in {"true", "false"}:
        raise bad_request(f":missing takes true or false, not {value!r}", code="value")
    return not_(having_key) if value == "true" else having_key


def _own_condition(search: Search, parameter: SearchParameter, modifier: str, value: str) -> Condition:
    """`_id` and `_lastUpdated`, which have columns of their own."""
    if modifier:
        raise _no_modifier(parameter, modifier)
    if parameter.name == "_id":
        return CURRENT.c.id.in_([_unescaped(one).removeprefix(f"{search.type}/") for one in _alternatives(value)])
    low = CURRENT.c.last_updated
    return or_(*(_compare_span(search, one, low=low, high=low + _MILLISECOND) for one in _alternatives(value)))


def _alternatives(value: str) -> list[str]:
    r"""The parts between commas that are not escaped as `\,`."""
    parts = [part for part in re.findall(r"((?:\\.|[^,\\]|\\$)*)(?:,|$)", value, re.DOTALL) if part]
    if not parts:
        raise bad_request(f"{value!r} holds no value", code="value")
    return parts


def _unescaped(text: str) -> str:
    return re.sub(r"\\([,|$\\])", r"\1", text)


def _at_bar(text: str) -> tuple[str | None, str]:
    r"""("a", "b") of `a|b`, (None, "b") of `b`; `\|` is no bar."""
    parts = re.split(r"(?<!\\)\|", text, maxsplit=1)
    return (_unescaped(parts[0]), _unescaped(parts[1])) if len(parts) > 1 else (None, _unescaped(text))


def _no_modifier(parameter: SearchParameter, modifier: str) -> Refusal:
    return bad_request(f"{parameter.name} does not take the modifier :{modifier}", code="not-supported")


def _token(_search: Search, parameter: SearchParameter, modifier: str, value: str) -> Condition:
    """`code`, `system|code`, `|code` (no system), `system|` (any code)."""
    if modifier:
        raise _no_modifier(parameter, modifier)
    system, code = _at_bar(value)
    of_system = true() if system is None else TOKEN.c.system == system
    return and_(TOKEN.c.code == code, of_system) if code else of_system


def _uri(_search: Search, parameter: SearchParameter, modifier: str, value: str) -> Condition:
    if modifier:
        raise _no_modifier(parameter, modifier)
    return TOKEN.c.code == _unescaped(value)


def _reference(search: Search, parameter: SearchParameter, modifier: str, value: str) -> Condition:
    """`id`, `Type/id`, an absolute address; `subject:Patient=id`. A resource of the same id on another server is another resource."""
    if modifier and modifier not in RESOURCE_TYPES:
        raise _no_modifier(parameter, modifier)
    text = _unescaped(value)
    bare = "/" not in text
    target = target_of(f"{modifier}/{text}" if modifier and bare else text, base=search.base)
    if target is None:
        raise bad_request(f"{value!r} is no reference to search {parameter.name} for", code="value")
    same = and_(REFERENCE.c.target_base == target.base, REFERENCE.c.target_id == target.id)
    return same if bare and not modifier else and_(same, REFERENCE.c.target_type == target.type)


def _canonical(_search: Search, parameter: SearchParameter, modifier: str, value: str) -> Condition:
    """`url` finds every version and none, `url|version` that one."""
    if modifier:
        raise _no_modifier(parameter, modifier)
    url, version = _at_bar(value)
    if url is None:
        return REFERENCE.c.target_id == version
    return and_(REFERENCE.c.target_id == url, REFERENCE.c.target_version == version)


def _string(_search: Search, parameter: SearchParameter, modifier: str, value: str) -> Condition:
    """Begins with, whatever case and accents; `:exact`, `:contains`."""
    text = _unescaped(value)
    if modifier == "exact":
        return STRING.c.exact == text
    if modifier == "contains":
        return STRING.c.folded.contains(fold(text), autoescape=True)
    if modifier:
        raise _no_modifier(parameter, modifier)
    return STRING.c.folded.between(fold(text), fold(text) + "\U0010ffff")


def _date(search: Search, parameter: SearchParameter, modifier: str, value: str) -> Condition:
    if modifier:
        raise _no_modifier(parameter, modifier)
    return _compare_span(search, value, low=DATE.c.low, high=DATE.c.high)


def _compare_span(search: Search, value: str, *, low: ColumnElement[int], high: ColumnElement[int]) -> Condition:
    """A date with its prefix against a stored period [low, high)."""
    prefix, text = split_prefix(value)
    try:
        span = span_of(text)
    except ValueError as wrong:
        hint = "; write + as %2B in an address" if " " in text else f"; known prefixes are {', '.join(PREFIXES)}"
        raise bad_request(f"{wrong}{hint}", code="value") from wrong
    return _PREFIXED[prefix](low, high, span, search.now)


def _within(low: ColumnElement[int], high: ColumnElement[int], span: DateRange) -> Condition:
    return and_(low >= span.low, high <= span.high)


def _near(low: ColumnElement[int], high: ColumnElement[int], span: DateRange) -> Condition:
    return and_(low < span.high, high > span.low)


_PREFIXED: dict[str, Callable[[ColumnElement[int], ColumnElement[int], DateRange, int], Condition]] = {
    "eq": lambda low, high, span, _now: _within(low, high, span),
    "ne": lambda low, high, span, _now: not_(_within(low, high, span)),
    "gt": lambda _low, high, span, _now: high > span.high,
    "lt": lambda low, _high, span, _now: low < span.low,
    "ge": lambda low, high, span, _now: or_(high > span.high, _within(low, high, span)),
    "le": lambda low, high, span, _now: or_(low < span.low, _within(low, high, span)),
    "sa": lambda low, _high, span, _now: low >= span.high,
    "eb": lambda _low, high, span, _now: high <= span.low,
    "ap": lambda low, high, span, now: _near(low, high, approximately(span, now)),
}
_COMPARE: dict[str, Callable[[Search, SearchParameter, str, str], Condition]] = {
    "token": _token,
    "uri": _uri,
    "reference": _reference,
    "canonical": _canonical,
    "string": _string,
    "date": _date,
}


def _count(search: Search, value: str) -> bool:
    if not re.fullmatch(r"\d{1,9}", value, re.ASCII):
        raise bad_request(f"_count takes a whole number, not {value!r}", code="value")
    search.count = min(int(value), MAX_COUNT)
    return True


def _read_page(value: str) -> tuple[int, int]:
    """Our own paging: how many matches came before, and the newest key there was on the first page."""
    parts = re.fullmatch(r"(\d{1,15})-(\d{1,15})", value, re.ASCII)
    if parts is None:
        raise bad_request(f"{value!r} is no page of a search; follow the next link as it is", code="value")
    return int(parts[1]), int(parts[2])


def _total(search: Search, value: str) -> bool:
    if value not in {"none", "estimate", "accurate"}:
        raise bad_request(f"_total takes none, estimate or accurate, not {value!r}", code="value")
    search.total = value != "none"
    return True


def _summary(search: Search, value: str) -> bool:
    """Only `count` and `false`: whole resources are what a summary would have to be made from."""
    if value == "count":
        search.count = 0
    return value in {"count", "false"}


def _sort(search: Search, value: str) -> bool:
    """Each key ascending or with `-` descending; resources without the element come last."""
    for name in value.split(","):
        parameter = search.parameter(name.removeprefix("-"))
        if parameter is None:
            raise bad_request(f"{search.type} cannot be sorted by {name!r}", code="not-supported")
        by = _sort_value(parameter, latest=name.startswith("-"))
        search.order.append((by.desc() if name.startswith("-") else by.asc()).nulls_last())
    return True


def _sort_value(parameter: SearchParameter, *, latest: bool) -> ColumnElement[object]:
    """The resource's smallest value ascending, its greatest descending."""
    if parameter.name in _OWN_COLUMN:
        return _OWN_COLUMN[parameter.name]
    table: Table = _TABLES[parameter.kind]
    column = table.c[_SORT_COLUMN[parameter.kind]]
    pick = func.max(column) if latest else func.min(column)
    return select(pick).where(table.c.key == CURRENT.c.key, table.c.parameter == parameter.key).correlate(CURRENT).scalar_subquery()


def _include(search: Search, value: str) -> bool:
    include = _read_include(value)
    if include.parameter.type != search.type:
        raise bad_request(f"_include={value} does not start from {search.type}", code="not-supported")
    search.includes.append(include)
    return True


def _revinclude(search: Search, value: str) -> bool:
    search.revincludes.append(_read_include(value))
    return True


def _read_include(value: str) -> Include:
    """`Observation:subject` or `Observation:subject:Patient`."""
    source, _, rest = value.partition(":")
    name, _, target = rest.partition(":")
    parameter = SEARCH_PARAMETERS.get(source, {}).get(name)
    if parameter is None or parameter.kind != "reference":
        raise bad_request(f"{value!r} is not Type:reference-parameter or Type:reference-parameter:Target", code="not-supported")
    return Include(parameter=parameter, target=target or None)


def _said_elsewhere(_search: Search, _value: str) -> bool:
    """`_format` and `_pretty` concern the whole request."""
    return True


_RESULT_PARAMETERS: dict[str, Callable[[Search, str], bool]] = {
    "_count": _count,
    "_total": _total,
    "_summary": _summary,
    "_sort": _sort,
    "_include": _include,
    "_revinclude": _revinclude,
    "_format": _said_elsewhere,
    "_pretty": _said_elsewhere,
}
