# SPDX-License-Identifier: MIT
"""Fifty reloads with and without hand-over under talking connections of two workers leave no trace."""
from reload_storm import storm


def test_nothing_is_lost_and_nothing_stays():
    found, before, after, hops, messages = storm(reloads=50, connections=40, settle=6)
    assert not any(found.values()), found
    assert hops > 10 and messages >= 40, (hops, messages)
    assert after["descriptors"] <= before["descriptors"] + 2, (before, after)
    assert after["versions mapped"] <= 3, (before, after)
