"""A program in a terminal: what it shows, and what it leaves behind.

As much of a terminal as a program needs that moves the cursor, clears, and
sets colours.  Whatever else comes is an error, control characters above
all.
"""

import codecs
import fcntl
import os
import pty
import re
import select
import signal
import struct
import subprocess
import termios
import time

from lab import PATIENCE

SEQUENCE = re.compile(r"\x1b\[(\??)([0-9;]*)([A-Za-z])")


class Terminal:
    def __init__(self, argv, rows=24, columns=80, environment=None):
        self.outer, self.inner = pty.openpty()
        self.decoder = codecs.getincrementaldecoder("utf-8")("strict")
        self.text = ""
        self.modes = {"25", "7"}  # cursor shown, as a terminal starts
        self.styles = set()
        self.style = "0"
        self.resize(rows, columns)
        self.before = termios.tcgetattr(self.inner)
        self.process = subprocess.Popen(
            argv, stdin=self.inner, stdout=self.inner, stderr=self.inner,
            start_new_session=True, preexec_fn=lambda: fcntl.ioctl(
                0, termios.TIOCSCTTY, 0),
            env={"PATH": os.environ["PATH"], "TERM": "xterm",
                 "LC_ALL": "C.UTF-8", **(environment or {})})

    def resize(self, rows, columns):
        fcntl.ioctl(self.outer, termios.TIOCSWINSZ,
                    struct.pack("HHHH", rows, columns, 0, 0))
        self.rows, self.columns = rows, columns
        self.clear()
        self.row = self.column = 0

    def clear(self):
        self.cells = [[" "] * self.columns for _ in range(self.rows)]
        self.painted = [["0"] * self.columns for _ in range(self.rows)]

    def type(self, text):
        os.write(self.outer, text.encode())

    def read(self, within=0.05):
        """Take in what is written; False at the end."""
        if not select.select([self.outer], [], [], within)[0]:
            return True
        try:
            data = os.read(self.outer, 65536)
        except OSError:
            return False
        self.text += self.decoder.decode(data)
        self.draw()
        return bool(data)

    def draw(self):
        at = 0
        while at < len(self.text):
            character = self.text[at]
            if character == "\x1b":
                match = SEQUENCE.match(self.text, at)
                if match is None:
                    assert len(self.text) - at < 20, self.text[at:at + 20]
                    break
                self.obey(*match.groups())
                at = match.end()
                continue
            at += 1
            self.write(character)
        self.text = self.text[at:]

    def obey(self, private, numbers, letter):
        if private:
            assert letter in "hl", (numbers, letter)
            (self.modes.add if letter == "h" else self.modes.discard)(numbers)
        elif letter == "H":
            row, column = map(int, numbers.split(";"))
            self.row, self.column = row - 1, column - 1
        elif letter == "J":
            assert numbers == "2"
            self.clear()
        else:
            assert letter == "m", letter
            self.styles.add(numbers)
            self.style = numbers

    def write(self, character):
        if character == "\n":
            self.row += 1
        elif character == "\r":
            self.column = 0
        else:
            assert character.isprintable(), repr(character)
            if self.row < self.rows and self.column < self.columns:
                self.cells[self.row][self.column] = character
                self.painted[self.row][self.column] = self.style
            self.column += 1

    def lines(self):
        return ["".join(row).rstrip() for row in self.cells]

    def reversed_columns(self, row):
        return self.painted[row].count("0;7")

    def __str__(self):
        return "\n".join(self.lines())

    def wait_for(self, condition, within, what):
        """The seconds that it took until the screen is so."""
        began = time.monotonic()
        while not condition(str(self)):
            assert time.monotonic() - began < within * PATIENCE, \
                f"{what}:\n{self}"
            self.read()
        return time.monotonic() - began

    def has_been_given_back(self):
        return self.modes == {"25", "7"} and \
            termios.tcgetattr(self.inner) == self.before

    def end(self):
        if self.process.poll() is None:
            self.process.send_signal(signal.SIGKILL)
            self.process.wait()
        for descriptor in (self.outer, self.inner):
            os.close(descriptor)
