"""What another babeld says of a command line, without its being run."""

import os
import subprocess

from daemons import PEER_BABELD


def peer_accepts(arguments, directory):
    """Files are read last: one that is wrong, behind the others, is named
    if all else was accepted, and keeps the daemon from starting.  A crash
    counts as a refusal."""
    wrong = os.path.join(directory, "wrong.conf")
    with open(wrong, "w", encoding="utf-8") as file:
        file.write("wrong\n")
    place = arguments.index("--") if "--" in arguments else len(arguments)
    run = subprocess.run([PEER_BABELD, *arguments[:place], "-c", wrong,
                          *arguments[place:]],
                         capture_output=True, text=True, timeout=20)
    assert run.returncode != 0, run
    return f"configuration from file {wrong}" in run.stderr
