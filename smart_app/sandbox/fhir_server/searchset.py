"""The answer to a search: its page of matches and what belongs to them, as a searchset Bundle."""

from collections.abc import Sequence
from typing import Literal
from urllib.parse import parse_qsl, urlencode

from simplejson import RawJSON
from sqlalchemy import func, select

from smart_app.sandbox.exchange.refusal import issue, operation_outcome
from smart_app.sandbox.fhir_server.outcome import bad_request
from smart_app.sandbox.fhir_server.search import Condition, Include, Pairs, Search, read_search
from smart_app.sandbox.fhir_server.storage import CURRENT, REFERENCE, STORED, Session, StoredVersion, stored


def matches_of(session: Session, condition: str, *, resource_type: str, base: str, now: int) -> list[StoredVersion]:
    """Up to two of the resources a conditional create or reference means (`identifier=system|value`); nothing in it is ever ignored."""
    pairs = parse_qsl(condition.partition("?")[2] if "?" in condition else condition, keep_blank_values=True)
    search = read_search(resource_type, pairs, base=base, now=now, strict=True)
    if not search.conditions:
        raise bad_request(f"the condition {condition!r} on {resource_type} names nothing to search for")
    search.count = 1
    return _page(session, search)


def searchset(session: Session, search: Search) -> dict[str, object]:
    """The searchset Bundle of one page, resources as their stored text."""
    if search.newest is None:
        search.newest = _newest_key(session)
    page = _page(session, search) if search.count else []
    more = len(page) > search.count
    matches = page[: search.count]
    bundle: dict[str, object] = {"resourceType": "Bundle", "type": "searchset"}
    if search.total:
        bundle["total"] = _matching(session, search)
    bundle["link"] = _links(search, more=more)
    entries = [entry_of(one, base=search.base, mode="match") for one in matches]
    entries += [entry_of(one, base=search.base, mode="include") for one in _included(session, search, matches)]
    entries += [_outcome_entry(search)] if search.ignored else []
    if entries:
        bundle["entry"] = entries
    return bundle


def _where(search: Search) -> list[Condition]:
    """All conditions of a search, the resources newer than its first page left out."""
    present: list[Condition] = [CURRENT.c.type == search.type, CURRENT.c.deleted == 0]
    return [*present, *search.conditions, *([CURRENT.c.key <= search.newest] if search.newest is not None else [])]


def _newest_key(session: Session) -> int:
    newest = session.run(select(func.coalesce(func.max(CURRENT.c.key), 0)))[0][0]
    return int(str(newest))


def _matching(session: Session, search: Search) -> int:
    found = session.run(select(func.count()).select_from(CURRENT).where(*_where(search)))[0][0]
    return int(str(found))


def _page(session: Session, search: Search) -> list[StoredVersion]:
    """The page and one more, which tells whether there is a next one."""
    statement = STORED.where(*_where(search)).order_by(*search.order, CURRENT.c.key).limit(search.count + 1).offset(search.offset)
    return [stored(row) for row in session.run(statement)]


def _links(search: Search, *, more: bool) -> list[dict[str, str]]:
    """`self` names what was used, `next` leads on with the same parameters."""
    address = f"{search.base}/{search.type}"
    own = [*search.used, *([("_page", f"{search.offset}-{search.newest}")] if search.offset else [])]
    links = [{"relation": "self", "url": _address(address, own)}]
    if more and search.count:
        following = [*search.used, ("_page", f"{search.offset + search.count}-{search.newest}")]
        links.append({"relation": "next", "url": _address(address, following)})
    return links


def _address(address: str, pairs: Pairs) -> str:
    return f"{address}?{urlencode(pairs)}" if pairs else address


def entry_of(one: StoredVersion, *, base: str, mode: Literal["match", "include"]) -> dict[str, object]:
    """A searchset entry."""
    return {"fullUrl": f"{base}/{one.reference}", "resource": RawJSON(one.body or ""), "search": {"mode": mode}}


def _outcome_entry(search: Search) -> dict[str, object]:
    """Which parameters had no part in the result."""
    sentences = (
        f"the parameter {name!r} was ignored: {search.type} has no such search here, or it has no value" for name in search.ignored
    )
    issues = (issue("not-supported", sentence, severity="warning") for sentence in sentences)
    return {"resource": operation_outcome(*issues), "search": {"mode": "outcome"}}


def _included(session: Session, search: Search, matches: Sequence[StoredVersion]) -> list[StoredVersion]:
    """What the matches refer to and what refers to them, each once and no match again."""
    shown = {one.key for one in matches}
    found = [one for include in search.includes for one in _referred(session, include, sorted(shown))]
    found += [one for include in search.revincludes for one in _referring(session, include, matches)]
    return list({one.key: one for one in found if one.key not in shown}.values())


def _referred(session: Session, include: Include, keys: Sequence[int]) -> list[StoredVersion]:
    wanted = select(REFERENCE.c.target_type, REFERENCE.c.target_id).distinct()
    wanted = wanted.where(REFERENCE.c.key.in_(keys), REFERENCE.c.parameter == include.parameter.key, REFERENCE.c.target_base == "")
    of_type = REFERENCE.c.target_type == include.target if include.target else REFERENCE.c.target_type != ""
    return session.find_all([(row.target_type, row.target_id) for row in session.run(wanted.where(of_type))])


def _referring(session: Session, include: Include, matches: Sequence[StoredVersion]) -> list[StoredVersion]:
    if not matches or include.target not in {None, matches[0].type}:
        return []
    referring = select(REFERENCE.c.key).where(
        REFERENCE.c.parameter == include.parameter.key,
        REFERENCE.c.target_base == "",
        REFERENCE.c.target_type == matches[0].type,
        REFERENCE.c.target_id.in_([one.id for one in matches]),
    )
    return [stored(row) for row in session.run(STORED.where(CURRENT.c.key.in_(referring)).order_by(CURRENT.c.key))]
