#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0
"""figures.py DIR ROWS

Called by scripts/assess: what there is to compute. Works out from the files'
formats, and from the definitions in havege_replay.h, what the module's own code
should have found; shares no code with it.

In DIR it reads raw.u64 (samples in a row), restart.u64 (ROWS rows of 1000) and
replay.u64 (blocks of 64 rows of 512, each block one replayed walk), all of them
unsigned 64-bit deltas in this machine's byte order. It writes

  raw.sym restart.sym   one byte a sample, for NIST's tools
  figures.txt           NAME VALUE, one a line
  replays.txt           a line for each block of replay.u64
  *.dat                 what is plotted
"""

import math
import operator
import os
import sys
from array import array
from collections import Counter
from functools import reduce

# havege_health.h: a longer delta counts as this; havege_replay.h: rows and columns.
DELTA_MAX = 2**32 - 1
REPLAY_ROWS, REPLAY_SETTLE, REPLAY_STEPS = 64, 8, 512
RESTART_STEPS = 1000
# havege_source.h: deltas of which the module takes the GCD.
COUNTER_TICKS = 1024

LAGS = 200
LAG_SAMPLES = 200000
# Columns before the neighbours of a row are known.
NEIGHBOUR_FIRST = 16

PARTS = ("value", "difference", "predecessor", "position", "neighbour")


def progress(text):
    print(text, flush=True)


def load(path):
    deltas = array("Q")
    with open(path, "rb") as file:
        data = file.read()
    if not data or len(data) % deltas.itemsize:
        sys.exit(f"{path}: {len(data)} bytes are not a number of samples")
    deltas.frombytes(data)
    return deltas


def divisor(deltas):
    """Greatest common divisor; a counter that went backwards has no say in it."""
    return reduce(math.gcd, (d for d in deltas if d < 2**63), 0) or 1


def symbols(deltas, gcd):
    return bytes(min(d, DELTA_MAX) // gcd & 255 for d in deltas)


def min_entropy(hits, total):
    """Upper end of the 99 % confidence interval, as in SP 800-90B, 6.3.1."""
    if total < 2:
        return 0.0
    p = hits / total
    p += 2.576 * math.sqrt(p * (1 - p) / (total - 1))
    return -math.log2(p) if p < 1 else 0.0


def most(values):
    return max(Counter(values).values())


def after(pairs):
    """How often the most common follower of each value follows it."""
    best = {}
    for (first, _), count in Counter(pairs).items():
        best[first] = max(best.get(first, 0), count)
    return sum(best.values())


def series(values):
    """The estimates that need no rows."""
    pairs = list(zip(values, values[1:]))
    return {
        "value": min_entropy(most(values), len(values)),
        "difference": min_entropy(most((b - a) & 255 for a, b in pairs), len(pairs)),
        "predecessor": min_entropy(after(pairs), len(pairs)),
    }


def replay_samples(deltas, gcd):
    """The rows and columns of a block that are used."""
    rows = []
    for row in range(REPLAY_SETTLE, REPLAY_ROWS):
        start = row * REPLAY_STEPS
        rows.append([min(min(d, DELTA_MAX) // gcd, 65535)
                     for d in deltas[start + 1:start + REPLAY_STEPS]])
    return rows


def replay_residuals(rows):
    columns = []
    for column in zip(*rows):
        median = sorted(column)[(len(column) - 1) // 2]
        columns.append([(x - median) & 255 for x in column])
    return list(zip(*columns))


def replay_parts(rows, residuals):
    """The parts of the replay estimate that need a row or a column at a time."""
    pairs = [pair for row in residuals for pair in zip(row, row[1:])]
    values = [x for row in residuals for x in row]
    return {
        "value": min_entropy(most(values), len(values)),
        "difference": min_entropy(most((b - a) & 255 for a, b in pairs), len(pairs)),
        "predecessor": min_entropy(after(pairs), len(pairs)),
        "position": min_entropy(sum(most(column) for column in zip(*rows)), len(values)),
    }


def neighbour(rows):
    """Guesses each sample to be that of the row that was most alike until then.

    Where a counter moves in large steps, what differs between replays can be
    no more than the phase at which they began. The other parts take that for
    noise at each step; this does not.
    """
    apart = [[0] * len(rows) for _ in rows]
    hits = total = 0
    for i, column in enumerate(zip(*rows)):
        for row, sample in enumerate(column):
            seen = apart[row]
            if i >= NEIGHBOUR_FIRST:
                seen[row] = 1 << 62
                hits += column[seen.index(min(seen))] == sample
                total += 1
            # What was long ago counts for less and less.
            apart[row] = [a - (a >> 2) + (0 if other == sample else 1 << 20)
                          for a, other in zip(seen, column)]
    return min_entropy(hits, total)


def replays(deltas, gcd, path, table):
    """All blocks: a line each in the file TABLE, and the residuals' histogram."""
    block = REPLAY_ROWS * REPLAY_STEPS
    if len(deltas) % block:
        sys.exit(f"{path}: no whole number of {REPLAY_ROWS} rows of {REPLAY_STEPS}")
    found = []
    histogram = Counter()
    for start in range(0, len(deltas), block):
        progress(f"replay {start // block + 1} of {len(deltas) // block}")
        rows = replay_samples(deltas[start:start + block], gcd)
        residuals = replay_residuals(rows)
        parts = replay_parts(rows, residuals)
        parts["neighbour"] = neighbour(rows)
        parts["residual"] = min(parts.values())
        found.append(parts)
        for row in residuals:
            histogram.update(row)
    names = ("residual",) + PARTS
    with open(table, "w", encoding="ascii") as file:
        for number, parts in enumerate(found, 1):
            cells = " ".join(f"{parts[name]:.4f}" for name in names)
            file.write(f"{number} {cells}\n")
    figures = {"replays": len(found)}
    for name in names:
        values = sorted(parts[name] for parts in found)
        middle = values[(len(values) - 1) // 2] + values[len(values) // 2]
        figures[f"replay_{name}_min"] = values[0]
        figures[f"replay_{name}_median"] = middle / 2
        figures[f"replay_{name}_max"] = values[-1]
    return figures, histogram


def restarts(matrix, rows):
    """SP 800-90B, 3.1.4.3: the most common symbol of any row, of any column."""
    lines = [matrix[i * RESTART_STEPS:(i + 1) * RESTART_STEPS] for i in range(rows)]
    return {
        "restart_value": min_entropy(most(matrix), len(matrix)),
        "restart_row_max": max(most(line) for line in lines),
        "restart_column_max": max(most(matrix[i::RESTART_STEPS])
                                  for i in range(RESTART_STEPS)),
        "restart_distinct": len(set(lines)),
    }


def plot_deltas(path, deltas):
    """Up to where all but a thousandth are: interrupts would hide the rest."""
    counts = Counter(deltas)
    left = len(deltas) - len(deltas) // 1000
    with open(path, "w", encoding="ascii") as file:
        for delta in sorted(counts):
            if left <= 0:
                break
            left -= counts[delta]
            file.write(f"{delta} {counts[delta]}\n")


def plot_autocorrelation(path, deltas):
    """Of the first samples, cut off where one would outweigh all the others."""
    values = list(deltas[:LAG_SAMPLES])
    limit = sorted(values)[len(values) - 1 - len(values) // 1000]
    mean = round(sum(min(v, limit) for v in values) / len(values))
    values = [min(v, limit) - mean for v in values]
    power = sum(map(operator.mul, values, values)) / len(values)
    largest = 0.0
    with open(path, "w", encoding="ascii") as file:
        for lag in range(1, min(LAGS, len(values) - 1) + 1):
            n = len(values) - lag
            shared = sum(map(operator.mul, values, values[lag:])) / n
            r = shared / power if power else 0.0
            largest = max(largest, abs(r))
            file.write(f"{lag} {r:.6f}\n")
    return {"autocorrelation_max": largest, "autocorrelation_samples": len(values)}


def plot_residuals(path, histogram):
    total = sum(histogram.values())
    with open(path, "w", encoding="ascii") as file:
        for signed in range(-128, 128):
            count = histogram[signed & 255]
            if count:
                file.write(f"{signed} {count / total:.8f}\n")


def main():
    if len(sys.argv) != 3:
        sys.exit(__doc__)
    folder, rows = sys.argv[1], int(sys.argv[2])

    def at(name):
        return os.path.join(folder, name)

    progress("reading")
    raw, restart, replay = (load(at(f"{name}.u64")) for name in ("raw", "restart", "replay"))
    if len(restart) != rows * RESTART_STEPS:
        sys.exit(f"{at('restart.u64')}: not {rows} rows of {RESTART_STEPS}")
    everything = (raw, restart, replay)
    gcd = reduce(math.gcd, (divisor(deltas) for deltas in everything))
    module_gcd = divisor(raw[:COUNTER_TICKS])
    figures = {
        "gcd": gcd,
        "module_gcd": module_gcd,
        "raw_samples": len(raw),
        "raw_median": sorted(raw)[len(raw) // 2],
        "raw_max": max(raw),
        "backwards": sum(d >> 63 for deltas in everything for d in deltas),
    }

    progress("symbols")
    raw_symbols, restart_symbols = symbols(raw, gcd), symbols(restart, gcd)
    for name, data in (("raw.sym", raw_symbols), ("restart.sym", restart_symbols)):
        with open(at(name), "wb") as file:
            file.write(data)
    figures["raw_symbols"] = len(set(raw_symbols))

    progress("raw samples")
    parts = series(raw_symbols)
    parts["least"] = min(parts.values())
    for name, value in parts.items():
        figures[f"raw_{name}"] = value
    progress("restarts")
    figures.update(restarts(restart_symbols, rows))
    more, histogram = replays(replay, module_gcd, at("replay.u64"), at("replays.txt"))
    figures.update(more)

    progress("what is plotted")
    plot_deltas(at("delta.dat"), raw)
    figures.update(plot_autocorrelation(at("autocorrelation.dat"), raw))
    plot_residuals(at("residual.dat"), histogram)

    with open(at("figures.txt"), "w", encoding="ascii") as file:
        for name, value in figures.items():
            file.write(f"{name} {value:.4f}\n" if isinstance(value, float)
                       else f"{name} {value}\n")


main()
