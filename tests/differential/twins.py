# SPDX-License-Identifier: Apache-2.0
"""The same steps on two equal servers: direct on one, through Weir on the other, reply by reply.

All clients' steps are in one order, on both sides. A client whose request waits in Weir for a link
(others hold all of them) cannot keep that order: it then drops out until its reply comes, and is carried
out on the direct side at that moment; its later steps wait behind it."""

import collections
import select
import time

import reply
import world
from session import KINDS, Session

REPLY_S = 0.008  # most replies come sooner
PAUSE_S = 0.004
QUIET_TIMES = 3  # so often the server had nothing to do: then Weir lets the client wait
STUCK_S = 30
GONE_S = 1
ADVERSARY = "z"
BUSY = ("SELECT COUNT(*) FROM information_schema.processlist "
        "WHERE command NOT IN ('Sleep','Daemon') AND user<>'root'")
OPEN = "SELECT COUNT(*) FROM information_schema.innodb_trx"


class Difference(Exception):
    """A reply through Weir that is not the reply of the server."""

    def __init__(self, number, step, words):
        self.number = number
        self.step = step
        self.words = words
        super().__init__(f"step {number + 1}, {step!r}\n{words}")


def readable(waiting):
    """Those of the clients that Weir has begun to answer; waits a little for one."""
    found = [client for client in waiting if client.weir.readable(0)]
    if not found:
        select.select([client.weir.wire.socket for client in waiting], [], [], PAUSE_S)
        found = [client for client in waiting if client.weir.readable(0)]
    return found


class Client:
    def __init__(self, name, twins):
        self.name = name
        self.direct = Session(twins.direct.address, STUCK_S)
        self.weir = Session(twins.weir.address, STUCK_S)
        self.failed = False
        self.behind = None  # the same step on the direct side
        self.waiting = None  # (number, step, the rest of it) while Weir does not answer
        self.later = collections.deque()


class Twins:
    """direct and behind: servers (processes.Server) that are equal; weir: Weir in front of the second."""

    def __init__(self, direct, behind, weir):
        self.direct = direct
        self.behind = behind
        self.weir = weir
        self.clients = {}
        self.steps_done = 0
        self.waits = 0
        self.roots = [one.root(capabilities=KINDS["plain"]) for one in (direct, behind)]

    def close(self):
        for client in self.clients.values():
            client.direct.disconnect()
            client.weir.disconnect()
        self.clients = {}
        for root in self.roots:
            root.close()

    def fresh_world(self):
        for root in self.roots:
            world.make(root)

    def run(self, steps):
        """Takes all steps, then every client leaves. Difference: where the two are not the same."""
        number = -1
        for number, step in enumerate(steps):
            self._take(number, step)
        for client in list(self.clients.values()):
            self._take(number + 1, (client.name, "quit"))
        end = time.monotonic() + STUCK_S
        while any(client.waiting or client.later for client in self.clients.values()):
            self._settle()
            for client in self.clients.values():
                if client.waiting and time.monotonic() > end:
                    raise Difference(*client.waiting[:2], "Weir never answered")

    # --- one step ---

    def _take(self, number, step):
        client = self.clients.get(step[0])
        if client is None:
            client = self.clients[step[0]] = Client(step[0], self)
        if client.name == ADVERSARY and client.waiting and step[1] != "quit":
            return  # it does as it can
        if client.waiting or client.later:
            client.later.append((number, step))
            return
        self._begin(client, number, step)
        self._settle()

    def _begin(self, client, number, step):
        self.steps_done += 1
        leaves_work = step[1] in ("quit", "vanish", "connect") and client.direct.in_transaction()
        thread = client.direct.wire.greeting.thread_id if client.direct.alive else 0
        if step[1] == "connect":  # may have to wait for a link, long after the old connection has gone
            self._disconnect(client, thread, leaves_work)
        client.behind = client.direct.one_by_one(step)
        self._go_on(client, number, step, client.weir.steps(step))
        if step[1] in ("quit", "vanish"):
            self._wait_until_gone(thread, leaves_work)

    def _disconnect(self, client, thread, leaves_work):
        client.direct.disconnect()
        client.weir.disconnect()
        self._wait_until_gone(thread, leaves_work)

    def _go_on(self, client, number, step, rest):
        was_waiting, client.waiting = client.waiting, None
        started = was_waiting is not None
        try:
            for _ in rest:
                if step[1] == "together" and started:
                    next(client.behind, None)  # what Weir has answered, and no more
                started = True
                if not self._answers(client.weir):
                    client.waiting = (number, step, rest)
                    self.waits += 1
                    return
        except TimeoutError as error:
            raise Difference(number, step, f"no reply through Weir within {STUCK_S} s") from error
        self._compare(client, number, step)

    def _compare(self, client, number, step):
        try:
            for _ in client.behind:
                pass
        except TimeoutError as error:
            raise Difference(number, step, f"no direct reply within {STUCK_S} s") from error
        direct, weir = client.direct.take(), client.weir.take()
        client.failed = client.failed or any(payload[:1] == b"\xff" for _, payload in direct)
        if client.failed:  # what the error has held back comes at another time (docs/differences.md)
            direct, weir = reply.without_trackers(direct), reply.without_trackers(weir)
        words = reply.difference(direct, weir)
        if words:
            raise Difference(number, step, words)

    def _answers(self, session):
        """False when the session's request waits for a link."""
        if session.readable(REPLY_S):
            return True
        quiet = 0
        end = time.monotonic() + STUCK_S
        while time.monotonic() < end:
            if session.readable(PAUSE_S):
                return True
            quiet = 0 if self._busy() else quiet + 1
            if quiet >= QUIET_TIMES:
                return session.readable(PAUSE_S)
        return True  # let the read find that nothing comes

    def _busy(self):
        """Whether the server works on what nobody has seen the reply of. (A statement that waits for a
        client's file is busy as well, until the runner comes to it.)"""
        if any(client.waiting and client.weir.readable(0) for client in self.clients.values()):
            return False
        return int(self.roots[1].value(BUSY)) > 0

    def _settle(self):
        """Serves those who waited and need not any more, then the steps that piled up behind them; one
        at a time, as each may free a link for somebody else."""
        while True:
            self._serve_waiting()
            behind = [client for client in self.clients.values() if client.later and not client.waiting]
            if not behind:
                return
            client = min(behind, key=lambda one: one.later[0][0])
            self._begin(client, *client.later.popleft())

    def _serve_waiting(self):
        quiet = 0
        while quiet < QUIET_TIMES:
            waiting = [client for client in self.clients.values() if client.waiting]
            if not waiting:
                return
            ready = readable(waiting)
            for client in ready:
                self._go_on(client, *client.waiting)
            quiet = 0 if ready or self._busy() else quiet + 1

    def _wait_until_gone(self, thread, leaves_work):
        """A server, and Weir, clean up after a client when it is gone already."""
        end = time.monotonic() + GONE_S
        while time.monotonic() < end:
            gone = thread == 0 or self.roots[0].value(
                f"SELECT COUNT(*) FROM information_schema.processlist WHERE id={thread}") == "0"
            counts = [root.value(OPEN) for root in self.roots] if leaves_work else [0, 0]
            if gone and counts[0] == counts[1] and not self._busy():
                return
            time.sleep(0.001)
