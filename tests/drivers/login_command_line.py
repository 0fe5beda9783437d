# SPDX-License-Identifier: Apache-2.0
"""Logins with a command line, cell by cell (tests/support/login_cells.py):
login_command_line.py mariadb|mysql COMMAND [ARGUMENT...] <cells
For mysql COMMAND is tests/support/mysql9.sh client DIRECTORY, and the authority's certificate is in
DIRECTORY, which it sees as /instance."""
import os
import re
import subprocess
import sys

TLS = {
    "mariadb": {"off": lambda ca: ["--skip-ssl"], "on": lambda ca: ["--ssl"],
                "verified": lambda ca: ["--ssl-verify-server-cert", f"--ssl-ca={ca}"]},
    "mysql": {"off": lambda ca: ["--ssl-mode=DISABLED", "--get-server-public-key"],
              "on": lambda ca: ["--ssl-mode=REQUIRED", "--enable-cleartext-plugin"],
              "verified": lambda ca: ["--ssl-mode=VERIFY_CA", "--enable-cleartext-plugin",
                                      "--ssl-ca=/instance/" + os.path.basename(ca)]},
}[sys.argv[1]]
COMMAND = sys.argv[2:]

for line in sys.stdin.read().splitlines():
    cell, host, port, user, password, tls, ca, sql = line.split("\t")
    done = subprocess.run([*COMMAND, f"--host={host}", f"--port={port}", "--protocol=tcp", f"--user={user}",
                           f"--password={password}", "--default-character-set=utf8mb4", "--batch",
                           "--skip-column-names", *TLS[tls](ca), "-e", sql],
                          stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
                          timeout=30, check=False)
    refused = re.search(rb"ERROR (\d+)", done.stderr)
    if done.returncode == 0:
        said = done.stdout.decode().strip().replace("\t", "|")
    else:
        said = f"error {refused.group(1).decode() if refused else done.stderr.decode().strip()}"
    print(cell, said, sep="\t", flush=True)
