"""What the Makefile promises to those who build and install packages."""

import os
import re
import subprocess

import pytest

from daemons import CHECKOUT, CTL, OURS

FIRST_OBJECT = "util.o"


def make(*arguments, **environment):
    """make's output, in an environment without variables of ours."""
    plain = {name: value for name, value in os.environ.items()
             if not name.startswith(("MAKE", "MFLAGS", "CFLAGS", "CONFIG"))}
    return subprocess.run(
        ["make", "-C", CHECKOUT, *arguments], env={**plain, **environment},
        stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT, text=True, check=False)


def compilation(out, *arguments, **environment):
    """The command that would compile the first object of the engine."""
    run = make("-n", "V=1", f"OUT={out}", *arguments, f"{out}/{FIRST_OBJECT}",
               **environment)
    return re.search(r"^\S.* -c -o .*$", run.stdout, re.M)[0].split()


def test_flags_of_the_environment_are_added_to(tmp_path):
    """Hardening, as a distribution asks for it, and what we need."""
    words = compilation(tmp_path, CFLAGS="-O1 -fstack-protector-strong",
                        CPPFLAGS="-D_FORTIFY_SOURCE=2")
    for word in ("-O1", "-fstack-protector-strong", "-D_FORTIFY_SOURCE=2",
                 "-std=c11", "-D_FILE_OFFSET_BITS=64", "-D_TIME_BITS=64"):
        assert word in words
    assert "-O2" not in words


def test_flags_of_the_command_line_are_added_to(tmp_path):
    words = compilation(tmp_path, "CFLAGS=-Os", CFLAGS="-O1")
    assert "-Os" in words and "-std=c11" in words and "-O1" not in words


def test_objects_for_link_time_optimisation_serve_tests_too(tmp_path):
    assert "-ffat-lto-objects" in compilation(
        tmp_path, CFLAGS="-O2 -flto=auto")
    assert "-ffat-lto-objects" not in compilation(tmp_path)


@pytest.mark.parametrize("source, header", [
    ("util", "include/util.h"), ("kernel/dump", "kernel/dump.h"),
    ("tests/unit/test_util", "tests/unit/unit.h")])
def test_a_changed_header_compiles_anew(tmp_path, source, header):
    """In whatever folder the source is."""
    goal = [f"OUT={tmp_path}", f"{tmp_path}/{source}.o"]
    assert "CC" in make(*goal).stdout
    assert "CC" not in make(*goal).stdout
    assert "CC" in make("-W", header, *goal).stdout


def test_installing_what_was_never_built_fails(tmp_path):
    run = make("install", f"OUT={tmp_path}/out", f"DESTDIR={tmp_path}/root")
    assert run.returncode != 0
    assert f"there is no {tmp_path}/out/babeld; run make first" in run.stdout
    assert not (tmp_path / "root").exists()


PROGRAMS = {"babeld", "babelctl"}


@pytest.mark.parametrize("flags", ["", "CFLAGS=-Os"])
def test_installing_compiles_nothing(tmp_path, flags):
    """The very programs that were built, whatever the flags are now."""
    out, root = tmp_path / "out", tmp_path / "root"
    out.mkdir()
    for name in PROGRAMS:
        (out / name).write_text(f"#!/bin/sh\necho {name} built before\n")
        (out / name).chmod(0o755)
    run = make("install", f"OUT={out}", f"DESTDIR={root}", "PREFIX=/usr",
               *flags.split())
    assert run.returncode == 0, run.stdout
    for name in PROGRAMS:
        assert (root / "usr/bin" / name).read_bytes() == \
            (out / name).read_bytes()
    assert {path.name for path in out.iterdir()} == PROGRAMS
    for page in ("man8/babeld.8", "man1/babelctl.1",
                 "man5/babeld.conf.5", "man7/babel-socket.7"):
        assert (root / "usr/share/man" / page).exists()


def test_few_libraries_are_needed():
    """Small flash has no room for more."""
    run = subprocess.run(
        ["tests/cross/size", os.path.dirname(OURS)], cwd=CHECKOUT,
        check=True, stdout=subprocess.PIPE, text=True)
    print(run.stdout)
    needs = re.findall(r"^needs (lib\w+)\.so", run.stdout, re.M)
    assert "libmnl" in needs
    assert set(needs) <= {"libmnl", "libmd", "libbsd", "libc"}


def test_one_version():
    """What changed last is what the program says it is."""
    with open(os.path.join(CHECKOUT, "VERSION")) as stream:
        version = stream.read().strip()
    with open(os.path.join(CHECKOUT, "CHANGES")) as stream:
        assert stream.readline().split()[0] == version
    for program in OURS, CTL:
        run = subprocess.run([program, "-V"], check=True, text=True,
                             stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
        assert version in run.stdout.split()[-1]


def test_source_archives_are_the_same_each_time(tmp_path):
    """Whatever the umask of who makes them, and the time."""
    if not os.path.exists(os.path.join(CHECKOUT, ".git")):
        pytest.skip("not a clone")
    archives = []
    for mask in (0o022, 0o077):
        old = os.umask(mask)
        try:
            run = make("dist", f"DISTDIR={tmp_path}")
        finally:
            os.umask(old)
        assert run.returncode == 0, run.stdout
        [path] = tmp_path.glob("babeld-*.tar.gz")
        archives.append(path.read_bytes())
    assert archives[0] == archives[1]
