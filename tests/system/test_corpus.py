"""Files of real users: what the manual lets pass is accepted, what it does
not is refused where it is wrong; another babeld agrees, and does the same.

The files are not ours to keep.  They are found through BABEL_CORPUS, by
default in shared/corpus beside the checkout; corpus.json tells of each its
arguments and what the manual demands.
"""

import json
import os
import re
import subprocess

import pytest

from daemons import CHECKOUT, OURS
from twins import sample
from verdict import peer_accepts

CORPUS = os.environ.get("BABEL_CORPUS", os.path.normpath(
    os.path.join(CHECKOUT, "..", "shared", "corpus")))
PLACE = re.compile(r"babeld: (?P<file>.+?):(?P<line>\d+):(?P<column>\d+): "
                   r"(?P<warning>warning: )?(?P<word>.+?): (?P<what>.+)")
WORDS_OF_OLD = ("diversity", "diversity-factor", "channel", "faraway")

# Where the other babeld says otherwise, and why it is not to be followed.
DIFFERENCES = {
    "vyatta-plain": "1.12 dies of an assertion at allow-duplicates, which "
                    "the manual documents",
    "vyatta-full": "1.12 does not know first-rule-priority, which the manual "
                   "documents, nor its companion first-table-number",
    "nodewatcher-firsttable": "1.12 does not know first-table-number, the "
                              "companion of first-rule-priority",
}


def entries():
    try:
        with open(os.path.join(CORPUS, "corpus.json"),
                  encoding="utf-8") as file:
            return json.load(file)
    except FileNotFoundError:
        reason = f"no corpus in {CORPUS}: set BABEL_CORPUS"
        return [pytest.param(None, marks=pytest.mark.skip(reason=reason))]


def name(entry):
    return entry["name"] if entry else "absent"


def check(entry):
    path = os.path.join(CORPUS, entry["file"])
    run = subprocess.run([OURS, "--check", "-c", path, *entry["args"]],
                         capture_output=True, text=True, timeout=20)
    assert run.returncode in (0, 1), run
    assert run.stdout == ""
    messages = [message for message in run.stderr.splitlines()
                if not is_about(message, entry["args"])]
    return path, run.returncode == 0, messages


def is_about(message, arguments):
    """A warning of one of the arguments, which have no place in the file.
    (Gluon runs on an interface whose name is too long to exist.)"""
    return any(message.startswith(f"babeld: warning: {argument}: ")
               for argument in arguments)


def assert_place(path, message):
    """The message names the file, and a word that stands at the place."""
    match = PLACE.fullmatch(message)
    assert match and match["file"] == path, message
    with open(path, encoding="utf-8") as file:
        line = file.read().split("\n")[int(match["line"]) - 1]
    rest = line[int(match["column"]) - 1:]
    if match["word"] == "end of line":
        assert rest == "" or rest[0] == "#", message
    else:
        assert rest.startswith(match["word"]), message
    return match


@pytest.mark.parametrize("entry", entries(), ids=name)
def test_verdict(entry):
    path, accepted, messages = check(entry)
    matches = [assert_place(path, message) for message in messages]
    errors = [match for match in matches if not match["warning"]]
    if entry["man"] == "accept":
        assert accepted and not errors, messages
    elif entry["man"] == "reject":
        assert not accepted and errors, messages
        assert all("expected" in match["what"] for match in errors)
    else:
        # Words that once meant something: taken, and told of once.
        assert accepted, messages
        words = [match["word"] for match in matches]
        assert set(words) <= set(WORDS_OF_OLD), messages
        assert len(words) == len(set(words)), messages


@pytest.mark.peer_babeld
@pytest.mark.parametrize("entry", entries(), ids=name)
def test_as_the_other(entry, tmp_path):
    path, accepted, messages = check(entry)
    agreed = accepted == peer_accepts(["-c", path], tmp_path)
    assert agreed != (entry["name"] in DIFFERENCES), messages


def accepted_by_both():
    found = entries()
    if not isinstance(found[0], dict):
        return found			# it is absent, and that is told
    return sample([(entry,) for entry in found if entry["man"] != "reject"
                   and entry["name"] not in DIFFERENCES])


@pytest.mark.peer_babeld
@pytest.mark.parametrize("entry", accepted_by_both(), ids=name)
def test_what_is_exported(entry, twins):
    path = os.path.join(CORPUS, entry["file"])
    with open(path, encoding="utf-8") as file:
        text = file.read()
    assert twins.compare(text, ["-c", path, *entry["args"]])
