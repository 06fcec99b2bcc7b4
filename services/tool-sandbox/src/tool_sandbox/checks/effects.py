"""What a tool's code can do to the world, read from the code before it runs (rule T12). Pure.

The worker gives code nothing but `server` and the integrations to reach the outside with, so following these two names is enough. What cannot be
followed (a model name that is computed, a helper that gets `server`) is said instead of guessed: such a summary is not complete.
"""

import ast
from dataclasses import dataclass, field
from typing import Final

from tool_sandbox.backends.port import READING_METHODS
from tool_sandbox.checks.constants import Constants
from tool_sandbox.execution.limits import MAX_CODE_BYTES

_READS: Final = frozenset({"search_read", "read"})
_WRITES: Final = frozenset({"create", "write", "delete"})
_INTEGRATIONS: Final = "integrations"


@dataclass(frozen=True, slots=True)
class EffectSummary:
    """All lists are sorted and without repetition.

    `reads`: models. `writes`: (model, create | write | delete). `calls`: (model, method) of methods that may change something.
    `integrations`: (kind, method). `unknown`: what only shows when the code runs, each with its line.
    """

    reads: tuple[str, ...] = ()
    writes: tuple[tuple[str, str], ...] = ()
    calls: tuple[tuple[str, str], ...] = ()
    integrations: tuple[tuple[str, str], ...] = ()
    unknown: tuple[tuple[int, str], ...] = ()

    @property
    def is_complete(self) -> bool:
        """False: the tool may do more than is listed."""
        return not self.unknown

    @property
    def changes_something(self) -> bool:
        """True unless the tool only reads."""
        return bool(self.writes or self.calls or self.integrations or self.unknown)


def effects(code: str) -> EffectSummary:
    """The summary of a tool's body; code that does not parse is unknown as a whole. Blocking, for a thread."""
    if len(code) > MAX_CODE_BYTES:
        return EffectSummary(unknown=((0, f"the code is longer than {MAX_CODE_BYTES // 1024} KiB"),))
    try:
        tree = ast.parse("async def _tool():\n" + "".join(f" {line}\n" for line in code.splitlines() or ["pass"]))
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return EffectSummary(unknown=((0, "the code cannot be read"),))
    return _Reader(tree).summary()


@dataclass(slots=True)
class _Found:
    reads: set[str] = field(default_factory=set[str])
    writes: set[tuple[str, str]] = field(default_factory=set[tuple[str, str]])
    calls: set[tuple[str, str]] = field(default_factory=set[tuple[str, str]])
    integrations: set[tuple[str, str]] = field(default_factory=set[tuple[str, str]])
    unknown: set[tuple[int, str]] = field(default_factory=set[tuple[int, str]])


class _Reader:
    """Every appearance of `server`, of the integrations and of names given to them is either understood or reported."""

    def __init__(self, tree: ast.Module) -> None:
        self._tree = tree
        self._constants = Constants(tree)
        self._found = _Found()
        self._understood: set[int] = set()
        self._servers: set[str] = {"server"}
        self._methods: dict[str, str] = {}
        self._holders: set[str] = set()
        self._connected: dict[str, str] = {}

    def summary(self) -> EffectSummary:
        """Names first, then what is done with them, then what is left over."""
        for node in ast.walk(self._tree):
            if isinstance(node, ast.Assign) and len(node.targets) == 1 and isinstance(node.targets[0], ast.Name):
                self._alias(node.targets[0].id, node.value)
        for node in ast.walk(self._tree):
            if isinstance(node, ast.Call):
                self._call(node)
        for node in ast.walk(self._tree):
            self._left_over(node)
        found = self._found
        return EffectSummary(
            tuple(sorted(found.reads)),
            tuple(sorted(found.writes)),
            tuple(sorted(found.calls)),
            tuple(sorted(found.integrations)),
            tuple(sorted(found.unknown)),
        )

    def _alias(self, name: str, value: ast.expr) -> None:
        match value:
            case ast.Name(id=other) if other in self._servers:
                self._servers.add(name)
                self._understand(value)
            case ast.Attribute(value=ast.Name(id=owner) as base, attr=method) if owner in self._servers:
                self._methods[name] = method
                self._understand(base)
            case _ if self._is_holder(value):
                self._holders.add(name)
            case _:
                kind = self._kind_of(value)
                if kind is not None:
                    self._connected[name] = kind

    def _call(self, node: ast.Call) -> None:
        match node.func:
            case ast.Attribute(value=ast.Name(id=owner) as base, attr=method) if owner in self._servers:
                self._understand(base)
                self._on_server(method, node)
            case ast.Name(id=name) if name in self._methods:
                self._understand(node.func)
                self._on_server(self._methods[name], node)
            case ast.Attribute(value=ast.Name(id=name) as base, attr=method) if name in self._connected:
                self._understand(base)
                self._found.integrations.add((self._connected[name], method))
            case ast.Attribute(value=owner, attr=method):
                kind = self._kind_of(owner)
                if kind is not None:
                    self._found.integrations.add((kind, method))
            case _:
                pass

    def _on_server(self, method: str, node: ast.Call) -> None:
        models = self._constants.texts(_argument(node, 0, "model"))
        if models is None:
            self._unknown(node, f"`server.{method}` on a model whose name is computed")
        for model in models or ():
            if method in _READS:
                self._found.reads.add(model)
            elif method in _WRITES:
                self._found.writes.add((model, method))
            elif method == "call":
                self._on_method(model, node)

    def _on_method(self, model: str, node: ast.Call) -> None:
        methods = self._constants.texts(_argument(node, 1, "method"))
        if methods is None:
            self._unknown(node, f"a method of {model} whose name is computed")
        for method in methods or ():
            if method in READING_METHODS:
                self._found.reads.add(model)
            else:
                self._found.calls.add((model, method))

    def _is_holder(self, node: ast.expr) -> bool:
        """True for `kwargs.get("integrations", …)`, `kwargs["integrations"]` and names given to them, with `or {}` behind or not."""
        match node:
            case ast.Name(id=name) if name in self._holders:
                self._understand(node)
                return True
            case ast.BoolOp(op=ast.Or(), values=[first, *_]):
                return self._is_holder(first)
            case ast.Call(func=ast.Attribute(value=ast.Name(id="kwargs") as base, attr="get"), args=[key, *_]):
                return self._is_integrations(key, base)
            case ast.Subscript(value=ast.Name(id="kwargs") as base, slice=key):
                return self._is_integrations(key, base)
            case _:
                return False

    def _is_integrations(self, key: ast.expr, base: ast.expr) -> bool:
        keys = self._constants.texts(key)
        if keys is None:
            return False
        self._understand(base)
        return _INTEGRATIONS in keys

    def _kind_of(self, node: ast.expr) -> str | None:
        """The kind of integration that the expression is, None when it is none."""
        match node:
            case ast.Name(id=name) if name in self._connected:
                self._understand(node)
                return self._connected[name]
            case ast.Call(func=ast.Attribute(value=holder, attr="get"), args=[key, *_]) if self._is_holder(holder):
                return self._kind(key, node)
            case ast.Subscript(value=holder, slice=key) if self._is_holder(holder):
                return self._kind(key, node)
            case _:
                return None

    def _kind(self, key: ast.expr, node: ast.expr) -> str | None:
        kinds = self._constants.texts(key)
        if kinds is None or len(kinds) != 1:
            self._unknown(node, "an integration whose name is computed")
            return None
        return next(iter(kinds))

    def _left_over(self, node: ast.AST) -> None:
        if not isinstance(node, ast.Name) or id(node) in self._understood:
            return
        if isinstance(node.ctx, ast.Store):
            if node.id in ("server", "kwargs"):
                self._unknown(node, f"`{node.id}` is given another meaning")
            return
        if node.id in self._servers or node.id in self._methods:
            self._unknown(node, f"`{node.id}` is used in a way that cannot be followed")
        elif node.id == "kwargs":
            self._unknown(node, "`kwargs` is used in a way that cannot be followed")
        elif node.id in ("getattr", "eval", "exec", "globals", "locals", "vars"):
            self._unknown(node, f"`{node.id}` reaches names that are not written in the code")

    def _understand(self, node: ast.expr) -> None:
        self._understood.add(id(node))

    def _unknown(self, node: ast.expr, what: str) -> None:
        # The body stands one line below its own first line.
        self._found.unknown.add((node.lineno - 1, what))


def _argument(node: ast.Call, place: int, name: str) -> ast.expr | None:
    if len(node.args) > place and not any(isinstance(one, ast.Starred) for one in node.args[: place + 1]):
        return node.args[place]
    return next((keyword.value for keyword in node.keywords if keyword.arg == name), None)
