# SPDX-License-Identifier: MIT
"""Whatever clients do with topics, and whatever becomes of workers, code and configuration: a plain model knows who hears what.

Sequences are dealt from seeds (tests/lib/topic_play.py); each run takes others. A failure prints the seed, and its steps
made fewer; `tests/soak/topics once SEED` plays one again.
"""
import random

from story import each, note
from topic_report import play_many
from topic_stage import Stage

HOSTS, SEQUENCES = 8, 250  # a host each, so that not many kills come in a row: the next worker would take its time
TEST_SECONDS = 180  # a failure is explained, too


@each([(f"host {number}",) for number in range(1, HOSTS + 1)])
def test_all_hear_what_the_model_says(row):
    first = random.randrange(1 << 40)
    with Stage() as stage:
        play_many(range(first, first + SEQUENCES), stage)
        note(f"seeds {first} to {first + SEQUENCES - 1}: {stage.summary()}")
