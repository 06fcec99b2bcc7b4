"""Proves A2: the worked example of docs/adding-a-provider.md is a provider that works, line by line as it is printed there."""

import re
import sys
from collections.abc import Awaitable, Callable
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

PAGE = Path(__file__).resolve().parents[5] / "docs" / "adding-a-provider.md"
_BLOCK = re.compile(r"```python\n# (?P<path>\S+\.py)\n(?P<code>.*?)```", re.DOTALL)


def module_of(path: str) -> str:
    """`services/x/src/a/b.py` → `a.b`; a test is a module of its own."""
    return path.partition("/src/")[2].removesuffix(".py").replace("/", ".") or Path(path).stem


@pytest.fixture
def example(monkeypatch: pytest.MonkeyPatch) -> dict[str, ModuleType]:
    """Every block of the page as the module that it would be, imported in the order of the page, its test last."""
    made: dict[str, ModuleType] = {}
    package = ModuleType("agent_runtime.providers.vendors.parrot")
    package.__path__ = []
    monkeypatch.setitem(sys.modules, package.__name__, package)
    for found in _BLOCK.finditer(PAGE.read_text()):
        name = module_of(found["path"])
        module = made[name] = ModuleType(name)
        monkeypatch.setitem(sys.modules, name, module)
        exec(compile(found["code"], found["path"], "exec"), module.__dict__)
    return made


async def test_the_worked_example_works(example: dict[str, ModuleType]) -> None:
    assert list(example) == [
        "agent_runtime.providers.vendors.parrot.llm",
        "agent_runtime.providers.vendors.parrot.vendor",
        "callstage_testing.fakes.parrot",
        "test_parrot_vendor",
    ]
    tests: dict[str, Callable[[], Awaitable[Any]]] = {
        name: value for name, value in vars(example["test_parrot_vendor"]).items() if name.startswith("test_")
    }
    assert tests
    for test in tests.values():
        await test()


def test_what_the_page_names_exists() -> None:
    """Paths in back-quotes that look like files of the repository."""
    root, text = PAGE.parents[1], PAGE.read_text()
    providers = root / "services/agent-runtime/src/agent_runtime"
    for name in set(re.findall(r"`((?:providers|vendors|services|libs)/[\w/.-]+\.py)`", text)):
        known = [root / name, providers / name, providers / "providers" / name]
        assert any(path.exists() for path in known), name
