# SPDX-License-Identifier: Apache-2.0
"""Parts of the end-to-end tests that ./dev test runs once more, with something switched on. (The whole of
them runs so with the same variables and ./dev test e2e.)"""

# Files about what a session has, which run once more with debug_link_switching in everyday runs.
SWITCHED = ("test_baseline.py", "test_catalogue.py", "test_cursors.py", "test_pins.py",
            "test_reset_and_last_words.py", "test_same_bytes.py", "test_session_state.py",
            "test_statements.py", "test_user_variables.py")

# Files about bytes on the wire, which run once more compressed, and with TLS, on both sides of Weir.
WIRED = ("test_commands.py", "test_cursors.py", "test_reset_and_last_words.py", "test_same_bytes.py")
# What runs again: the variables, the files. An engine each, since transports do not depend on it.
AGAIN = {
    "switching": {"switching": ({"WEIR_TEST_SWITCHING": "1"}, SWITCHED)},
    "wire": {"compression": ({"WEIR_TEST_COMPRESSION": "zstd", "WEIR_TEST_LINK_COMPRESSION": "zlib"}, WIRED),
             "TLS": ({"WEIR_TEST_TLS": "1", "WEIR_TEST_IO_ENGINE": "io_uring"}, WIRED)},
}
