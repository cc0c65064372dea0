# SPDX-License-Identifier: GPL-2.0
"""host.py HAVEGE_HOST HAVEGED ROUNDS

Called by tools/bench. Measures natively in user space, in turn, ROUNDS times.
HAVEGED is the packaged program; empty: leave it out. Writes

  bench NAME VALUE

to standard output, and progress to standard error. Rates are bytes or ticks a second,
times milliseconds, memory KiB. A stream goes to /dev/null: a pipe would be slower than
the stream. Its rate is that of the bytes that a long run has more than a short one,
without the start. This program runs on the first CPU, the measured one on the last.
"""

import os
import subprocess
import sys
import time

SHORT_BYTES = 64 * 2**20
LONG_BYTES = 576 * 2**20
URANDOM_BYTES = 32 * 2**20

HOST, HAVEGED, ROUNDS = sys.argv[1], sys.argv[2], int(sys.argv[3])
CPUS = sorted(os.sched_getaffinity(0))
FIRST, LAST = CPUS[0], CPUS[-1]


def say(name, value):
    print(f"bench {name} {value:.6g}", flush=True)


def start(command, cpu=LAST):
    # havege-host says why it does not start. haveged writes to its standard error always.
    errors = None if command[0] == HOST else subprocess.DEVNULL
    return subprocess.Popen(
        command, stdout=subprocess.PIPE, stderr=errors, bufsize=0,
        preexec_fn=lambda: os.sched_setaffinity(0, {cpu}))


def end(process):
    process.stdout.close()
    process.kill()
    process.wait()


def read(pipe, count):
    while count > 0:
        got = len(os.read(pipe.fileno(), count))
        if not got:
            sys.exit("host.py: the measured program has ended")
        count -= got


def whole(command):
    """Seconds of a whole run, and its memory soon after the start, KiB."""
    begun = time.monotonic()
    process = subprocess.Popen(
        command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
        preexec_fn=lambda: os.sched_setaffinity(0, {LAST}))
    time.sleep(0.02)
    memory = resident(process.pid)
    if process.wait():
        sys.exit(f"host.py: {command[0]} has failed")
    return time.monotonic() - begun, memory


def resident(pid):
    """Resident memory of a program, KiB; 0 if it has just ended."""
    for line in open(f"/proc/{pid}/status"):
        if line.startswith("VmRSS"):
            return int(line.split()[1])
    return 0


def rate(name, command):
    """Say the rate of a command, made from its number of bytes; return its memory."""
    short, _ = whole(command(SHORT_BYTES))
    long, memory = whole(command(LONG_BYTES))
    say(name, (LONG_BYTES - SHORT_BYTES) / (long - short))
    return memory


def first(name, command, count):
    """Time from before the process starts to the first bytes."""
    begun = time.monotonic()
    process = start(command)
    read(process.stdout, count)
    say(name, (time.monotonic() - begun) * 1e3)
    end(process)


def figures(process):
    """The figures of havege-host bench."""
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

    say("stream_rss", rate("stream_bytes", lambda count: [
        HOST, "-c", str(LAST), "stream", str(count)]))
    first("first_block", [HOST, "-c", str(LAST), "conditioned", "32"], 32)
    if HAVEGED:
        say("haveged_rss", rate("haveged_bytes", lambda count: [
            HAVEGED, "-n", str(count), "-f", "/dev/null", "-o", ""]))
        rate("haveged_tested_bytes", lambda count: [
            HAVEGED, "-n", str(count), "-f", "/dev/null"])
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
