"""Starts the sandbox worker with as few rights as the kernel lets us take away, then becomes it.

Each step is tried by itself, because containers differ: no new privileges, no core dumps, no files written, few open files, an empty
environment, no network namespace of the host, and (Landlock) nothing of the file system but what the worker binary needs to load.
"""

import contextlib
import ctypes
import os
import resource
import struct
import sys
from collections.abc import Callable
from typing import Any

_PR_SET_NO_NEW_PRIVS = 38
_CLONE_NEWUSER = 0x10000000
_CLONE_NEWNET = 0x40000000
_SYS_LANDLOCK_CREATE_RULESET, _SYS_LANDLOCK_ADD_RULE, _SYS_LANDLOCK_RESTRICT_SELF = 444, 445, 446
_LANDLOCK_ALL_FILES_ABI1 = (1 << 13) - 1
_LANDLOCK_LOAD = 0b1101  # execute, read file, read directory
_LANDLOCK_RULE_PATH_BENEATH = 1
_LIBRARY_PATHS = ("/usr", "/lib", "/lib64", "/proc/self", "/etc/ld.so.cache")


def main() -> None:
    """Entry point of the `callstage-monty-worker` command; arguments are the worker's own."""
    # The binary lies beside this command. Asking pydantic_monty for it would load the library: 50 ms for every worker.
    binary = os.path.join(os.path.dirname(os.path.realpath(sys.argv[0])), "monty")
    libc: Any = ctypes.CDLL(None, use_errno=True)
    _attempt(_limit)
    _attempt(_step_back)
    _attempt(lambda: _leave_network(libc))
    _attempt(lambda: libc.prctl(_PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0))
    _attempt(lambda: _hide_files(libc, binary))
    os.execve(binary, [binary, *sys.argv[1:]], {})  # noqa: S606


def _attempt(step: Callable[[], Any]) -> None:
    with contextlib.suppress(OSError, ValueError, AttributeError):
        step()


def _limit() -> None:
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    resource.setrlimit(resource.RLIMIT_FSIZE, (0, 0))
    resource.setrlimit(resource.RLIMIT_NOFILE, (64, 64))


def _step_back() -> None:
    # Endless loops of tools must not keep the process waiting that serves all the other ones.
    os.nice(5)


def _leave_network(libc: Any) -> None:
    if libc.unshare(_CLONE_NEWNET) != 0:
        libc.unshare(_CLONE_NEWUSER | _CLONE_NEWNET)


def _hide_files(libc: Any, binary: str) -> None:
    """Landlock (Linux 5.13): see `man 7 landlock`. Numbers of the system calls are those of all 64-bit architectures."""
    attributes = struct.pack("Q", _LANDLOCK_ALL_FILES_ABI1)
    rules = libc.syscall(_SYS_LANDLOCK_CREATE_RULESET, attributes, len(attributes), 0)
    if rules < 0:
        return
    for path in (*_LIBRARY_PATHS, binary):
        with contextlib.suppress(OSError):
            is_folder = os.path.isdir(path)
            folder = os.open(path, os.O_PATH | os.O_CLOEXEC)
            rights = _LANDLOCK_LOAD if is_folder else _LANDLOCK_LOAD & 0b0101
            libc.syscall(_SYS_LANDLOCK_ADD_RULE, rules, _LANDLOCK_RULE_PATH_BENEATH, struct.pack("=Qi", rights, folder), 0)
            os.close(folder)
    libc.syscall(_SYS_LANDLOCK_RESTRICT_SELF, rules, 0)
    os.close(rules)
