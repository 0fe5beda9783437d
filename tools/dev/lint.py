#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
# ./dev lint [check...] [--all]
# Checks: source (layers, lengths, forbidden calls, …: tools/lint/check_source.py), format
# (clang-format), headers (each compiles alone), cppcheck, tidy (clang-tidy), shell, docs (generated
# pages are up to date). Without a word: all. clang-tidy looks only at files that changed since it
# last found nothing in them, or in anything they include; --all looks at every file again.

import concurrent.futures
import hashlib
import json
import os
import re
import shlex
import shutil
import subprocess
import sys
import time
import traceback

ROOT = os.path.realpath(os.path.join(os.path.dirname(__file__), "..", ".."))
sys.path.insert(0, os.path.join(ROOT, "tools", "lint"))
JOBS = os.cpu_count() or 1
CACHE = os.path.join(ROOT, "build", "lint")
DATABASE = os.path.join(ROOT, "build", "release-clang")


def run(command, text_in=None):
    """Exit status and the output of both streams."""
    done = subprocess.run(command, cwd=ROOT, input=text_in, stdout=subprocess.PIPE, check=False,
                          stderr=subprocess.STDOUT, text=True, errors="replace")
    return done.returncode, done.stdout


def in_parallel(function, items):
    """What the function complains about, over all items."""
    with concurrent.futures.ThreadPoolExecutor(JOBS) as pool:
        return "\n".join(filter(None, pool.map(function, items)))


def files(ending, *folders):
    found = []
    for folder in folders:
        for place, below, names in os.walk(os.path.join(ROOT, folder)):
            below[:] = [name for name in below if name not in ("node_modules", "fixtures")]
            found += [os.path.relpath(os.path.join(place, name), ROOT) for name in names
                      if name.endswith(ending)]
    return sorted(found)


def relative(text):
    return text.replace(ROOT + "/", "")


# --- the checks: each returns its complaints, empty when there are none ----------------------------

def check_source(_everything):
    import check_source as checker
    return "\n".join(f"{path}:{line}: {text}" for path, line, text in checker.check(ROOT))


def check_format(_everything):
    def one(path):
        status, output = run(["clang-format", "--dry-run", "--Werror", path])
        if status == 0:
            return ""
        places = re.findall(r"^(\S+?:\d+):\d+: error", output, re.MULTILINE)
        return f"{(places or [path])[0]}: is not formatted: run ./dev fmt {path}"
    return in_parallel(one, files((".c", ".h"), "src", "tests", "tools"))


def compile_flags():
    """The language and warnings of CMakeLists.txt, so that they stand in one place."""
    with open(os.path.join(ROOT, "CMakeLists.txt"), encoding="utf-8") as file:
        return ["-std=c17", "-D_GNU_SOURCE", "-Isrc", "-Itests",
                *sorted(set(re.findall(r"\s(-W(?!l,)[\w=-]+)", file.read())))]


def check_headers(_everything):
    flags = compile_flags()

    def one(path):
        name = path.split("/", 1)[1]
        for compiler in ("gcc", "clang"):
            status, output = run([compiler, *flags, "-fsyntax-only", "-x", "c", "-"],
                                 f'#include "{name}"\ntypedef int not_empty;\n')
            if status != 0:
                errors = "\n".join(line for line in output.splitlines() if "error" in line)
                return f"{path}:1: does not compile alone ({compiler}): include what it uses\n{errors}"
        return ""
    return in_parallel(one, files(".h", "src"))


def check_cppcheck(_everything):
    """On preprocessed text: cppcheck's own preprocessor does not follow our tables (.def files)."""
    folder = os.path.join(CACHE, "preprocessed")
    shutil.rmtree(folder, ignore_errors=True)
    os.makedirs(folder)

    def one(path):
        text = os.path.join(folder, path.replace("/", "_"))
        status, output = run(["gcc", "-std=c17", "-D_GNU_SOURCE", "-Isrc", "-E", path, "-o", text])
        return output if status != 0 else ""
    broken = in_parallel(one, files(".c", "src"))
    status, output = run(["cppcheck", "--quiet", "--enable=warning,performance,portability",
                          "--std=c11", "--error-exitcode=1", f"-j{JOBS}",
                          "--suppressions-list=tools/lint/cppcheck.txt",
                          "--template={file}:{line}: {message} [{id}]", folder])
    return broken or (output if status != 0 else "")


def configure():
    """Makes the list of compile commands that clang-tidy reads."""
    return run(["bash", "tools/dev/build.sh", "--clang", "--with-tests", "--quiet", "build.ninja"])


def tidy_one(entry, settings, everything):
    """One file through clang-tidy, unless it was clean in exactly this form before."""
    arguments = shlex.split(entry["command"])
    arguments = [word for word in arguments if "ccache" not in word]
    cut = arguments.index("-o")
    source = relative(entry["file"])
    preprocess = arguments[:cut] + arguments[cut + 2:]
    preprocess[preprocess.index("-c")] = "-E"
    done = subprocess.run([*preprocess, "-C"], cwd=entry["directory"], check=False,
                          stdout=subprocess.PIPE, stderr=subprocess.DEVNULL)
    mark = os.path.join(CACHE, "tidy", hashlib.sha256(settings + done.stdout).hexdigest())
    if os.path.exists(mark) and not everything and done.returncode == 0:
        return ""
    status, output = run(["clang-tidy", "-p", DATABASE, "--quiet", entry["file"]])
    if status == 0:
        with open(mark, "w", encoding="utf-8"):
            return ""
    # The places tell enough: without the quoted code.
    lines = [line for line in output.splitlines() if re.match(r"\S+:\d+:\d+: ", line)]
    return relative("\n".join(lines)) or f"{source}: clang-tidy ended with status {status}"


def check_tidy(everything):
    status, output = configure()
    if status != 0:
        return output
    os.makedirs(os.path.join(CACHE, "tidy"), exist_ok=True)
    with open(os.path.join(DATABASE, "compile_commands.json"), encoding="utf-8") as file:
        entries = [entry for entry in json.load(file)
                   if relative(entry["file"]).startswith(("src/", "tests/"))]
    settings = b""
    for path in (".clang-tidy", "tests/.clang-tidy"):
        with open(os.path.join(ROOT, path), "rb") as file:
            settings += file.read()
    unique = {entry["file"]: entry for entry in entries}
    output = in_parallel(lambda entry: tidy_one(entry, settings, everything), unique.values())
    # A finding and the notes that explain it; one in a header comes from every file that includes it.
    findings = re.split(r"\n(?=\S+ error: )", output)
    return "\n".join({finding.split("\n")[0]: finding for finding in findings}.values())


def check_shell(_everything):
    scripts = ["dev", ".ci/run", *files(".sh", "tools", "tests")]
    return in_parallel(lambda path: run(["bash", "-n", path])[1], scripts)


def check_docs(_everything):
    status, output = run(["bash", "tools/dev/docs.sh", "--check"])
    return output if status != 0 else ""


CHECKS = {
    "source": check_source,
    "format": check_format,
    "headers": check_headers,
    "cppcheck": check_cppcheck,
    "tidy": check_tidy,
    "shell": check_shell,
    "docs": check_docs,
}


def run_all(names=None, everything=False):
    """(name, complaints, seconds) of each check, one after the other."""
    for name in names or CHECKS:
        start = time.monotonic()
        try:
            complaints = CHECKS[name](everything).strip()
        except Exception:  # a check that cannot work has not found the code good
            complaints = traceback.format_exc()
        yield name, complaints, time.monotonic() - start


def main():
    names = [word for word in sys.argv[1:] if word != "--all"]
    if set(names) - set(CHECKS):
        print("usage: ./dev lint [" + "|".join(CHECKS) + "]… [--all]", file=sys.stderr)
        return 2
    failed = 0
    for name, complaints, seconds in run_all(names, "--all" in sys.argv):
        if complaints:
            failed += 1
            print(complaints)
        print(f"{name:<16} {'FAILED' if complaints else 'ok':<40} {seconds:6.1f} s", flush=True)
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
