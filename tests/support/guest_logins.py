# SPDX-License-Identifier: Apache-2.0
"""Logins of users whom only the server knows."""

import pytest

import console
import wire


def login(weir, user="guest", password="g1", **more):
    """Over TLS: a password that is to be learnt goes no other way without an RSA key."""
    return wire.connect(weir.address, user=user, password=password, tls=wire.unverified_tls(), **more)


def refused(weir, user="guest", password="g1", **more):
    with pytest.raises(wire.ServerError) as error:
        login(weir, user, password, **more)
    return error.value


def links_of(weir, user="guest"):
    """Thread ids on the server of its links that serve clients, or may."""
    with console.connect(weir) as c:
        return [int(row[0]) for row in c.query(
            f"SELECT server_thread FROM weir.links WHERE user='{user}' AND COALESCE(purpose,'')=''")]
