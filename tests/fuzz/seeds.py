#!/usr/bin/python3
"""seeds.py VECTORS DIRECTORY - the packets of vectors.json as inputs.

An octet before each chooses the sender's family (fuzz_message.c).
"""

import json
import sys
from pathlib import Path


def main():
    with open(sys.argv[1], encoding="utf-8") as file:
        vectors = json.load(file)
    directory = Path(sys.argv[2])
    directory.mkdir(parents=True, exist_ok=True)
    for vector in vectors:
        family = b"\1" if "." in vector["src"] else b"\0"
        (directory / vector["name"]).write_bytes(
            family + bytes.fromhex(vector["hex"]))


main()
