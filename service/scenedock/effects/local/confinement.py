"""The sandbox of a process: from then on it can't reach files outside its folder, the network or other processes.

Linux only, without privileges: Landlock (5.13 or newer) for files, seccomp for sockets and other processes,
resource limits for the rest. The numbers are the kernel's, from its headers; they never change. A process imports this
for each row of programs, so it needs few modules.
"""

from __future__ import annotations

import ctypes
import errno
import os
import resource
import struct
import sys
from collections.abc import Iterable, Sequence
from typing import NamedTuple

_PR_SET_NO_NEW_PRIVS = 38
_PR_SET_SECCOMP = 22
_SECCOMP_MODE_FILTER = 2
_LANDLOCK_CREATE_RULESET, _LANDLOCK_ADD_RULE, _LANDLOCK_RESTRICT_SELF = 444, 445, 446
_LANDLOCK_RULE_PATH_BENEATH = 1
_EXECUTE, _WRITE_FILE, _READ_FILE, _READ_DIR = 1 << 0, 1 << 1, 1 << 2, 1 << 3
_READ = _EXECUTE | _READ_FILE | _READ_DIR
_OF_FILES = _EXECUTE | _WRITE_FILE | _READ_FILE | 1 << 14 | 1 << 15
_RIGHTS_BY_ABI = (0, (1 << 13) - 1, (1 << 14) - 1, (1 << 15) - 1, (1 << 15) - 1, (1 << 16) - 1)
"""All file access rights of each version of Landlock; later versions add none."""

_SCOPED_ABI, _SCOPE_SIGNALS = 6, 1 << 1
"""Landlock's flag for "signals only to processes in the same sandbox", and the version that has it (Linux 6.12)."""

_ALLOW, _REFUSE, _KILL = 0x7FFF0000, 0x00050000, 0x80000000


class _Machine(NamedTuple):
    """An architecture in seccomp, and the numbers of its system calls.

    `signals`: kill, rt_sigqueueinfo, tkill, tgkill, rt_tgsigqueueinfo, pidfd_send_signal.
    `refused`: socket, io_uring_setup (it makes sockets unseen); setpgid, setsid; setpriority, sched_setparam,
    sched_setscheduler, sched_setaffinity, ioprio_set, sched_setattr (of any process); shmget, semget, msgget, mq_open
    (they outlive all processes); add_key, request_key, keyctl (the service's keyring).
    """

    architecture: int
    prlimit: int
    signals: tuple[int, ...]
    refused: tuple[int, ...]


_MACHINES = {
    "x86_64": _Machine(
        0xC000003E,
        prlimit=302,
        signals=(62, 129, 200, 234, 297, 424),
        refused=(41, 425, 109, 112, 141, 142, 144, 203, 251, 314, 29, 64, 68, 240, 248, 249, 250),
    ),
    "aarch64": _Machine(
        0xC00000B7,
        prlimit=261,
        signals=(129, 130, 131, 138, 240, 424),
        refused=(198, 425, 154, 157, 140, 118, 119, 122, 30, 274, 194, 190, 186, 180, 217, 218, 219),
    ),
}
_FIRST_X32_CALL = 0x40000000

LIBRARIES = ("/usr", "/lib", "/lib64", "/opt", "/nix/store", "/etc/ld.so.cache", "/dev/urandom", "/dev/zero")
"""What a program needs to be started."""
_PROGRAMS = (
    *("/bin", "/sbin", "/etc/alternatives", "/etc/gitconfig", "/etc/group"),
    *("/etc/localtime", "/etc/nsswitch.conf", "/etc/passwd"),
)


class ConfinementError(Exception):
    """This machine can't sandbox a process; the message says what it lacks."""


class ProcessLimits(NamedTuple):
    """The resource limits of a sandboxed process and each of its children."""

    memory_bytes: int = 2 * 1024**3
    """Address space."""
    cpu_seconds: int = 60
    file_bytes: int = 64 * 1024 * 1024
    """The maximum size of a file that it writes."""
    open_files: int = 256


def limit_resources(limits: ProcessLimits) -> None:
    """Set the resource limits of this process, which its children inherit and can't raise."""
    for kind, value in (
        (resource.RLIMIT_AS, limits.memory_bytes),
        (resource.RLIMIT_CPU, limits.cpu_seconds),
        (resource.RLIMIT_FSIZE, limits.file_bytes),
        (resource.RLIMIT_NOFILE, limits.open_files),
        (resource.RLIMIT_CORE, 0),
    ):
        hard = resource.getrlimit(kind)[1]
        most = value if hard == resource.RLIM_INFINITY else min(value, hard)
        resource.setrlimit(kind, (most, most))


def programs() -> Iterable[str]:
    """What Python and the programs on PATH need, to be started and to find their way."""
    return (*LIBRARIES, *_PROGRAMS, sys.prefix, sys.base_prefix, *filter(None, sys.path), *os.get_exec_path())


def shut_in(folder: os.PathLike[str] | str, readable: Iterable[str]) -> None:
    """Sandbox this process and its children: write only to `folder`, read and run what is `readable`, no sockets.

    Raises
    ------
    ConfinementError   this machine doesn't support that
    """
    try:
        libc = ctypes.CDLL(None, use_errno=True)
        _call(libc.prctl(_PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0), "no_new_privs")
        scoped = _close_files(libc, folder, readable)
        _close_calls(libc, signals=scoped)
    except (OSError, AttributeError, KeyError) as error:
        raise ConfinementError(str(error)) from error


def _call(result: int, what: str) -> int:
    if result < 0:
        code = ctypes.get_errno()
        raise OSError(code, f"{what}: {os.strerror(code)}")
    return result


def _close_files(libc: ctypes.CDLL, folder: os.PathLike[str] | str, readable: Iterable[str]) -> bool:
    """Deny files, and signals to other processes if this kernel's Landlock supports that; returns whether it does."""
    abi = _call(libc.syscall(_LANDLOCK_CREATE_RULESET, None, 0, 1), "Landlock")
    rights = _RIGHTS_BY_ABI[min(abi, len(_RIGHTS_BY_ABI) - 1)]
    scoped = abi >= _SCOPED_ABI
    attributes = struct.pack("QQQ", rights, 0, _SCOPE_SIGNALS) if scoped else struct.pack("Q", rights)
    ruleset = _call(libc.syscall(_LANDLOCK_CREATE_RULESET, attributes, len(attributes), 0), "Landlock")
    for path in readable:
        _open_path(libc, ruleset, path, _READ & rights)
    _open_path(libc, ruleset, "/dev/null", (_READ | _WRITE_FILE) & rights)
    _open_path(libc, ruleset, str(folder), rights)
    _call(libc.syscall(_LANDLOCK_RESTRICT_SELF, ruleset, 0), "Landlock")
    os.close(ruleset)
    return scoped


def _open_path(libc: ctypes.CDLL, ruleset: int, path: str, rights: int) -> None:
    try:
        descriptor = os.open(path, os.O_PATH | os.O_CLOEXEC)
    except OSError:
        return
    try:
        if not os.path.isdir(f"/proc/self/fd/{descriptor}"):  # noqa: PTH112  # a descriptor, not a path
            rights &= _OF_FILES
        rule = struct.pack("=Qi", rights, descriptor)
        _call(libc.syscall(_LANDLOCK_ADD_RULE, ruleset, _LANDLOCK_RULE_PATH_BENEATH, rule, 0), "Landlock")
    finally:
        os.close(descriptor)


class _FilterProgram(ctypes.Structure):
    _fields_ = (("length", ctypes.c_ushort), ("filter", ctypes.c_char_p))


def _close_calls(libc: ctypes.CDLL, *, signals: bool) -> None:
    """Deny new sockets, leaving the process group (which is killed as a whole), and changes of other processes."""
    machine = _MACHINES[os.uname().machine]
    program = _filter(machine, machine.refused if signals else (*machine.refused, *machine.signals))
    header = _FilterProgram(len(program) // 8, program)
    _call(libc.prctl(_PR_SET_SECCOMP, _SECCOMP_MODE_FILTER, ctypes.byref(header), 0, 0), "seccomp")


def _filter(machine: _Machine, numbers: Sequence[int]) -> bytes:
    """A classic BPF program over `struct seccomp_data`: the call's number is at 0, the architecture at 4.

    `prlimit` may only name its own process: its first argument, at 16, must be 0.
    """
    load, equal, at_least, give = 0x20, 0x15, 0x35, 0x06

    def step(code: int, value: int, if_true: int = 0, if_false: int = 0) -> bytes:
        return struct.pack("=HBBI", code, if_true, if_false, value)

    steps = [step(load, 4), step(equal, machine.architecture, 1, 0), step(give, _KILL), step(load, 0)]
    steps.append(step(at_least, _FIRST_X32_CALL, len(numbers) + 4, 0))
    steps += [step(equal, number, len(numbers) - at + 3, 0) for at, number in enumerate(numbers)]
    steps += [step(equal, machine.prlimit, 0, 2), step(load, 16), step(equal, 0, 0, 1)]
    steps += [step(give, _ALLOW), step(give, _REFUSE | errno.EACCES)]
    return b"".join(steps)
