#!/usr/bin/python3
"""vectors.py FILE - the packets of vectors.json as a table in C.

What a decoder must keep of a packet becomes one line of text for each TLV,
which test_vectors.c compares with the lines it writes itself.  A field that
is not known here is an error: nothing is left out of the comparison.
"""

import json
import re
import sys

RESULTS = {
    "shorter than the packet header": "MESSAGE_TOO_SHORT",
    "magic": "MESSAGE_BAD_MAGIC",
    "version": "MESSAGE_BAD_VERSION",
    "body length exceeds the datagram": "MESSAGE_BAD_LENGTH",
    "IPv6 source is not link-local": "MESSAGE_BAD_SOURCE",
    "source port is not 6696": "MESSAGE_BAD_PORT",
}
DISPOSITIONS = {
    "accept": "ACCEPT", "ignore-tlv": "IGNORE_TLV", "stop": "STOP",
    "drop-packet": "DROP_PACKET", "auth-drop": "AUTH_DROP",
}
ALGORITHMS = {"hmac-sha256": "MAC_HMAC_SHA256",
              "blake2s-128": "MAC_BLAKE2S_128"}

# The order of the fields in a line.  "+" marks a truth that is only named.
FIELDS = ["ae", "wildcard+", "unicast", "opaque", "n", "flags", "interval_cs",
          "seqno", "metric", "rxcost", "hop_count", "address", "prefix",
          "source_prefix", "retraction+", "router_id", "next_hop", "tx_us",
          "origin_us", "receive_us", "pc", "index", "nonce"]


def line(tlv):
    """One TLV as a line."""
    unknown = tlv.keys() - {"tlv"} - {name.rstrip("+") for name in FIELDS}
    if unknown:
        raise ValueError(f"unknown fields {unknown}")
    words = [tlv["tlv"]]
    for field in FIELDS:
        name = field.rstrip("+")
        value = tlv.get(name)
        if value is None:
            continue
        if field.endswith("+"):
            if value is not True:
                raise ValueError(f"{name} is {value}")
            words.append(name)
        else:
            words.append(f"{name}={int(value)}"
                         if isinstance(value, (bool, int))
                         else f"{name}={value}")
    return " ".join(words)


def string(text):
    return '"' + text.replace("\\", "\\\\").replace('"', '\\"') \
        .replace("\n", "\\n") + '"'


def lines(items):
    return " ".join(string(item + "\n") for item in items) or '""'


def entry(vector):
    notes = vector.get("notes", [])
    drops = vector["disposition"] == "drop-packet"
    result = RESULTS[notes[0]] if drops else "MESSAGE_OK"
    ignored = sum(bool(re.match(r"TLV type \d+ at body offset \d+ ignored:",
                                note)) for note in notes)
    keys = ", ".join(
        f"{{ {ALGORITHMS[auth['alg']]}, {string(auth['key'])}, "
        f"{string(auth['mac'] or '')} }}" for auth in vector.get("auth", []))
    return f"""\
	{{
		.name = {string(vector["name"])},
		.disposition = {DISPOSITIONS[vector["disposition"]]},
		.from = {string(vector["src"])}, .to = {string(vector["dst"])},
		.port = {vector["sport"]}, .result = {result},
		.ignored = {ignored},
		.packet = {string(vector["hex"])},
		.tlvs = {lines(line(tlv) for tlv in vector["expect"])},
		.macs = {lines(vector.get("trailer_macs", []))},
		.keys = {{ {keys or "{ MAC_NONE, NULL, NULL }"} }},
	}},"""


def main():
    with open(sys.argv[1], encoding="utf-8") as file:
        vectors = json.load(file)
    print("static const struct vector vectors[] = {")
    for vector in vectors:
        print(entry(vector))
    print("};")


main()
