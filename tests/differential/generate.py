# SPDX-License-Identifier: Apache-2.0
"""Random scripts out of motifs: each client tells several of them at a time, and the clients take
turns. The same seed gives the same script."""

import random

import motifs
import motifs_more
import world
from session import KINDS

MOTIFS = {**motifs.MOTIFS, **motifs_more.MOTIFS}
AT_ONCE = 4  # motifs that a client has begun and not ended
OBSERVE = 0.2
WHOLE_STATE = 0.01
CARRY_ON = 0.35  # the same client takes the next step as well
COME_BACK = 0.02
TRACKING = ("tracking", "modern")


def tuple_step(client, item):
    """A motif's item as a step of this client."""
    if isinstance(item, (str, bytes)):
        item = ("query", item)
    return (client, *[_own(part, client) for part in item])


def _own(part, client):
    if isinstance(part, str):
        return part.replace("~", client)
    if isinstance(part, tuple):
        return tuple(_own(inner, client) for inner in part)
    return part


class Author:
    """Writes one client's part."""

    def __init__(self, client, rng, names):
        self.client = client
        self.rng = rng
        self.names = names
        self.open = []
        self.kind = "plain"

    def arrive(self):
        self.kind = self.rng.choice(list(KINDS))
        return (self.client, "connect", self.kind,
                self.rng.choice(world.SCHEMAS), self.rng.choice(("app", "app", "app", "few")))

    def step(self):
        chance = self.rng.random()
        if chance < WHOLE_STATE:
            return (self.client, "query", motifs.WHOLE_STATE)
        if chance < WHOLE_STATE + COME_BACK:
            return self.arrive()
        if chance < WHOLE_STATE + COME_BACK + OBSERVE:
            return tuple_step(self.client, self.rng.choice(motifs.OBSERVERS))
        while len(self.open) < self.rng.randint(1, AT_ONCE):
            self.open.append(list(MOTIFS[self.rng.choice(self.names)]))
        story = self.rng.choice(self.open)
        item = story.pop(0)
        if isinstance(item, motifs_more.Anyhow):
            story[:0] = motifs_more.dressed(item.sql, self.rng, self.kind in TRACKING)
            item = story.pop(0)
        if not story:
            self.open.remove(story)
        return tuple_step(self.client, item)


def script(seed, steps, only="", known=False):
    """A list of steps. only: motifs whose name has this in it; known: those of motifs.KNOWN too."""
    rng = random.Random(seed)
    names = [name for name in MOTIFS if only in name and (known or name not in motifs.KNOWN)]
    # A few subjects for each script, so that their steps meet each other.
    names = rng.sample(names, min(len(names), rng.choice((3, 8, 20, len(names)))))
    authors = [Author(client, rng, names) for client in world.CLIENTS[:rng.randint(2, 6)]]
    out = [author.arrive() for author in authors]
    author = authors[0]
    while len(out) < steps:
        if rng.random() >= CARRY_ON:
            author = rng.choice(authors)
        out.append(author.step())
    for author in authors:
        out.append((author.client, "query", motifs.WHOLE_STATE))
    return out
