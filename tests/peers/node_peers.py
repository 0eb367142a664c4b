"""Engines nobody here wrote, in Node: fhirpath.js, LHC-Forms, CSIRO's template-based extraction, Medplum's validator.

Each is one process that answers JSON lines, started when first asked and kept until the interpreter ends."""

import atexit
import json
import subprocess
from collections.abc import Iterator, Mapping
from decimal import Decimal
from functools import cache
from pathlib import Path
from typing import Any, Literal, NamedTuple

import simplejson

Name = Literal["fhirpath", "lforms", "extract", "medplum"]
_HOME = Path(__file__).parent / "node"
_LOG = _HOME / "node_modules" / "peers.log"
_VARIABLE = "http://hl7.org/fhir/StructureDefinition/variable"
# Extensions whose string is a FHIRPath expression, by the last part of their address.
_EXPRESSIONS_AS_TEXT = frozenset({"sdc-questionnaire-templateExtractContext", "sdc-questionnaire-templateExtractValue"})


class Engine:
    """A running peer."""

    def __init__(self, name: Name) -> None:
        if not (_HOME / "node_modules" / ".package-lock.json").exists():
            raise RuntimeError("the Node peers are not installed: run `make test-system`")
        self._name = name
        with _LOG.open("a") as log:
            command = ["node", str(_HOME / f"{name}.mjs")]
            self._process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=log, text=True)
        atexit.register(self.close)

    def ask(self, command: str, argument: object = None) -> Any:
        """The peer's answer; numbers in it are Decimals. RuntimeError with its own words when it refuses or is gone."""
        if self._process.stdin is None or self._process.stdout is None:
            raise RuntimeError(f"{self._name} was started without an input and output")
        self._process.stdin.write(simplejson.dumps([command, argument], use_decimal=True) + "\n")
        self._process.stdin.flush()
        line = self._process.stdout.readline()
        if not line:
            raise RuntimeError(f"{self._name} ended early; see {_LOG}")
        answer = json.loads(line, parse_float=Decimal)
        if "error" in answer:
            raise RuntimeError(f"{self._name}: {answer['error']}")
        return answer["value"]

    def close(self) -> None:
        """End the process."""
        with self._process:
            self._process.terminate()


@cache
def engine(name: Name) -> Engine:
    """The peer of that name."""
    return Engine(name)


class Issue(NamedTuple):
    """What Medplum's validator says; `at` is the path."""

    severity: str
    text: str
    at: str


def medplum_issues(resource: Mapping[str, object]) -> tuple[Issue, ...]:
    """Everything Medplum's validator says of a resource."""
    [said] = engine("medplum").ask("issues", [resource])
    return tuple(Issue(**one) for one in said)


def medplum_problems(resource: Mapping[str, object]) -> list[str]:
    """Why Medplum's validator refuses a resource; empty where it does not."""
    return [f"{one.at}: {one.text}" for one in medplum_issues(resource) if one.severity in {"error", "fatal"}]


def fhirpath_problems(resource: Mapping[str, object]) -> list[str]:
    """Every FHIRPath expression in a resource that fhirpath.js cannot run, and why: wrong syntax, unknown function or variable."""
    found = list(fhirpath_expressions(resource))
    declared = sorted(_declared(resource))
    said = engine("fhirpath").ask("problems", [{"expression": one, "declared": declared} for _, one in found])
    return [f"{path}: {problem}: {one}" for (path, one), problem in zip(found, said, strict=True) if problem is not None]


def fhirpath_expressions(node: object, path: str = "") -> Iterator[tuple[str, str]]:
    """(path, expression) of every expression of a resource: data type Expression, constraints of element definitions, contexts of
    extensions, search parameters, and extensions that hold one as text (constraints of questions, extraction templates)."""
    if isinstance(node, Mapping):
        if (expression := _expression(node)) is not None:
            yield path, expression
        for key, value in node.items():
            yield from fhirpath_expressions(value, f"{path}.{key}" if path else str(key))
    elif isinstance(node, list):
        for place, value in enumerate(node):
            yield from fhirpath_expressions(value, f"{path}[{place}]")


def _expression(node: Mapping[str, Any]) -> str | None:
    """The expression that stands at a node itself."""
    if "url" in node and "valueString" in node:
        said = str(node["url"])
        return str(node["valueString"]) if said == "expression" or said.rpartition("/")[2] in _EXPRESSIONS_AS_TEXT else None
    if "expression" not in node:
        return None
    of_another_kind = node.get("language", "text/fhirpath") != "text/fhirpath" or node.get("type", "fhirpath") == "element"
    return None if of_another_kind or not isinstance(node["expression"], str) else node["expression"]


def _declared(node: object) -> Iterator[str]:
    """Names of the variables a resource declares, wherever it does."""
    if isinstance(node, Mapping):
        named = node.get("valueExpression", {}).get("name") if node.get("url") == _VARIABLE else None
        yield from [named] if named else []
        for value in node.values():
            yield from _declared(value)
    elif isinstance(node, list):
        for value in node:
            yield from _declared(value)
