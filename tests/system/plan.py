"""Which calls of a daemon are to fail: memory that it shares (failing.c)."""

import ctypes
import mmap
import os

from daemons import OURS

FAILING = os.path.join(os.path.dirname(OURS), "tests", "system", "failing.so")


class Plan(ctypes.Structure):
    """As failing.c has it."""
    _fields_ = [("call", ctypes.c_char * 32), ("error", ctypes.c_int32),
                ("times", ctypes.c_int32), ("skip", ctypes.c_uint64),
                ("failed", ctypes.c_uint64), ("made", ctypes.c_uint64)]

    def fail(self, call, number, times=-1, skip=0):
        """That call fails, after so many and so often; -1: for ever."""
        self.work()
        self.error, self.times, self.skip = number, times, skip
        self.failed = self.made = 0
        self.call = call.encode()

    def work(self):
        self.call = b""


def make_plan(lab, monkeypatch):
    """For the daemons that are started with LD_PRELOAD from now on."""
    assert os.path.exists(FAILING)
    path = lab.path("failing")
    with open(path, "wb") as stream:
        stream.write(bytes(mmap.PAGESIZE))
    monkeypatch.setenv("FAILING", path)
    with open(path, "r+b") as stream:
        return Plan.from_buffer(mmap.mmap(stream.fileno(), 0))

