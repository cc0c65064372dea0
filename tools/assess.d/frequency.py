# SPDX-License-Identifier: GPL-2.0
"""frequency.py HAVEGE_HOST CPU

Called by tools/assess: prints the frequency of the cycle counter of CPU, in MHz.

`havege-host raw' collects 2^20 samples before it writes them: the first byte of a run
comes when the run has just ended. The ticks between the ends of two runs are the sum
of the samples between them.
"""

import subprocess
import sys
import time
from array import array

RUN = 1 << 20
RUNS = 6


def whole(pipe, count):
    data = bytearray()
    while len(data) < count:
        some = pipe.read(count - len(data))
        if not some:
            sys.exit("frequency.py: havege-host has ended")
        data += some
    return data


def main():
    if len(sys.argv) != 3:
        sys.exit(__doc__)
    host, cpu = sys.argv[1], sys.argv[2]
    ticks, ends = [], []
    with subprocess.Popen([host, "-c", cpu, "raw", str(RUNS * RUN)], bufsize=0,
                          stdout=subprocess.PIPE) as process:
        for _ in range(RUNS):
            data = whole(process.stdout, 8)
            ends.append(time.monotonic())
            data += whole(process.stdout, 8 * RUN - 8)
            ticks.append(sum(array("Q", data)))
    print(f"{sum(ticks[1:]) / (ends[-1] - ends[0]) / 1e6:.1f}")


main()
