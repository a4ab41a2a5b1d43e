# SPDX-License-Identifier: MIT
"""Plays many sequences; of the first that fails it tells what a person wants to know: fewer steps, and what happened in them."""
import time

from topic_model import Wrong
from topic_play import Play, deal
from topic_stage import Stage

HURRY = 2.0            # seconds for all to become quiet, while steps are left out
SHORTEN_SECONDS = 40


def shortened(steps, fails, seconds=SHORTEN_SECONDS):
    """Fewer steps that still fail, as long as there is time."""
    end, size = time.monotonic() + seconds, max(1, len(steps) // 2)
    while size and time.monotonic() < end:
        at = 0
        while at < len(steps) and time.monotonic() < end:
            fewer = steps[:at] + steps[at + size:]
            if fails(fewer):
                steps = fewer
            else:
                at += size
        size //= 2
    return steps


def fails_again(seed, steps):
    """What is wrong with these steps on a host of their own; None: nothing."""
    try:
        with Stage() as stage:
            Play(stage, seed, steps, HURRY).run()
    except (AssertionError, OSError) as wrong:
        return wrong
    return None


def explained(seed, wrong):
    """The failure, the sequence made shorter, and what happened in it."""
    steps, text = deal(seed), f"seed {seed}: {wrong}\n"
    again = next((found for found in (fails_again(seed, steps) for _ in range(3)) if found), None)
    if again is None:
        return text + "on a host of its own it did not fail again; this is what had happened:\n" + "\n".join(wrong.diary)
    fewer = shortened(steps, lambda some: fails_again(seed, some) is not None)
    last = fails_again(seed, fewer) or again
    return (text + f"on a host of its own {len(fewer)} of its {len(steps)} steps are enough: {fewer}\n{last}\n"
            + "\n".join(getattr(last, "diary", [])))


def play_many(seeds, stage, end=float("inf")):
    """Each on the same host, until `end`; how many. The first that fails raises with its explanation."""
    count = 0
    for seed in seeds:
        if time.monotonic() > end:
            break
        try:
            Play(stage, seed).run()
        except (AssertionError, OSError) as wrong:
            raise Wrong(explained(seed, wrong)) from wrong
        count += 1
    return count
