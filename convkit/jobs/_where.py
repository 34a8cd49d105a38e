"""The expression of ``--where``: Python comparisons over DICOM keywords, evaluated without `eval`."""

from __future__ import annotations

import ast
import operator
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from convkit.dicom.attributes import is_keyword, nearest_hint
from convkit.errors import UsageError

OWN_NAMES = {
    "instances": "number of instances of the series",
    "images": "number of images among them",
    "bytes": "size of its files",
    "path": "path of its first file",
}

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
_FUNCTIONS: dict[str, Callable[..., Any]] = {
    "lower": lambda text: str(text).lower(),
    "matches": lambda text, pattern: bool(re.search(pattern, str(text or ""), re.IGNORECASE)),
}


@dataclass(frozen=True, slots=True)
class Where:
    """A checked expression.

    Attributes
    ----------
    text : str
    names : tuple of str
        Every name that it uses.
    """

    text: str
    names: tuple[str, ...]

    @property
    def keywords(self) -> tuple[str, ...]:
        """The DICOM keywords among the names."""
        return tuple(n for n in self.names if n not in OWN_NAMES)

    def __call__(self, facts: Mapping[str, Any]) -> bool:
        """True where the expression holds; a comparison with something absent does not hold."""
        return bool(_value(ast.parse(self.text, mode="eval").body, facts))


def where(text: str) -> Where:
    """Check an expression.

    Raises
    ------
    UsageError
        It cannot be parsed, names something unknown, or does more than compare.
    """
    try:
        tree = ast.parse(text.strip(), mode="eval").body
    except (SyntaxError, ValueError, RecursionError) as err:
        raise UsageError(
            "The expression cannot be understood.",
            "--where",
            'Write, for example, Modality == "CT" and instances > 20.',
        ) from err
    names: dict[str, None] = {}
    _check(tree, names)
    return Where(text.strip(), tuple(names))


def _check(node: ast.expr, names: dict[str, None]) -> None:
    match node:
        case ast.BoolOp(values=parts) | ast.List(elts=parts) | ast.Tuple(elts=parts):
            pass
        case ast.UnaryOp(op=ast.Not() | ast.USub(), operand=part):
            parts = [part]
        case ast.Compare(left=left, comparators=rights):
            parts = [left, *rights]
        case ast.Call(func=ast.Name(id=name), args=args, keywords=[]) if name in _FUNCTIONS:
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
            return _FUNCTIONS[name](*(_value(a, facts) for a in args))
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
