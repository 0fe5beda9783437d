# SPDX-License-Identifier: Apache-2.0
"""Each rule of tools/lint/check_source.py finds its breach, and leaves sound code alone."""

import os
import sys

import pytest

sys.path.insert(0, os.path.join(os.path.dirname(__file__), "..", "..", "tools", "lint"))
import check_source  # noqa: E402

TOP = "/* SPDX-License-Identifier: Apache-2.0\n * What this file is for. */\n"


@pytest.fixture
def tree(tmp_path):
    """A small source tree; call it with path=text pairs, get the complaints as lines of text."""
    def check(files, allowed=""):
        for path, text in {**files, "tools/lint/allowed.txt": allowed}.items():
            file = tmp_path / path
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_text(text)
        return [f"{path}:{line}: {text}" for path, line, text in check_source.check(str(tmp_path))]
    return check


def header(path, body=""):
    guard = "WEIR_" + path[4:].replace("/", "_").replace(".", "_").upper()
    return f"{TOP}#ifndef {guard}\n#define {guard}\n{body}\n#endif\n"


def source(body):
    return TOP + body


def only(complaints, words):
    assert len(complaints) == 1, complaints
    assert words in complaints[0]


def test_sound_code_passes(tree):
    assert tree({
        "src/mysql/frame.h": header("src/mysql/frame.h", '#include "base/bytes.h"'),
        "src/mysql/frame.c": source('#include "mysql/frame.h"\n#include <string.h>\n'
                                    "static const int table[] = {1};\n"
                                    "/* free(x), printf and strcpy are only mentioned */\n"
                                    'const char *name = "malloc(3)";\n'
                                    "void pool_free(void);\n"),
        "tests/unit/mysql/test_frame.c": source("int main(void)\n{\n    return 0;\n}\n"),
    }) == []


@pytest.mark.parametrize("layer, included, complains", [
    ("base", "mysql/frame.h", True),
    ("pool", "mysql/frame.h", True),
    ("net", "mysql/frame.h", True),
    ("conf", "stats/counters.h", True),
    ("stats", "conf/config.h", True),
    ("mysql", "auth/auth_method.h", True),
    ("session", "console/console.h", True),
    ("session", "net/stream.h", False),
    ("auth", "mysql/frame.h", False),
    ("console", "net/stream.h", False),
    ("console", "main/worker.h", True),
    ("main", "console/console.h", False),
])
def test_layers_include_only_what_stands_below(tree, layer, included, complains):
    path = f"src/{layer}/thing.h"
    complaints = tree({path: header(path, f'#include "{included}"')})
    if complains:
        only(complaints, f"{layer}/ may not know {included.split('/')[0]}/")
    else:
        assert complaints == []


def test_a_pure_layer_includes_no_sockets(tree):
    path = "src/mysql/frame.h"
    only(tree({path: header(path, "#include <sys/socket.h>")}), "mysql/ is pure")


def test_includes_are_written_from_src(tree):
    path = "src/session/client.h"
    only(tree({path: header(path, '#include "link.h"')}), 'say "session/link.h"')


@pytest.mark.parametrize("first", ['"base/bytes.h"', "<stdio.h>"])
def test_the_own_header_comes_first(tree, first):
    only(tree({
        "src/session/client.h": header("src/session/client.h"),
        "src/session/client.c": source(f'#include {first}\n#include "session/client.h"\n'),
    }), "the own header comes first")


@pytest.mark.parametrize("path, call, complains", [
    ("src/base/text.h", "strcpy(a, b)", True),
    ("src/base/text.h", "sprintf(a, b)", True),
    ("src/base/text.h", "x = atoi(b)", True),
    ("src/base/text.h", "snprintf(a, 3, b)", False),
    ("tests/support/help.h", "strcat(a, b)", True),
    ("src/session/client.h", "recv(fd, a, 3, 0)", True),
    ("src/session/client.h", "s->transport->send(fd)", False),
    ("src/net/stream.h", "recv(fd, a, 3, 0)", False),
    ("src/session/client.h", "read(fd, a, 3)", True),
    ("src/base/log.h", "write(2, a, 3)", False),
    ("src/net/loop.h", "usleep(3)", True),
    ("src/mysql/frame.h", "p = malloc(3)", True),
    ("src/conf/config.h", "p = malloc(3)", False),
    ("src/pool/pool.h", "pthread_mutex_lock(&m)", True),
    ("src/pool/pool.h", "now = clock_now()", True),
    ("src/auth/native.h", "time(NULL)", True),
    ("src/auth/native.h", "log_note(a, b)", True),
])
def test_forbidden_calls(tree, path, call, complains):
    text = header(path, f"static inline void f(void)\n{{\n    {call};\n}}")
    complaints = [line for line in tree({path: text}) if "[call]" in line]
    assert bool(complaints) == complains, complaints


@pytest.mark.parametrize("line, complains", [
    ("static int counter;", True),
    ("static struct pool *pools[4] = {0};", True),
    ("static _Thread_local int depth;", True),
    ("    static int calls = 0;", True),
    ("static const int limits[] = {1, 2};", False),
    ("static const struct row rows[] = {", False),
    ("static struct row *find(int x);", False),
    ("static inline int one(void)", False),
])
def test_a_pure_layer_keeps_no_state(tree, line, complains):
    path = "src/mysql/frame.h"
    complaints = [text for text in tree({path: header(path, line)}) if "[global]" in text]
    assert bool(complaints) == complains


def test_long_files_and_functions(tree):
    body = "int long_one(int a,\n             int b)\n{\n" + "    a++;\n" * 56 + "}\n"
    assert tree({"src/session/a.c": source(body)}) == []
    longer = body.replace("{\n", "{\n    b++;\n")
    only(tree({"src/session/a.c": source(longer)}), "long_one has 61 lines, more than 60")
    only(tree({"src/session/a.c": source("int a;\n" * 599)}), "601 lines, more than 600")


def test_the_top_of_a_file(tree):
    only(tree({"src/session/a.c": "int a;\n"}), "the first line is")
    only(tree({"src/session/a.c": "/* SPDX-License-Identifier: Apache-2.0 */\nint a;\n"}),
         "the first line is")
    only(tree({"src/session/a.c": "/* SPDX-License-Identifier: Apache-2.0\n */\nint a;\n"}),
         "what the file is for")
    only(tree({"src/session/a.c": source(""), "tools/x.sh": "#!/bin/sh\necho\n"}), "tools/x.sh:1")


def test_guards_are_named_after_the_file(tree):
    path = "src/session/link.h"
    only(tree({path: header("src/session/client.h")}), "WEIR_SESSION_LINK_H")


def test_leftovers_and_machine_paths(tree):
    only(tree({"src/session/a.c": source("/* TO" "DO: later */\n")}), "write down an issue")
    assert tree({"src/session/a.c": source('const char *t = "weir-XX' 'XXXX";\n')}) == []
    only(tree({"src/session/a.c": source('const char *t = "/ro' 'ot/data";\n')}), "somebody's machine")


def test_every_file_of_a_tested_layer_has_its_test(tree):
    files = {"src/net/loop.c": source("int a;\n")}
    only(tree(files), "there is no tests/unit/net/test_loop.c")
    assert tree(files, "no-test src/net/loop.c because\n") == []
    assert tree({**files, "tests/unit/net/test_loop.c": source("int a;\n")}) == []


def test_a_part_of_a_module_may_share_its_tests(tree):
    files = {"src/pool/pool_sweep.c": source("int a;\n"),
             "tests/unit/pool/test_pool.c": source("int a;\n")}
    assert tree(files) == []
    own = header("src/pool/pool_sweep.h")
    only(tree({**files, "src/pool/pool_sweep.h": own,
               "src/pool/pool_sweep.c": source('#include "pool/pool_sweep.h"\n')}), "test_pool_sweep.c")


def test_exceptions_must_be_needed_and_have_a_reason(tree):
    files = {"src/session/a.c": source("int a;\n")}
    only(tree(files, "file-length src/session/a.c it was long once\n"), "no longer needed")
    only(tree(files, "# a comment\nfile-length src/session/a.c\n"), "the why is missing")


def test_this_repository_is_what_it_checks():
    root = os.path.join(os.path.dirname(__file__), "..", "..")
    assert "src/base/check.c" in check_source.files_of(root)
    layers = {name for name in os.listdir(os.path.join(root, "src"))
              if os.path.isdir(os.path.join(root, "src", name))}
    assert layers <= set(check_source.LAYERS)
