"""Every word of the configuration: what it takes, and what it refuses, with
a message that names the place.

The words with their values are in words.py.  What they do is shown by
test_configuration_effects.py, test_configuration_filters.py and
test_privilege.py, whose tests
say of which words they show the effect: no word may be left over, and none
may be there that the sources do not know.
"""

import os
import re

import pytest

import lab as laboratory
import test_configuration_effects		# noqa: F401  what they show
import test_configuration_filters		# noqa: F401
import test_privilege				# noqa: F401
import words
from daemons import CHECKOUT, OURS, Babeld
from effects import SHOWN, check, shows


def with_right_value(word):
    return [word.line.format(value) for value in word.right]


@pytest.mark.covers("Q39")
@pytest.mark.parametrize("word", words.ALL, ids=str)
def test_right_values_are_taken(word, tmp_path):
    path = tmp_path / "babeld.conf"
    for line in with_right_value(word):
        path.write_text(line + "\n")
        accepted, errors, _ = check("-c", str(path), "eth0")
        assert accepted and not errors, (line, errors)


@pytest.mark.covers("Q42")
@pytest.mark.parametrize(
    "word", [word for word in words.ALL if word.wrong], ids=str)
def test_wrong_values_are_refused_where_they_stand(word, tmp_path):
    path = tmp_path / "babeld.conf"
    for value in word.wrong:
        text = word.line.format(value)
        path.write_text(text + "\n")
        accepted, errors, _ = check("-c", str(path), "eth0")
        assert not accepted and len(errors) == 1, (text, errors)
        place = re.fullmatch(
            rf"babeld: {re.escape(str(path))}:(\d+):(\d+): .*: .+", errors[0])
        assert place, errors
        # Somewhere from the value on; a value may be several words.
        before = word.line.partition("{}")[0]
        assert int(place[1]) == before.count("\n") + 1
        at = len(before) - before.rfind("\n")
        assert int(place[2]) >= at or "value" in errors[0] or \
            word.word == "id", errors


@pytest.mark.parametrize("word", words.OPTIONS + words.PARAMETERS, ids=str)
def test_a_value_must_be_there(word, tmp_path):
    path = tmp_path / "babeld.conf"
    text = word.line.replace("{}", "").rstrip()
    path.write_text(text + "\n")
    accepted, errors, _ = check("-c", str(path), "eth0")
    assert not accepted
    assert re.fullmatch(r"babeld: \S+:\d+:\d+: end of line: expected .+",
                        errors[0])


@pytest.mark.parametrize("word", words.OPTIONS, ids=str)
def test_nothing_may_follow_the_value_of_an_option(word, tmp_path):
    path = tmp_path / "babeld.conf"
    path.write_text(word.line.format(word.right[0]) + " more # of it\n")
    accepted, errors, _ = check("-c", str(path), "eth0")
    assert not accepted and "more: expected the end of the line" in errors[0]
    path.write_text(word.line.format(word.right[0]) + "\t# and no more\r\n")
    assert check("-c", str(path), "eth0")[0]


@shows(*(word.word for word in words.OBSOLETE))
@pytest.mark.parametrize("word", words.OBSOLETE, ids=str)
def test_obsolete_words_are_told_of_once(word, tmp_path):
    path = tmp_path / "babeld.conf"
    path.write_text(2 * (with_right_value(word)[0] + "\n"))
    accepted, _, warnings = check("-c", str(path), "eth0")
    assert accepted and len(warnings) == 1
    assert warnings[0].endswith(
        f": warning: {word.word}: is obsolete and does nothing"), warnings


@pytest.fixture(scope="module")
def socket_of_one():
    """A connection to a daemon that runs on nothing that exists."""
    with laboratory.Lab() as made:
        router = made.router("dut")
        made.build()
        daemon = Babeld(router, OURS, interfaces=["nope0"]).start()
        with daemon.control() as control:
            yield control
        assert daemon.terminate() == 0


@pytest.mark.parametrize("word", words.OPTIONS, ids=str)
def test_which_options_may_change_while_running(word, socket_of_one):
    line = word.line.format(word.right[0])
    if word.word == "log-file":
        line = "log-file /dev/null"
    answer = "ok" if word.word in words.RUN_TIME else "bad"
    assert socket_of_one.request(line) == [answer]
    assert socket_of_one.request(word.line.format(word.wrong[0])) == ["bad"]


def words_of_the_sources():
    found = set()
    for file, pattern in (
            ("config/field.c", r'^\t{ "([a-z][a-z0-9-]+)", FIELD_'),
            ("config/field.c", r'^\tSETTING\("([a-z0-9-]+)"'),
            ("config/directive.c", r'^\t{ "([a-z-]+)", '),
            ("config/key.c", r'strcmp\(word, "([a-z]+)"\)'),
            ("config/key.c", r'^\t{ "([a-z-]+)", '),
            ("config/filter_rule.c", r'^\t{ "([a-z-]+)", read'),
            ("config/filter_rule.c", r'strcmp\(s->word.text, "([a-z]+)"\)')):
        with open(os.path.join(CHECKOUT, file)) as stream:
            text = stream.read()
        here = re.findall(pattern, text, re.MULTILINE)
        assert here, (file, pattern)
        found.update(here)
    return found | {"key", "wired"}


def test_no_word_is_forgotten():
    known = {word.word for word in words.ALL} | set(words.REQUESTS)
    assert words_of_the_sources() | set(words.REQUESTS) == known
    assert known - SHOWN == set()
