#!/usr/bin/python3
"""seeds.py VECTORS DIRECTORY - the packets of vectors.json as inputs.

For "message" an octet before each chooses the sender's family; for "packet"
each is a record, as it is and as the body of a packet that is signed anew, for
an engine without keys and one with a key (fuzz_message.c, fuzz_packet.c).
"""

import json
import sys
from pathlib import Path

HEADER = 4
DATAGRAM, BODY, SIGNED, TRAILER = (form << 2 for form in range(4))
TO_US, SECOND = 0x02, 0x20


def record(choice, octets):
    return bytes([choice]) + len(octets).to_bytes(2, "big") + octets


def main():
    with open(sys.argv[1], encoding="utf-8") as file:
        vectors = json.load(file)
    message, packet = (Path(sys.argv[2], name)
                       for name in ("message", "packet"))
    for directory in (message, packet):
        directory.mkdir(parents=True, exist_ok=True)
    for vector in vectors:
        octets = bytes.fromhex(vector["hex"])
        family = b"\1" if "." in vector["src"] else b"\0"
        (message / vector["name"]).write_bytes(family + octets)
        body = octets[HEADER:]
        for conf in range(8):
            (packet / f"{vector['name']}-{conf}").write_bytes(
                bytes([conf]) + record(DATAGRAM, octets)
                + record(BODY | TO_US, body) + record(SIGNED, body)
                + record(TRAILER | SECOND, body[-64:]))


main()
