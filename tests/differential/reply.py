# SPDX-License-Identifier: Apache-2.0
"""A reply as it is compared: every frame with its sequence number, but for what cannot be the same.
These are all the masks that there are; docs/differences.md has the reasons.

- ids of prepared statements, in the reply to a prepare and in errors and warnings that quote one
- the flags about indexes in the EOF after column definitions
- the flag of changed state in the EOF after column definitions
- the same flag in the EOF behind what an execution of a prepared statement sends
- the order of the trackers in an OK
- the words of COM_STATISTICS
- on MySQL, the number of warnings in the EOF after column definitions and in the replies to COM_PING,
  COM_INIT_DB and COM_SET_OPTION, the flag of changed state in an OK that does not say what has changed,
  and the statement_id among the trackers
"""

import re

import wire
import world

# With what says how long the text is, in a row.
STATEMENT_ID = re.compile(rb"(?s).((?:Unknown prepared statement handler|The statement)) \(\d+\)")
TRACKED_ID = re.compile(rb"^statement_id=\d+$")
LATE_FLAGS = 0x0038 | wire.STATE_CHANGED  # no (good) index, more results
SHOWN = 300


def trackers(payload):
    """An OK packet as its bytes before the trackers, and the trackers in some fixed order."""
    at = 1
    for _ in range(2):
        _, at = wire.lenenc(payload, at)
    status = int.from_bytes(payload[at:at + 2], "little")
    at += 4
    if world.MYSQL and status & wire.STATE_CHANGED and payload[at:] in (b"", b"\0\0"):
        return payload[:at - 4] + (status & ~wire.STATE_CHANGED).to_bytes(2, "little") + payload[at - 2:at]
    if not status & wire.STATE_CHANGED or at >= len(payload):
        return payload
    size, at = wire.lenenc(payload, at)
    at += size
    head = payload[:at]
    if at >= len(payload):
        return payload
    size, at = wire.lenenc(payload, at)
    found = []
    while at < len(payload):
        kind = payload[at]
        size, at = wire.lenenc(payload, at + 1)
        block = payload[at:at + size]
        at += size
        if kind != 0:
            found.append((kind, block))
            continue
        inner = 0
        while inner < len(block):
            pair = []
            for _ in range(2):
                size, inner = wire.lenenc(block, inner)
                pair.append(block[inner:inner + size])
                inner += size
            found.append((kind, TRACKED_ID.sub(b"statement_id=?", b"=".join(pair))))
    return head + repr(sorted(found)).encode()


def masked(what, payload):
    if what == "ok":
        return trackers(payload)
    if what == "told in ok":
        return trackers(payload[:5] + b"\0\0" + payload[7:])
    if what == "told in end":
        return payload[:1] + b"\0\0" + payload[3:]
    if what == "executed end":
        return payload[:4] + bytes([payload[4] & ~(wire.STATE_CHANGED >> 8)])
    if what == "prepared":
        return payload[:1] + b"????" + payload[5:]
    if what == "column end":
        status = int.from_bytes(payload[3:5], "little") & ~LATE_FLAGS
        warnings = b"\0\0" if world.MYSQL else payload[1:3]
        return payload[:1] + warnings + status.to_bytes(2, "little")
    if what == "words":
        return b"?"
    return STATEMENT_ID.sub(rb"\1 (?)", payload)


def comparable(raw, marks):
    """[(sequence, payload)] of raw bytes; marks: those that the connection noted (wire.Wire.marks)."""
    known = dict(marks)
    frames = []
    at = 0
    while at + 4 <= len(raw):
        size = int.from_bytes(raw[at:at + 3], "little")
        payload = raw[at + 4:at + 4 + size]
        frames.append((raw[at + 3], masked(known.get(at), payload)))
        at += 4 + size
    return frames


TRACKERS = re.compile(rb"(?s)\A([\x00\xfe].*)\[\(\d+, b.*\]\Z")


def without_trackers(frames):
    """As a server with nothing to report would have sent them."""
    found = []
    for sequence, payload in frames:
        match = TRACKERS.match(payload)
        if match:
            head = match.group(1)
            numbers = re.match(rb"(?s)([\x00\xfe](?:[\x00-\xfa]|\xfc..|\xfd...|\xfe.{8}){2}.)(.)(..)(.*)", head)
            before, high, warnings, info = numbers.groups()
            info = b"" if info == b"\0" else info
            payload = before + bytes([high[0] & ~0x40]) + warnings + info
        elif payload[:1] == b"\xfe" and len(payload) == 5:
            payload = payload[:4] + bytes([payload[4] & ~0x40])
        found.append((sequence, payload))
    return found


def difference(direct, weir):
    """The first frame that differs, in words; "" when there is none."""
    if direct == weir:
        return ""
    for number, (theirs, ours) in enumerate(zip(direct, weir)):
        if theirs != ours:
            break
    else:
        number = min(len(direct), len(weir))
    lines = [f"frame {number + 1} of {len(direct)} direct, {len(weir)} through Weir"]
    for name, frames in (("direct", direct), ("Weir", weir)):
        if number < len(frames):
            sequence, payload = frames[number]
            lines.append(f"  {name:<7} seq {sequence} size {len(payload)} {payload[:SHOWN]!r}")
        else:
            lines.append(f"  {name:<7} nothing")
    return "\n".join(lines)
