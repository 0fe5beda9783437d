# SPDX-License-Identifier: Apache-2.0
"""Whom a client waits for may wait for others, while it cannot look after them itself."""

import contextlib
import threading


@contextlib.contextmanager
def others(look_after_them):
    """Calls it again and again meanwhile. None: there is nobody."""
    done = threading.Event()

    def go_on():
        while not done.wait(0.002):
            look_after_them()
    thread = threading.Thread(target=go_on)
    if look_after_them is not None:
        thread.start()
    try:
        yield
    finally:
        done.set()
        if look_after_them is not None:
            thread.join()
