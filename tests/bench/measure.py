# SPDX-License-Identifier: Apache-2.0
"""What the kernel says of a process, and sums over several measurements."""

import os
import statistics

TICKS_PER_S = os.sysconf("SC_CLK_TCK")
ESTABLISHED = "01"


def cpu_seconds(pid):
    """User and system time of all threads of a process, those that have ended included."""
    with open(f"/proc/{pid}/stat", encoding="ascii") as file:
        fields = file.read().rsplit(")", 1)[1].split()
    return (int(fields[11]) + int(fields[12])) / TICKS_PER_S


def rss_bytes(pid):
    """Resident memory of a process."""
    with open(f"/proc/{pid}/status", encoding="ascii") as file:
        for line in file:
            if line.startswith("VmRSS:"):
                return int(line.split()[1]) * 1024
    raise KeyError("VmRSS")


def connections_to(pid, port):
    """Connections that a process has to a port of this machine."""
    inodes = set()
    with open("/proc/net/tcp", encoding="ascii") as table:
        for line in table:
            fields = line.split()
            if fields[3] == ESTABLISHED and fields[2].endswith(f":{port:04X}"):
                inodes.add(fields[9])
    count = 0
    for name in os.listdir(f"/proc/{pid}/fd"):
        try:
            link = os.readlink(f"/proc/{pid}/fd/{name}")
        except OSError:
            continue
        count += link.startswith("socket:[") and link[8:-1] in inodes
    return count


def spread(values):
    """Median, and how far the extremes are from it, in percent."""
    middle = statistics.median(values)
    if middle == 0:
        return 0.0, 0.0
    return middle, 100.0 * max(max(values) - middle, middle - min(values)) / middle
