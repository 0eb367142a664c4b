"""Which fields of which view models the templates read: found in their syntax trees, through loops, `set`, macros, imports and layouts.

The first line of a page names its view model, that of a component the models its macros are handed (`lane(lane: package.module.Lane)`),
that of a layout the model of each part it reads (`view.banner: package.module.Banner`)."""

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, is_dataclass
from dataclasses import fields as dataclass_fields
from functools import cache
from pydoc import locate
from types import NoneType, UnionType
from typing import Any, Union, get_args, get_origin, get_type_hints

from jinja2 import Environment, nodes
from msgspec import Struct

# What an expression may be; empty where that is not known.
Types = frozenset[Any]
NOT_KNOWN: Types = frozenset()
_NAMED = re.compile(r"([a-z_.]+): ((?:\w+\.)+[A-Z]\w+)")
_MACRO = re.compile(r"([a-z_]+)\(([^)]*)\)")


def fields_of(model: type) -> tuple[str, ...]:
    """The fields of a Struct, a named tuple or a dataclass; none of anything else."""
    if is_dataclass(model):
        return tuple(one.name for one in dataclass_fields(model))
    if isinstance(model, type) and issubclass(model, Struct):
        return model.__struct_fields__
    return tuple(getattr(model, "_fields", ()))


def unused(used: Iterable[tuple[type, str]]) -> set[tuple[type, str]]:
    """The fields nobody reads, of the models of which some are read."""
    read = set(used)
    return {(model, name) for model, _ in read for name in fields_of(model)} - read


@cache
def _hints(model: type) -> dict[str, Any]:
    return get_type_hints(model)


def _options(hint: object) -> Types:
    """What a hint allows, None aside."""
    if get_origin(hint) in {Union, UnionType}:
        return frozenset().union(*(_options(one) for one in get_args(hint)))
    return frozenset() if hint in {None, NoneType} else frozenset({hint})


def _elements(types: Types) -> Types:
    """What a loop over it gives."""
    sequences = [one for one in types if _is(one, Sequence)]
    return frozenset().union(*(_options(arg) for one in sequences for arg in get_args(one) if arg is not Ellipsis))


def _is(hint: object, kind: type) -> bool:
    origin: object = get_origin(hint)
    return isinstance(origin, type) and issubclass(origin, kind)


@dataclass(frozen=True)
class _Macro:
    """A macro, the scope it sees of the template it stands in, and whether that is another template than the one that calls it."""

    node: nodes.Macro
    scope: "_Scope"


@dataclass(frozen=True)
class _Scope:
    template: str
    names: dict[str, Types]
    macros: dict[str, _Macro]

    def inner(self, **names: Types) -> "_Scope":
        return _Scope(self.template, self.names | names, dict(self.macros))


@dataclass
class Walk:
    """Goes through templates; `used` are the fields read, `faults` what is wrong, each with its place."""

    environment: Environment
    used: set[tuple[type, str]] = field(default_factory=set)
    faults: list[str] = field(default_factory=list)
    _seen: set[object] = field(default_factory=set)

    def page(self, name: str) -> None:
        """One page, with everything it is made of."""
        self._template(name, _Scope(name, dict(self._named(name)), {}), overridden=frozenset())
        if "view" not in dict(self._named(name)):
            self.faults.append(f"{name}: its first line names no view model")

    def _first_line(self, name: str) -> str:
        return self._source(name).partition("\n")[0]

    def _source(self, name: str) -> str:
        assert self.environment.loader is not None
        return self.environment.loader.get_source(self.environment, name)[0]

    def _named(self, name: str) -> Iterator[tuple[str, Types]]:
        """The models that a first line names, by what it names them for; those of macros aside."""
        for variable, path in _NAMED.findall(_MACRO.sub("", self._first_line(name))):
            yield variable, self._model(name, path)

    def _handed(self, name: str, macro: str) -> dict[str, Types]:
        """The models that the first line says a macro is handed."""
        found = dict(_MACRO.findall(self._first_line(name)))
        return {variable: self._model(name, path) for variable, path in _NAMED.findall(found.get(macro, ""))}

    def _model(self, name: str, path: str) -> Types:
        model = locate(path)
        if not isinstance(model, type):
            self.faults.append(f"{name}: there is no {path}")
            return NOT_KNOWN
        return frozenset({model})

    # Templates

    def _template(self, name: str, scope: _Scope, overridden: frozenset[str]) -> None:
        tree = self.environment.parse(self._source(name))
        self._body((one for one in tree.body if not (isinstance(one, nodes.Block) and one.name in overridden)), scope)
        blocks = frozenset(block.name for block in tree.find_all(nodes.Block))
        for parent in tree.find_all(nodes.Extends):
            assert isinstance(parent.template, nodes.Const)
            self._parent(parent.template.value, scope, overridden | blocks)

    def _parent(self, name: str, scope: _Scope, overridden: frozenset[str]) -> None:
        """A layout sees what its page sees, and may name more."""
        named = dict(self._named(name))
        for path, model in named.items():
            if "." in path:
                self._same(name, path, model, scope)
        more = {variable: model for variable, model in named.items() if "." not in variable}
        self._template(name, _Scope(name, scope.names | more, {}), overridden)

    def _same(self, name: str, path: str, model: Types, scope: _Scope) -> None:
        """That a part the layout names is in the page's view model what it says."""
        variable, _, attribute = path.partition(".")
        for owner in scope.names.get(variable, NOT_KNOWN):
            if _options(_hints(owner).get(attribute)) != model:
                self.faults.append(f"{name}: {path} of {owner.__name__} is no {_text(model)}")

    def _body(self, body: Iterable[nodes.Node], scope: _Scope) -> None:
        for node in body:
            self._statement(node, scope)

    def _statement(self, node: nodes.Node, scope: _Scope) -> None:
        match node:
            case nodes.For():
                self._loop(node, scope)
            case nodes.Assign(target=nodes.Name(name=name)):
                scope.names[name] = self._type(node.node, scope)
            case nodes.Macro():
                scope.macros[node.name] = _Macro(node, scope)
            case nodes.FromImport():
                self._import(node, scope)
            case nodes.Block():
                self._body(node.body, scope.inner())
            case nodes.Expr():
                self._type(node, scope)
            case _:
                self._body(node.iter_child_nodes(), scope)

    def _loop(self, node: nodes.For, scope: _Scope) -> None:
        each = _elements(self._type(node.iter, scope))
        if isinstance(node.target, nodes.Name):
            self._body([*node.body, *([node.test] if node.test else [])], scope.inner(**{node.target.name: each}))
        else:
            # The names and values of a mapping belong together; every other pair wants fields with names.
            if not (isinstance(node.iter, nodes.Call) and getattr(node.iter.node, "attr", "") == "items"):
                self._fault(node, scope, "a loop takes its elements apart by position")
            self._body(node.body, scope.inner())
        self._body(node.else_, scope)

    def _import(self, node: nodes.FromImport, scope: _Scope) -> None:
        assert isinstance(node.template, nodes.Const)
        there = _Scope(node.template.value, {}, {})
        self._body(self.environment.parse(self._source(there.template)).body, there)
        for name in node.names:
            own, here = name if isinstance(name, tuple) else (name, name)
            if own in there.macros:
                scope.macros[here] = there.macros[own]

    # Expressions

    def _type(self, node: nodes.Node, scope: _Scope) -> Types:
        match node:
            case nodes.Name():
                return scope.names.get(node.name, NOT_KNOWN)
            case nodes.Getattr():
                return frozenset().union(*(self._field(one, node, scope) for one in self._type(node.node, scope)))
            case nodes.Getitem():
                if isinstance(node.arg, nodes.Const | nodes.Slice):
                    self._fault(node, scope, "an element is taken by its position")
                return NOT_KNOWN
            case nodes.Call(node=nodes.Name(name=name)) if name in scope.macros:
                self._call(node, scope.macros[name], scope)
                return NOT_KNOWN
            case nodes.CondExpr():
                self._type(node.test, scope)
                return self._type(node.expr1, scope) | (self._type(node.expr2, scope) if node.expr2 else NOT_KNOWN)
            case nodes.BinExpr():
                return self._type(node.left, scope) | self._type(node.right, scope)
            case _:
                self._body(node.iter_child_nodes(), scope)
                return NOT_KNOWN

    def _field(self, model: Any, node: nodes.Getattr, scope: _Scope) -> Types:
        if _is(model, Mapping):
            return NOT_KNOWN
        if node.attr not in fields_of(model):
            self._fault(node, scope, f"{_name(model)} has no field {node.attr}")
            return NOT_KNOWN
        self.used.add((model, node.attr))
        return _options(_hints(model)[node.attr])

    def _call(self, call: nodes.Call, macro: _Macro, scope: _Scope) -> None:
        given = [self._type(arg, scope) for arg in call.args]
        named = {arg.key: self._type(arg.value, scope) for arg in call.kwargs}
        handed = dict(zip((arg.name for arg in macro.node.args), given, strict=False)) | named
        if macro.scope.template != scope.template:
            self._check_handed(call, macro, handed, scope)
        met = (macro.scope.template, macro.node.name, scope.template, frozenset(handed.items()))
        if met not in self._seen:
            self._seen.add(met)
            self._body(macro.node.body, macro.scope.inner(**handed))

    def _check_handed(self, call: nodes.Call, macro: _Macro, handed: Mapping[str, Types], scope: _Scope) -> None:
        """That a component's first line names the models its macros are handed."""
        says = self._handed(macro.scope.template, macro.node.name)
        for name, types in handed.items():
            models = frozenset(one for one in types if fields_of(one))
            if models and models != says.get(name, NOT_KNOWN):
                self._fault(call, scope, f"{macro.node.name} is handed a {_text(models)} as {name}, which its first line does not name")

    def _fault(self, node: nodes.Node, scope: _Scope, what: str) -> None:
        self.faults.append(f"{scope.template}:{node.lineno}: {what}")


def _name(model: Any) -> str:
    return getattr(model, "__name__", str(model)) if get_origin(model) is None else str(model)


def _text(types: Types) -> str:
    return " or ".join(sorted(map(_name, types)))
