#!/usr/bin/env python3
"""opens.py PID PATH FLAGS: makes another process call open(2) and prints the result: a descriptor, or -1.

It stops the process in a system call, replaces the call by this one, and lets the process go on as before. gdb could do
that, but writes back registers that some processors do not let it write.
"""
import ctypes
import os
import sys

ATTACH, DETACH, STEP, GETREGS, SETREGS, POKE = 16, 17, 9, 12, 13, 5
FIELDS = 'r15 r14 r13 r12 rbp rbx r11 r10 r9 r8 rax rcx rdx rsi rdi orig_rax rip cs eflags rsp ss fs_base gs_base ' \
    'ds es fs gs'.split()
OPENAT, AT_FDCWD, RED_ZONE = 257, -100, 128
SYSCALL = 2             # bytes of the instruction, which is before where the process is


class Regs(ctypes.Structure):
    _fields_ = [(name, ctypes.c_ulonglong) for name in FIELDS]


libc = ctypes.CDLL(None, use_errno=True)
libc.ptrace.restype = ctypes.c_long
libc.ptrace.argtypes = [ctypes.c_long, ctypes.c_long, ctypes.c_void_p, ctypes.c_void_p]


def ptrace(request, address=None, data=None):
    if libc.ptrace(request, pid, address, data) < 0:
        raise OSError(ctypes.get_errno(), f'ptrace {request}')


assert os.uname().machine == 'x86_64', 'knows the registers of x86_64 alone'
pid, path, flags = int(sys.argv[1]), sys.argv[2].encode() + b'\0', int(sys.argv[3], 0)
ptrace(ATTACH)
os.waitpid(pid, 0)
was, regs = Regs(), Regs()
ptrace(GETREGS, None, ctypes.addressof(was))
ctypes.pointer(regs)[0] = was
regs.rsi = (was.rsp - RED_ZONE - len(path)) & ~15
for i in range(0, len(path), 8):
    ptrace(POKE, regs.rsi + i, int.from_bytes(path[i:i + 8].ljust(8, b'\0'), 'little'))
regs.rax, regs.rdi, regs.rdx, regs.r10 = OPENAT, AT_FDCWD & (2**64 - 1), flags, 0o600
regs.orig_rax, regs.rip = 2**64 - 1, was.rip - SYSCALL
ptrace(SETREGS, None, ctypes.addressof(regs))
ptrace(STEP)
os.waitpid(pid, 0)
ptrace(GETREGS, None, ctypes.addressof(regs))
result = ctypes.c_longlong(regs.rax).value
assert regs.rip == was.rip, 'the process was in no system call'
ptrace(SETREGS, None, ctypes.addressof(was))
ptrace(DETACH)
print(max(result, -1))
