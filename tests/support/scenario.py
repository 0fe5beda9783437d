# SPDX-License-Identifier: Apache-2.0
"""What a client does, step by step, while another one wants its link."""


class Other(str):
    """A statement of a third client, direct on the server, in both runs."""


class Scenario:
    """shared: the adversary must get the link between all statements; pinned: it must have to wait;
    neither: it may do as it can."""

    def __init__(self, *steps, shared=False, pinned=False, schema="test", files=None, known=None,
                 clients=("plain", "modern")):
        self.steps = steps
        self.shared = shared
        self.pinned = pinned
        self.schema = schema
        self.files = files or {}
        self.known = known
        self.clients = clients


def carried(*steps, **more):
    return Scenario(*steps, shared=True, **more)


def pinned(*steps, **more):
    return Scenario(*steps, pinned=True, **more)
