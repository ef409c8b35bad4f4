"""The programs beside these files: a flood, and links on which packets come
late."""

import os
import subprocess
from dataclasses import dataclass

from daemons import CHECKOUT, OURS
from lab import run


def tool(name):
    """The path of a program that stands beside these files as a source."""
    path = os.path.join(os.path.dirname(OURS), "tests/system", name)
    if not os.path.exists(path):
        run("make", "-C", CHECKOUT, "-s", os.path.relpath(path, CHECKOUT))
    return path


@dataclass(frozen=True)
class Relayed:
    """What passed since the last question: there, and back again."""
    frames: int  # both ways
    round_trip: float  # the mean, in seconds
    multicasts: int


class Relay:
    """A router with two links that are made into one.

    The delays are of a round trip, in seconds, and so is the jitter.
    """

    def __init__(self, router, unicast, multicast=None, jitter=0.0):
        delays = (unicast, unicast if multicast is None else multicast,
                  jitter)
        self.process = router.spawn(
            [tool("relay"), *router.interfaces,
             *(str(round(delay * 1e6 / 2)) for delay in delays)],
            text=True, bufsize=1, stdin=subprocess.PIPE,
            stdout=subprocess.PIPE)
        router.lab.processes.append(self.process)

    def ask(self):
        print(file=self.process.stdin, flush=True)
        numbers = [int(word) for word in self.process.stdout.readline()
                   .split()]
        return Relayed(numbers[0] + numbers[2],
                       (numbers[1] + numbers[3]) / 1e6, numbers[4])
