"""Which tests say of themselves that they show a requirement.

Such a test has a comment of its own: `# IG 41` (a requirement of SMART App Launch 2.2.0) or `# SMART F3` (an item of our launch
checklist), several with a comma between them. It stands above the test and its decorators, or at the end of its `def` line.
"""

import ast
import io
import re
import tokenize
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

TESTS = Path(__file__).resolve().parents[1]
_MARK = re.compile(r"# (?P<catalogue>IG|SMART) (?P<ids>.+)")
_IDS = re.compile(r"[A-Z]?[\d.]*(?:, [A-Z]?[\d.]*)*")


@dataclass(frozen=True, slots=True, kw_only=True)
class Mark:
    """Test `name` (with its class, if any) of `file`, a path below the project, shows requirement `id` of a catalogue. `name` is empty
    where the comment stands above no test."""

    catalogue: str
    id: str
    file: str
    line: int
    name: str


def collect(folder: Path = TESTS) -> list[Mark]:
    """What the tests below `folder` say, in the order of files and lines."""
    files = sorted(folder.rglob("test_*.py"))
    return [mark for path in files for mark in marks_of(path.read_text(encoding="utf-8"), path.relative_to(folder.parent).as_posix())]


def marks_of(source: str, file: str) -> Iterator[Mark]:
    """The marks of one file. Above a test any text counts as ids, so that a slip is found; elsewhere only what looks like them."""
    comments = {token.start[0]: token for token in _tokens(source) if token.type == tokenize.COMMENT}
    alone = {line for line, token in comments.items() if token.line.lstrip().startswith("#")}
    tests = _tests_by_line(ast.parse(source), alone)
    for line, token in comments.items():
        mark, name = _MARK.fullmatch(token.string), tests.get(line, "")
        if mark and (name or _IDS.fullmatch(mark["ids"])):
            for identity in mark["ids"].split(", "):
                yield Mark(catalogue=mark["catalogue"], id=identity, file=file, line=line, name=name)


def _tokens(source: str) -> Iterable[tokenize.TokenInfo]:
    return tokenize.generate_tokens(io.StringIO(source).readline)


def _tests_by_line(module: ast.Module, alone: set[int]) -> dict[int, str]:
    """The test that each line is the head of: the comments right above it, its decorators, and its `def`."""
    lines: dict[int, str] = {}
    for name, test in _tests(module):
        first = min([test.lineno, *(decorator.lineno for decorator in test.decorator_list)])
        while first - 1 in alone:
            first -= 1
        lines |= dict.fromkeys(range(first, test.body[0].lineno), name)
    return lines


def _tests(module: ast.Module) -> Iterator[tuple[str, ast.FunctionDef]]:
    groups: list[ast.Module | ast.ClassDef] = [module, *(node for node in module.body if isinstance(node, ast.ClassDef))]
    for group in groups:
        prefix = f"{group.name}::" if isinstance(group, ast.ClassDef) else ""
        for node in group.body:
            if isinstance(node, ast.FunctionDef) and node.name.startswith("test_"):
                yield f"{prefix}{node.name}", node
