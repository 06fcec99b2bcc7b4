"""Vendor SDKs are imported when first used, in a thread: each takes 100 to 800 ms, during which the event loop must go on."""

import importlib
import sys
import warnings

from callstage_kit.tasks import in_thread


def load(*modules: str) -> None:
    """Import now, without the warnings that third-party modules raise while they are compiled. Blocking."""
    if all(module in sys.modules for module in modules):
        return
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        for module in modules:
            importlib.import_module(module)


async def loaded(*modules: str) -> None:
    """Import off the event loop, unless that is done already."""
    if not all(module in sys.modules for module in modules):
        await in_thread(load, *modules)
