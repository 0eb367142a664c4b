"""What tests share of their apps: an app builds the addresses it would build alone."""

from typing import Any

from werkzeug.routing import BaseConverter, Map, Rule

from tests.support.kept_builders import kept_builders


class Loud(BaseConverter):
    def to_url(self, value: Any) -> str:
        return str(value).upper()


def built(rule: Rule, converters: dict[str, type[BaseConverter]] | None = None, **values: str) -> str:
    return Map([rule], converters=converters).bind("example.org").build(rule.endpoint, values)


def test_equal_rules_share_what_builds_their_addresses() -> None:
    with kept_builders():
        first, second = Rule("/l/<one>/", endpoint="first"), Rule("/l/<one>/", endpoint="second")
        assert built(first, one="a b", years="2") == built(second, one="a b", years="2") == "/l/a%20b/?years=2"
    for name in ("_build", "_build_unknown"):
        assert getattr(first, name).__func__ is getattr(second, name).__func__


def test_each_keeps_its_own_converters_and_defaults() -> None:
    with kept_builders():
        assert built(Rule("/l/<kind:one>/", endpoint="page"), {"kind": BaseConverter}, one="a") == "/l/a/"
        assert built(Rule("/l/<kind:one>/", endpoint="page"), {"kind": Loud}, one="a") == "/l/A/"
        assert built(Rule("/l/<one>/", endpoint="page", defaults={"one": "x"})) == "/l/x/"
        assert built(Rule("/l/<one>/", endpoint="page", defaults={"one": "y"})) == "/l/y/"
        assert built(Rule("/l/<one>/", endpoint="page"), one="z") == "/l/z/"
