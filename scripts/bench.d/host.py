#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0
"""host.py HAVEGE_HOST HAVEGED ROUNDS

Called by scripts/bench: what can be measured natively in user space, in turn, and
each ROUNDS times. HAVEGED is the packaged program; empty: it is left out. Writes

  bench NAME VALUE

to standard output, and progress to standard error. Rates are per second, of bytes
or of ticks; times in milliseconds, memory in KiB. A stream is read through a pipe, by
this program, which stays on the first CPU; what writes it is on the last.
"""

import fcntl
import os
import subprocess
import sys
import time

STREAM_BYTES = 192 * 2**20
# Slow with its tests: fewer, and the same rate.
TESTED_BYTES = 32 * 2**20
URANDOM_BYTES = 32 * 2**20
PIPE_BYTES = 2**20

HOST, HAVEGED, ROUNDS = sys.argv[1], sys.argv[2], int(sys.argv[3])
CPUS = sorted(os.sched_getaffinity(0))
FIRST, LAST = CPUS[0], CPUS[-1]


def say(name, value):
    print(f"bench {name} {value:.6g}", flush=True)


def start(command, cpu=LAST):
    return subprocess.Popen(
        command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, bufsize=0,
        preexec_fn=lambda: os.sched_setaffinity(0, {cpu}))


def end(process):
    process.stdout.close()
    process.kill()
    process.wait()


def read(pipe, count):
    while count > 0:
        got = len(os.read(pipe.fileno(), min(count, PIPE_BYTES)))
        if not got:
            sys.exit("host.py: what is measured has ended")
        count -= got


def rate(name, command, count):
    """Bytes a second, after the first one."""
    process = start(command)
    fcntl.fcntl(process.stdout.fileno(), fcntl.F_SETPIPE_SZ, PIPE_BYTES)
    read(process.stdout, 1)
    begun = time.monotonic()
    read(process.stdout, count)
    say(name, count / (time.monotonic() - begun))
    memory = [line.split()[1] for line in open(f"/proc/{process.pid}/status")
              if line.startswith("VmRSS")]
    end(process)
    return int(memory[0])


def first(name, command, count):
    """From nothing, no process even, to the first bytes."""
    begun = time.monotonic()
    process = start(command)
    read(process.stdout, count)
    say(name, (time.monotonic() - begun) * 1e3)
    end(process)


def figures(process):
    """What havege-host bench has found."""
    found = {}
    for line in process.stdout.read().decode().splitlines():
        _, name, value = line.split()
        found[name] = float(value)
    if process.wait():
        sys.exit("host.py: havege-host bench failed")
    return found


def one_round(number):
    alone = figures(start([HOST, "-c", str(LAST), "bench", "1"]))
    for name, value in alone.items():
        say(name, value)
    say("walk_allows", alone["walk_ticks"] / alone["block_ticks"] * 32)
    if len(CPUS) > 1:
        both = [figures(process) for process in
                [start([HOST, "-c", str(cpu), "bench", "1"], cpu)
                 for cpu in (FIRST, LAST)]]
        say("pair_ticks", sum(one["conditioned_ticks"] for one in both))
        say("alone_ticks", alone["conditioned_ticks"])

    say("stream_rss", rate("stream_bytes", [
        HOST, "-c", str(LAST), "stream", str(2 * STREAM_BYTES)], STREAM_BYTES))
    first("first_block", [HOST, "-c", str(LAST), "conditioned", "32"], 32)
    if HAVEGED:
        say("haveged_rss", rate("haveged_bytes", [
            HAVEGED, "-n", "0", "-o", ""], STREAM_BYTES))
        rate("haveged_tested_bytes", [HAVEGED, "-n", "0"], TESTED_BYTES)
        first("haveged_first", [HAVEGED, "-n", "0", "-o", ""], 1)
        first("haveged_tested_first", [HAVEGED, "-n", "0"], 1)
    begun = time.monotonic()
    with open("/dev/urandom", "rb", buffering=0) as urandom:
        left = URANDOM_BYTES
        while left:
            left -= len(urandom.read(min(left, 65536)))
    say("urandom_bytes", URANDOM_BYTES / (time.monotonic() - begun))
    print(f"    round {number} of {ROUNDS}", file=sys.stderr, flush=True)


os.sched_setaffinity(0, {FIRST})
for n in range(1, ROUNDS + 1):
    one_round(n)
