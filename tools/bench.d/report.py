# SPDX-License-Identifier: GPL-2.0
"""report.py FIGURES DIR

Called by tools/bench. FIGURES has lines "bench NAME VALUE". Writes into DIR

  report.txt     medians, with least and largest, and their ratios; also printed
  report.json    the same, and all values
  rates.png      streams and blocks beside their alternatives
  times.png      time to the first bytes

A ratio is that of two values of the same round. The report has the median, least and
largest ratio.
"""

import datetime
import json
import os
import statistics
import subprocess
import sys

FIGURES, DIR = sys.argv[1], sys.argv[2]

# Heading, then figures: text, NAME, unit, factor, NAME of the alternative or None, limit of the
# ratio or of the value (None: no limit).
MORE, LESS = "at least", "at most"
TABLE = [
    ("Native, in user space, one core", [
        ("the walk alone", "walk_ticks", "million ticks/s", 1e-6, None, None),
        ("the source, with tests and SHA-256", "conditioned_ticks",
         "million ticks/s", 1e-6, "walk_ticks", None),
        ("replay residual", "residual", "bit a sample", 1, None, None),
        ("credited", "credit", "bit a sample", 1, None, None),
        ("assessed", "assessed_bits", "million bit/s", 1e-6, None, None),
        ("conditioned blocks", "conditioned_bytes", "KB/s", 1e-3,
         "walk_allows", (MORE, 0.85)),
        ("conditioned blocks", "conditioned_bytes", "KB/s", 1e-3, None,
         (MORE, 100)),
        ("two cores, to one", "pair_ticks", "million ticks/s", 1e-6,
         "alone_ticks", (MORE, 1.8)),
        ("walk words (mode=stream)", "stream_bytes", "MB/s", 1e-6,
         "haveged_bytes", (MORE, 1.25)),
        ("haveged -o ''", "haveged_bytes", "MB/s", 1e-6, None, None),
        ("haveged, with its tests", "haveged_tested_bytes", "MB/s", 1e-6,
         None, None),
        ("/dev/urandom", "urandom_bytes", "MB/s", 1e-6, None, None),
        ("resident memory, mode=stream", "stream_rss", "KiB", 1,
         "haveged_rss", None),
    ]),
    ("Time to the first bytes of a new process", [
        ("32 conditioned bytes, all tests", "first_block", "ms", 1, None,
         (LESS, 10)),
        ("the same, to haveged -o ''", "first_block", "ms", 1,
         "haveged_first", None),
        ("haveged -o ''", "haveged_first", "ms", 1, None, None),
        ("haveged, with its tests", "haveged_tested_first", "ms", 1, None,
         None),
    ]),
    ("In a kernel at native speed (User Mode Linux; SHA-256 in C)", [
        ("the walk alone", "uml_walk_ticks", "million ticks/s", 1e-6, None,
         None),
        ("conditioned blocks", "uml_conditioned_bytes", "KB/s", 1e-3, None,
         None),
        ("read() of 64 bytes, to a memset", "uml_read_havege", "thousand/s", 1e-3,
         "uml_read_memset", (MORE, 0.7)),
        ("blocks opened for their reader, to ready ones", "uml_opened",
         "KB/s", 1e-3, "uml_ready", (MORE, 0.5)),
    ]),
    ("In a kernel on two emulated CPUs", [
        ("conditioned, cpus= of two to one", "x86_on_two", "KB/s", 1e-3, "x86_on_one",
         (MORE, 1.8)),
    ]),
    ("On Debian's kernel in QEMU (emulated)", [
        ("/dev/hwrng, to jitterentropy_rng", "vm_conditioned", "KB/s", 1e-3,
         "vm_jitter", (MORE, 8)),
        ("jitterentropy_rng, by AF_ALG", "vm_jitter", "KB/s", 1e-3, None,
         None),
        ("first getrandom() waits, with, to without", "waited_with", "s", 1,
         "waited_without", (LESS, 0.25)),
        ("without", "waited_without", "s", 1, None, None),
        ("60 s idle, contribute=0: switches", "idle_switches_0", "", 1, None,
         (LESS, 0)),
        ("60 s idle, contribute=0: CPU", "idle_ms_0", "ms", 1, None,
         (LESS, 0)),
        ("60 s idle, contribute=1: switches", "idle_switches_1", "", 1, None,
         (LESS, 1)),
        ("memory, default settings", "memory", "KiB", 1, None, (LESS, 512)),
    ]),
]


def load():
    """Values by name."""
    values = {}
    for line in open(FIGURES):
        _, name, value = line.split()
        values.setdefault(name, []).append(float(value))
    return values


def middle(values):
    return statistics.median(values), min(values), max(values)


def number(value):
    if value and abs(value) < 0.1:
        return f"{value:.4f}"
    return f"{value:.3g}" if abs(value) < 1000 else f"{value:.0f}"


def machine():
    model = ""
    for line in open("/proc/cpuinfo"):
        if line.startswith("model name"):
            model = line.split(":", 1)[1].strip()
    return (f"{model}, {os.cpu_count()} CPUs, Linux {os.uname().release}, "
            f"{datetime.date.today()}")


def row(values, text, name, unit, factor, rival, bar):
    """A line of the table, and its entry in the JSON; None without values."""
    if name not in values or (rival and rival not in values):
        return None
    own = middle([value * factor for value in values[name]])
    found = {"what": text, "unit": unit, "median": own[0], "min": own[1],
             "max": own[2], "values": values[name]}
    line = (f"{text:<42}{number(own[0]):>9} {number(own[1]):>8} "
            f"{number(own[2]):>8} {unit:<16}")
    judged = own[0]
    if rival:
        pairs = [a / b for a, b in zip(values[name], values[rival]) if b]
        ratio = middle(pairs)
        found["ratio"] = {"to": rival, "median": ratio[0], "min": ratio[1],
                          "max": ratio[2]}
        judged = ratio[0]
        line += (f"{number(ratio[0]):>7} ({number(ratio[1])} to "
                 f"{number(ratio[2])})")
    if bar:
        kind, limit = bar
        met = judged >= limit if kind == MORE else judged <= limit
        found["bar"] = {"kind": kind, "limit": limit, "met": met}
        line += f"  {kind} {limit:g}: {'yes' if met else 'NO'}"
    return line.rstrip(), found


def plot(name, title, unit, bars):
    """Horizontal bars with least and largest, by gnuplot."""
    if not bars:
        return
    data = "\n".join(f'{i} {m} {low} {high} "{text}"'
                     for i, (text, (m, low, high)) in enumerate(bars))
    script = f"""
set terminal pngcairo size 900,{120 + 60 * len(bars)} font ",11"
set output "{DIR}/{name}.png"
set title "{title}"
set xlabel "{unit}"
set logscale x
set yrange [{len(bars) - 0.5}:-0.5]
set grid x
unset key
$data << EOD
{data}
EOD
plot $data using 2:1:3:4:ytic(5) with xerrorbars pt 7 ps 1.5 lw 2
"""
    subprocess.run(["gnuplot"], input=script, text=True, check=True)


def main():
    values = load()
    for part in ("module", "pages", "buffer"):
        if "memory_" + part not in values:
            break
    else:
        values["memory"] = [sum(values["memory_" + part][0] for part in
                                ("module", "pages", "buffer"))]
    lines = [machine(), "",
             f"{'':<42}{'median':>9} {'min':>8} {'max':>8} "
             f"{'':<16}{'ratio':>7} (min to max)"]
    found = {"machine": machine(), "figures": {}}
    for heading, rows in TABLE:
        lines += ["", heading]
        for text, name, unit, factor, rival, bar in rows:
            one = row(values, text, name, unit, factor, rival, bar)
            if not one:
                lines.append(f"{text:<42}not measured")
                continue
            lines.append(one[0])
            key = name + ("_to_" + rival if rival else "")
            found["figures"][key] = one[1]
    report = "\n".join(lines) + "\n"
    with open(f"{DIR}/report.txt", "w") as out:
        out.write(report)
    with open(f"{DIR}/report.json", "w") as out:
        json.dump(found, out, indent=1)
        out.write("\n")

    def bars(names, factor):
        return [(text, middle([v * factor for v in values[name]]))
                for text, name in names if name in values]

    plot("rates", "Bytes a second, one core (median, least, largest)", "MB/s",
         bars([("havege_rng, walk words", "stream_bytes"),
               ("haveged -o \\\"\\\"", "haveged_bytes"),
               ("haveged, tested", "haveged_tested_bytes"),
               ("/dev/urandom", "urandom_bytes"),
               ("havege_rng, conditioned", "conditioned_bytes")], 1e-6))
    plot("times", "Time to the first bytes", "ms",
         bars([("havege_rng, 32 conditioned", "first_block"),
               ("haveged -o \\\"\\\"", "haveged_first"),
               ("haveged, tested", "haveged_tested_first")], 1))
    sys.stdout.write(report)


main()
