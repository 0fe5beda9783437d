#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
# The rules of this house that no compiler knows: who may include whom, how long files and functions
# may be, what must not be called where, what stands at the top of a file, that each source has its
# test. Prints "file:line: what, and what to do instead" for every breach; exit status 1 if any.
# Exceptions are lines of tools/lint/allowed.txt, which complains about lines it no longer needs.
# usage: check_source.py [root]

import os
import re
import sys

# Folder of src/ -> whose headers it may include. The same table stands in CMakeLists.txt, for linking.
LAYERS = {
    "base": set(),
    "mysql": {"base"},
    "auth": {"mysql", "base"},
    "pool": {"base"},
    "net": {"base"},
    "conf": {"base"},
    "stats": {"base"},
    "session": {"net", "mysql", "auth", "pool", "conf", "stats", "base"},
    "console": {"session", "net", "mysql", "auth", "pool", "conf", "stats", "base"},
    "doctor": {"conf", "base"},
}
LAYERS["main"] = set(LAYERS)

PURE = {"mysql", "auth", "pool"}
TESTED = PURE | {"base", "net", "conf"}
# Above net, descriptors are somebody else's business.
WITHOUT_DESCRIPTORS = PURE | {"session", "console"}

FILE_LINES_MAX = 600
FUNCTION_LINES_MAX = 60

# Function names -> what to do instead. Each rule: the folders of src/ where it holds (None: all of
# src/ and tests/), the names, the advice.
CALLS = [
    (None, "strcpy strcat strncat stpcpy", "use text_copy or a struct writer: they know the size"),
    (None, "sprintf vsprintf", "use snprintf"),
    (None, "strtok", "use a struct reader, or strtok_r"),
    (None, "atoi atol atoll", "use text_parse_u64: it notices what is not a number"),
    (None, "gets", "use fgets"),
    (None, "system popen", "no shell: posix_spawn with a list of arguments, or do it in the script"),
    (None, "alloca", "the stack has no limit check: use a fixed array or the heap"),
    (None, "gethostbyname getservbyname", "blocks and is not thread-safe: ask net/resolver"),
    (None, "rand random srand", "use base/random.h: seeded and repeatable"),
    (set(LAYERS) - {"net"},
     "socket connect accept accept4 bind listen recv recvfrom recvmsg send sendto sendmsg shutdown "
     "setsockopt getsockopt epoll_create1 epoll_ctl epoll_wait getaddrinfo",
     "sockets belong to net/: use stream, listener, socket or resolver"),
    (PURE | {"console"}, "close open", "descriptors belong to net/ and session/, files to conf/ and main/"),
    (WITHOUT_DESCRIPTORS, "read write readv writev poll ppoll select",
     "descriptors belong to net/, files to conf/ and main/"),
    ({"session", "console", "net"}, "sleep usleep nanosleep", "nothing blocks in a loop: set a loop_timer"),
    (PURE, "malloc calloc realloc free strdup strndup asprintf vasprintf",
     "a pure layer owns no memory: the caller provides it"),
    (PURE, "printf fprintf puts fputs perror log_write log_error log_warning log_note log_debug",
     "a pure layer says nothing: return a verdict and let session/ speak"),
    (PURE, "clock_now clock_wall clock_gettime gettimeofday time",
     "a pure layer has no clock: take `usec_t now` as an argument"),
    (PURE, "random_bytes getrandom", "a pure layer draws no randomness: take the bytes as an argument"),
]
PREFIXES = [(PURE, "pthread_", "a pure layer has no threads and no locks: its caller holds the lock")]
PURE_HEADERS = {
    "pthread.h", "sys/socket.h", "netinet/in.h", "sys/epoll.h", "unistd.h", "threads.h",
    "base/log.h", "base/thread.h", "base/slab.h",
}

LEFTOVER = re.compile(r"\b(TO" r"DO|FIX" r"ME|XX" r"X)\b")
MACHINE_PATH = re.compile(r"(?<![\w./-])/(?:root|home/\w+|wor" r"k)/")
TEXT_ENDINGS = (".c", ".h", ".def", ".py", ".sh", ".txt", ".md", ".cmake", ".cnf")
CODE_ENDINGS = (".c", ".h", ".py", ".sh")


class Source:
    """A file: its text, and the same text with comments and literals blanked out."""

    def __init__(self, root, path):
        self.path = path
        with open(os.path.join(root, path), encoding="utf-8", errors="replace") as file:
            self.text = file.read()
        self.lines = self.text.split("\n")
        if self.lines[-1] == "":
            self.lines.pop()
        self.is_c = path.endswith((".c", ".h"))
        self.code = blank(self.text).split("\n") if self.is_c else []
        parts = path.split("/")
        self.layer = parts[1] if parts[0] == "src" and len(parts) > 2 else None
        self.name = parts[-1]


def blank(text):
    """Comments, strings and character constants as spaces; line ends stay where they are. The file
    names of #include lines stay too."""
    def spaces(match):
        return re.sub(r"[^\n]", " ", match.group(0))

    pattern = r'^[ \t]*#[ \t]*include[^\n]*|/\*.*?\*/|//[^\n]*|"(?:\\.|[^"\\\n])*"|\'(?:\\.|[^\'\\\n])*\''
    return re.sub(pattern, lambda m: m.group(0) if "include" in m.group(0)[:20] and
                  m.group(0).lstrip().startswith("#") else spaces(m), text,
                  flags=re.DOTALL | re.MULTILINE)


# --- the rules: each yields (rule, subject, line, complaint); subject and rule are what allowed.txt
# --- names -----------------------------------------------------------------------------------------

def check_includes(source, known):
    """Who includes whom, and in which order."""
    first = True
    for number, line in enumerate(source.code, 1):
        match = re.match(r'\s*#\s*include\s+(?:"([^"]+)"|<([^>]+)>)', line)
        if not match:
            continue
        ours, system = match.groups()
        if source.layer in PURE and (ours or system) in PURE_HEADERS:
            yield ("include", source.path, number,
                   f"{source.layer}/ is pure and includes {ours or system}: leave I/O, locks, logs "
                   "and memory to session/ and net/")
        if ours and source.layer:
            yield from check_include(source, ours, number, first, known)
        first = False


def check_include(source, ours, number, first, known):
    target = ours.split("/")[0]
    if "/" not in ours:
        yield ("include", source.path, number,
               f'"{ours}" is not written from src/: say "{source.layer}/{ours}"')
    elif target not in LAYERS:
        yield ("include", source.path, number, f"{target}/ is no layer: the layers are in design and "
               "tools/lint/check_source.py")
    elif target != source.layer and target not in LAYERS.get(source.layer, set()):
        allowed = " ".join(sorted(LAYERS.get(source.layer, set()))) or "nothing but itself"
        yield ("include", source.path, number,
               f"{source.layer}/ may not know {target}/ (it may include: {allowed}); pass what is "
               "needed as an argument or move the code up")
    own = source.path[len("src/"):-2] + ".h"
    if first and source.path.endswith(".c") and "src/" + own in known and ours != own:
        yield ("include", source.path, number, f'the own header comes first: #include "{own}"')


def check_first_include(source, known):
    """A file whose first include is a system header has its own header in the wrong place."""
    own = source.path[len("src/"):-2] + ".h"
    if not source.layer or not source.path.endswith(".c") or "src/" + own not in known:
        return
    for number, line in enumerate(source.code, 1):
        if re.match(r"\s*#\s*include", line):
            if re.match(r"\s*#\s*include\s+<", line):
                yield ("include", source.path, number,
                       f'the own header comes first: #include "{own}"')
            return


def check_calls(source, _known):
    """What must not be called, here or anywhere."""
    rules = []
    for folders, names, advice in CALLS:
        if folders is None or source.layer in folders:
            rules.append((re.compile(r"(?<![\w.>])(" + "|".join(names.split()) + r")\s*\("), advice))
    for folders, prefix, advice in PREFIXES:
        if source.layer in folders:
            rules.append((re.compile(rf"\b({prefix}\w+)"), advice))
    for number, line in enumerate(source.code, 1):
        for pattern, advice in rules:
            for match in pattern.finditer(line):
                yield ("call", f"{source.path}:{match.group(1)}", number,
                       f"{match.group(1)}() is not for here: {advice}")


def check_globals(source, _known):
    """A pure layer keeps nothing between calls."""
    if source.layer not in PURE:
        return
    for number, line in enumerate(source.code, 1):
        match = re.match(r"\s*(?:static|_Thread_local|static _Thread_local)\s+(?!inline|_Thread_local)"
                         r"(?!(?:\w+\s+)*const\b)[\w\s*]*?(\w+)\s*(?:\[[^\]]*\]\s*)*(?:=|;)", line)
        if match:
            yield ("global", f"{source.path}:{match.group(1)}", number,
                   f"{match.group(1)} is state that outlives the call: make it const, or a member of "
                   "the caller's struct")


def check_file_length(source, _known):
    if source.path.endswith(CODE_ENDINGS) and len(source.lines) > FILE_LINES_MAX:
        yield ("file-length", source.path, len(source.lines),
               f"{len(source.lines)} lines, more than {FILE_LINES_MAX}: split it by what it is about")


def functions_of(source):
    """(name, first line, number of lines) of each function; the formatter puts the braces of
    functions, and of nothing else, in column one on a line of their own."""
    start = None
    for number, line in enumerate(source.code, 1):
        if line.rstrip() == "{":
            start = number
        elif line.startswith("}") and start:
            first = start - 1
            while first > 1 and source.code[first - 1].startswith((" ", "\t")):
                first -= 1
            signature = " ".join(source.code[first - 1:start - 1])
            match = re.search(r"(\w+)\s*\(", signature)
            yield (match.group(1) if match else "?", first, number - first + 1)
            start = None


def check_function_length(source, _known):
    for name, first, length in functions_of(source):
        if length > FUNCTION_LINES_MAX:
            yield ("function-length", f"{source.path}:{name}", first,
                   f"{name} has {length} lines, more than {FUNCTION_LINES_MAX}: give its parts names")


def check_top(source, _known):
    """The licence, and what the file is for."""
    if source.path.endswith(".def"):
        if not source.text.startswith("/* "):
            yield ("top", source.path, 1, "a table begins with a comment that says what a row is")
    elif source.path.endswith((".c", ".h")):
        if not source.lines or source.lines[0] != "/* SPDX-License-Identifier: Apache-2.0":
            yield ("top", source.path, 1, "the first line is: /* SPDX-License-Identifier: Apache-2.0")
        elif len(source.lines) < 2 or not re.match(r" \* \S.{9,}", source.lines[1]):
            yield ("top", source.path, 2, "say in the same comment what the file is for")
    elif source.path.endswith((".py", ".sh")) and not any(
            line == "# SPDX-License-Identifier: Apache-2.0" for line in source.lines[:2]):
        yield ("top", source.path, 1, "one of the first two lines is: # SPDX-License-Identifier: Apache-2.0")


def check_guard(source, _known):
    if not source.path.endswith(".h") or not source.layer:
        return
    guard = "WEIR_" + re.sub(r"\W", "_", source.path[len("src/"):]).upper()
    if f"#ifndef {guard}" not in source.text:
        yield ("guard", source.path, 1, f"the include guard is {guard}")


def check_words(source, _known):
    """What must not stand in any file."""
    for number, line in enumerate(source.lines, 1):
        match = LEFTOVER.search(line)
        if match:
            yield ("leftover", source.path, number,
                   f"{match.group(1)}: do it now, or write down an issue and leave no note here")
        if MACHINE_PATH.search(line):
            yield ("path", source.path, number, "the path of somebody's machine: say it relative to "
                   "the repository or ask the environment")


def check_has_test(source, known):
    """A file without a header of its own is a part of a module (pool_sweep.c of pool.h) and may share
    the module's tests."""
    if source.layer not in TESTED or not source.path.endswith(".c"):
        return
    words = source.name[:-2].split("_")
    if source.path[:-2] + ".h" in known:
        stems = ["_".join(words)]
    else:
        stems = ["_".join(words[:count]) for count in range(len(words), 0, -1)]
    tests = [f"tests/unit/{source.layer}/test_{stem}.c" for stem in stems]
    if not any(test in known for test in tests):
        yield ("no-test", source.path, 1, f"there is no {tests[0]}: each file of {source.layer}/ has "
               "its tests in the mirrored place")


RULES = [check_includes, check_first_include, check_calls, check_globals, check_file_length,
         check_function_length, check_top, check_guard, check_words, check_has_test]


# --- exceptions ------------------------------------------------------------------------------------

class Allowed:
    """tools/lint/allowed.txt: lines "rule subject  why"."""

    PATH = "tools/lint/allowed.txt"

    def __init__(self, root):
        self.entries = {}  # (rule, subject) -> line
        self.used = set()
        self.wrong = []
        path = os.path.join(root, self.PATH)
        if not os.path.exists(path):
            return
        with open(path, encoding="utf-8") as file:
            for number, line in enumerate(file, 1):
                words = line.split(None, 2)
                if not words or words[0].startswith("#"):
                    continue
                if len(words) < 3:
                    self.wrong.append((number, 'a line is "rule file[:name] why"; the why is missing'))
                else:
                    self.entries[words[0], words[1]] = number

    def covers(self, rule, subject):
        if (rule, subject) not in self.entries:
            return False
        self.used.add((rule, subject))
        return True

    def complaints(self):
        yield from ((self.PATH, number, text) for number, text in self.wrong)
        for key, number in self.entries.items():
            if key not in self.used:
                yield (self.PATH, number, f"'{key[0]} {key[1]}' is no longer needed: take the line out")


# --- the whole -------------------------------------------------------------------------------------

def files_of(root):
    """Our text files, relative to the root: src, tests, tools, docs and the files beside them."""
    found = []
    for folder in ("src", "tests", "tools", "docs"):
        for place, folders, names in os.walk(os.path.join(root, folder)):
            folders[:] = [name for name in folders
                          if name not in ("fixtures", "corpus", "__pycache__", "node_modules")]
            for name in names:
                if name.endswith(TEXT_ENDINGS):
                    found.append(os.path.relpath(os.path.join(place, name), root))
    found += [name for name in os.listdir(root)
              if name.endswith(TEXT_ENDINGS) and os.path.isfile(os.path.join(root, name))]
    return sorted(found)


def check(root):
    """All breaches as (file, line, complaint), in order."""
    paths = files_of(root)
    known = set(paths)
    allowed = Allowed(root)
    breaches = []
    for path in paths:
        source = Source(root, path)
        for rule in RULES:
            for name, subject, line, complaint in rule(source, known):
                if not allowed.covers(name, subject):
                    breaches.append((path, line, f"{complaint} [{name}]"))
    breaches += allowed.complaints()
    return sorted(set(breaches))


def main():
    root = sys.argv[1] if len(sys.argv) > 1 else os.path.join(os.path.dirname(__file__), "..", "..")
    breaches = check(os.path.realpath(root))
    for path, line, complaint in breaches:
        print(f"{path}:{line}: {complaint}")
    return 1 if breaches else 0


if __name__ == "__main__":
    sys.exit(main())
