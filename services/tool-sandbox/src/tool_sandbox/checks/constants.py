"""Which texts a name in tool code can stand for: enough to read `model = "sale.order"` and `for model in ("a", "b")`, else unknown."""

import ast
from collections.abc import Iterable

Texts = frozenset[str]
"""What an expression can be."""


class Constants:
    """Names that hold only written-out texts, in the whole of one function body; a name that is ever bound to anything else is unknown."""

    def __init__(self, tree: ast.AST) -> None:
        self._known: dict[str, set[str]] = {}
        self._unknown: set[str] = set()
        for node in ast.walk(tree):
            self._bind(node)

    def texts(self, node: ast.expr | None) -> Texts | None:
        """Everything that the expression can be; None when that is only known when the code runs."""
        match node:
            case ast.Constant(value=str(text)):
                return frozenset((text,))
            case ast.Name(id=name) if name in self._known and name not in self._unknown:
                return frozenset(self._known[name])
            case ast.IfExp(body=body, orelse=orelse):
                first, second = self.texts(body), self.texts(orelse)
                return None if first is None or second is None else first | second
            case _:
                return None

    def _bind(self, node: ast.AST) -> None:
        match node:
            case ast.Assign(targets=targets, value=value):
                for target in targets:
                    self._assign(target, value)
            case ast.AnnAssign(target=target, value=ast.expr() as value):
                self._assign(target, value)
            case ast.NamedExpr(target=target, value=value):
                self._assign(target, value)
            case ast.For(target=target, iter=items) | ast.AsyncFor(target=target, iter=items) | ast.comprehension(target=target, iter=items):
                self._loop(target, items)
            case ast.AugAssign(target=target):
                self._forget(target)
            case ast.withitem(optional_vars=ast.expr() as target):
                self._forget(target)
            case ast.arg(arg=name):
                self._unknown.add(name)
            case ast.Global(names=names) | ast.Nonlocal(names=names):
                self._unknown.update(names)
            case ast.ExceptHandler(name=str(name)) | ast.FunctionDef(name=name) | ast.AsyncFunctionDef(name=name) | ast.ClassDef(name=name):
                self._unknown.add(name)
            case ast.MatchAs(name=str(name)) | ast.MatchStar(name=str(name)) | ast.MatchMapping(rest=str(name)):
                self._unknown.add(name)
            case ast.alias(name=name, asname=other):
                self._unknown.add(other or name)
            case _:
                pass

    def _assign(self, target: ast.expr, value: ast.expr) -> None:
        match target, value:
            case ast.Name(id=name), ast.Constant(value=str(text)):
                self._known.setdefault(name, set()).add(text)
            case ast.Tuple(elts=names) | ast.List(elts=names), ast.Tuple(elts=values) | ast.List(elts=values) if len(names) == len(values):
                for one, its in zip(names, values, strict=True):
                    self._assign(one, its)
            case _, ast.IfExp(body=body, orelse=orelse):
                self._assign(target, body)
                self._assign(target, orelse)
            case _:
                self._forget(target)

    def _loop(self, target: ast.expr, items: ast.expr) -> None:
        match items:
            case ast.Tuple(elts=values) | ast.List(elts=values) | ast.Set(elts=values):
                for value in values:
                    self._assign(target, value)
            case _:
                self._forget(target)

    def _forget(self, target: ast.expr) -> None:
        self._unknown.update(_names(ast.walk(target)))


def _names(nodes: Iterable[ast.AST]) -> set[str]:
    return {node.id for node in nodes if isinstance(node, ast.Name)}
