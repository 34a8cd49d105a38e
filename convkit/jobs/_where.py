"""The expression of ``--where``: Python comparisons over DICOM keywords, evaluated without `eval`."""

from __future__ import annotations

import ast
import operator
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from convkit.dicom.attributes import is_keyword, nearest_hint
from convkit.errors import UsageError

OWN_NAMES = {
    "instances": "number of instances of the series",
    "images": "number of images among them",
    "bytes": "size of its files",
    "path": "path of the file",
    "series": "short hash of the Series Instance UID, as scan shows it",
    "study": "short hash of the Study Instance UID, as scan shows it",
}

COUNTED = frozenset({"instances", "images", "bytes"})
"""Names that need all files of a series: no instance can be judged before the last one is read."""

_COMPARISONS: dict[type[ast.cmpop], Callable[[Any, Any], bool]] = {
    ast.Eq: operator.eq,
    ast.NotEq: operator.ne,
    ast.Lt: operator.lt,
    ast.LtE: operator.le,
    ast.Gt: operator.gt,
    ast.GtE: operator.ge,
    ast.In: lambda a, b: a in b,
    ast.NotIn: lambda a, b: a not in b,
    ast.Is: operator.is_,
    ast.IsNot: operator.is_not,
}
_FUNCTIONS: dict[str, tuple[int, Callable[..., Any]]] = {
    "lower": (1, lambda text: str(text).lower()),
    "matches": (2, lambda text, pattern: bool(re.search(str(pattern), str(text or ""), re.IGNORECASE))),
}
"""Function to (number of arguments, what it does)."""

LONGEST = 2000
"""Characters of an expression; a longer one is a mistake or an attack."""


@dataclass(frozen=True, slots=True)
class Where:
    """A checked expression.

    Attributes
    ----------
    text : str
    names : tuple of str
        Every name that it uses.
    tree : ast.expr
        The expression, parsed.
    """

    text: str
    names: tuple[str, ...]
    tree: ast.expr = field(repr=False, compare=False)

    @property
    def keywords(self) -> tuple[str, ...]:
        """The DICOM keywords among the names."""
        return tuple(n for n in self.names if n not in OWN_NAMES)

    def __call__(self, facts: Mapping[str, Any]) -> bool:
        """True where the expression holds; a comparison with something absent does not hold."""
        return bool(_value(self.tree, facts))


def where(text: str) -> Where:
    """Check an expression.

    Raises
    ------
    UsageError
        It cannot be parsed, names something unknown, or does more than compare.
    """
    if not isinstance(text, str):
        raise UsageError("The expression is no text.", "--where")
    if len(text) > LONGEST:
        raise UsageError(f"The expression has more than {LONGEST} characters.", "--where")
    try:
        tree = ast.parse(text.strip(), mode="eval").body
    except (SyntaxError, ValueError, RecursionError, MemoryError) as err:
        raise UsageError(
            "The expression cannot be understood.",
            "--where",
            'Write, for example, Modality == "CT" and instances > 20.',
        ) from err
    names: dict[str, None] = {}
    _check(tree, names)
    return Where(text.strip(), tuple(names), tree)


def _check(node: ast.expr, names: dict[str, None]) -> None:
    match node:
        case ast.BoolOp(values=parts) | ast.List(elts=parts) | ast.Tuple(elts=parts):
            pass
        case ast.UnaryOp(op=ast.USub(), operand=ast.Constant(value=int() | float())):
            return
        case ast.UnaryOp(op=ast.Not(), operand=part):
            parts = [part]
        case ast.Compare(left=left, comparators=rights):
            parts = [left, *rights]
        case ast.Call(func=ast.Name(id=name), args=args, keywords=[]) if name in _FUNCTIONS:
            _check_call(name, args)
            parts = args
        case ast.Name(id=name):
            _check_name(name)
            names[name] = None
            return
        case ast.Constant(value=str() | int() | float() | bool() | None):
            return
        case _:
            raise UsageError(
                "The expression does more than compare.",
                "--where",
                "Use names, values, comparisons, in, and, or, not, lower(...) and matches(..., pattern).",
            )
    for part in parts:
        _check(part, names)


def _check_call(name: str, args: list[ast.expr]) -> None:
    if len(args) != _FUNCTIONS[name][0]:
        raise UsageError(f"{name} takes {_FUNCTIONS[name][0]} arguments.", "--where")
    if name != "matches":
        return
    pattern = args[1].value if isinstance(args[1], ast.Constant) else None
    try:
        re.compile(pattern if isinstance(pattern, str) else "(")
    except re.error as err:
        raise UsageError("The second argument of matches is no regular expression in quotes.", "--where") from err


def _check_name(name: str) -> None:
    if name not in OWN_NAMES and not is_keyword(name):
        raise UsageError(
            f"{name!r} is neither a DICOM keyword nor one of {', '.join(OWN_NAMES)}.",
            "--where",
            nearest_hint(name, OWN_NAMES),
        )


def _value(node: ast.expr, facts: Mapping[str, Any]) -> Any:
    match node:
        case ast.Constant(value=value):
            return value
        case ast.Name(id=name):
            return facts.get(name)
        case ast.List(elts=parts) | ast.Tuple(elts=parts):
            return [_value(p, facts) for p in parts]
        case ast.UnaryOp(op=ast.Not(), operand=part):
            return not _value(part, facts)
        case ast.UnaryOp(operand=part):
            return -_value(part, facts)
        case ast.BoolOp(op=ast.And(), values=parts):
            return all(_value(p, facts) for p in parts)
        case ast.BoolOp(values=parts):
            return any(_value(p, facts) for p in parts)
        case ast.Call(func=ast.Name(id=name), args=args):
            return _FUNCTIONS[name][1](*(_value(a, facts) for a in args))
        case ast.Compare(left=left, ops=ops, comparators=rights):
            values = [_value(n, facts) for n in (left, *rights)]
            return all(_holds(op, a, b) for op, a, b in zip(ops, values, values[1:], strict=False))
    raise AssertionError(ast.dump(node))


def _holds(op: ast.cmpop, left: Any, right: Any) -> bool:
    if isinstance(op, (ast.Is, ast.IsNot, ast.Eq, ast.NotEq)):
        return _COMPARISONS[type(op)](left, right)
    try:
        return _COMPARISONS[type(op)](left, right)
    except TypeError:
        return False
