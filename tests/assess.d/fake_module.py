# SPDX-License-Identifier: GPL-2.0
"""fake_module.py DIR KIND K

Called by tests/assess-test. Writes raw, raw_restart and raw_replay to DIR, as debugfs
shows them: raw samples that look random, restarts that are all alike, and one set of
replays, whose samples span K half-steps. KIND says how its rows differ:

  still     not at all
  coarse    by the phase of a counter that moves in large steps
  clocks    by the phases of three clocks
  noisy     by noise
"""

import random
import sys
from array import array


def put(name, values):
    with open(f"{sys.argv[1]}/{name}", "wb") as file:
        array("Q", values).tofile(file)


def walk(count):
    return [random.choice((40, 42, 46, 60, 90, 700)) for _ in range(count)]


random.seed(1)
# More samples than the tests read. One delta goes backwards, one lasts many seconds.
put("raw", walk(900) + [2**64 - 1, 2**40] + walk(4000))
put("raw_restart", walk(1000))
kind, count, samples = sys.argv[2], 256, 512
if sys.argv[3] != "1":
    count, samples = 1024, 256
line = walk(samples)
rows = []
last = now = 0
for row in range(count):
    rows.append(row * 100000)
    # The phase at which a row begins: the only difference on a coarse counter.
    time = row * 3 % 13
    now += row * 7919 + 1000003
    for column, step in enumerate(line[1:]):
        if kind == "noisy":
            # Skewed, another spread in each column, and with a memory: all parts of the
            # estimate differ.
            last = random.choice((0, 2, 2, 4, 6, 400)) if random.random() < .6 else last
            rows.append(step + last + random.choice((0, 0, 2 * (column % 5))))
        elif kind == "coarse":
            rows.append(((time + step) // 13 - time // 13) * 26)
            time += step
        elif kind == "clocks":
            # Core, memory, counter: each access waits for an edge of the memory's clock.
            before = now // 1732
            now = ((now + step * 1000) // 7141 + 3) * 7141
            now = -(-now // 1000) * 1000
            rows.append((now // 1732 - before) * 2)
        else:
            rows.append(step)
put("raw_replay", rows)
