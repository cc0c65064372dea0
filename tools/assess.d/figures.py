# SPDX-License-Identifier: GPL-2.0
"""figures.py DIR ROWS K [GAPS]

Called by tools/assess: computes all figures of a capture. The replay residual is in
estimate.py.

In DIR it reads raw.u64 (half-steps in a row), restart.u64 (ROWS rows of 1000
half-steps) and replay.u64 (sets of replays, whose samples span K half-steps): unsigned
64-bit deltas in this machine's byte order. In GAPS it reads gap-N.u64, sets like those
in replay.u64 with N live fills between two rows. It writes to DIR

  raw.sym restart.sym   one byte a sample, for NIST's tools
  figures.txt           NAME VALUE, one a line
  replays.txt           a line for each set of replay.u64
  choices.txt           with GAPS: the residuals of other shapes of a set
  *.dat                 data of the plots
"""

import concurrent.futures
import math
import operator
import os
import re
import sys
from array import array
from collections import Counter
from functools import reduce

# No __pycache__ in the checkout.
sys.dont_write_bytecode = True
from estimate import (FIGURES, after, clocks, estimate, min_entropy, most, needed, residual,
                      shape, used)

# havege_health.h: a longer delta counts as this.
DELTA_MAX = 2**32 - 1
RESTART_STEPS = 1000
# havege_source.h: the module takes the GCD of this many deltas.
COUNTER_TICKS = 1024

LAGS = 200
LAG_SAMPLES = 200000
# Least entropy on a logarithmic scale.
FLOOR = 1e-6


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
    """Greatest common divisor, without deltas that go backwards."""
    return reduce(math.gcd, (d for d in deltas if d < 2**63), 0) or 1


def symbols(deltas, gcd):
    return bytes(min(d, DELTA_MAX) // gcd & 255 for d in deltas)


def median(ordered):
    return (ordered[(len(ordered) - 1) // 2] + ordered[len(ordered) // 2]) / 2


def series(values):
    """The estimates of samples in a row."""
    pairs = list(zip(values, values[1:]))
    return {
        "value": min_entropy(most(values), len(values)),
        "difference": min_entropy(most((b - a) & 255 for a, b in pairs), len(pairs)),
        "predecessor": min_entropy(after(pairs), len(pairs)),
    }


def sets_of(path, deltas, span):
    """The sets of a file."""
    rows, samples = shape(span)
    block = rows * samples
    if len(deltas) % block:
        sys.exit(f"{path}: no whole number of sets of {rows} rows of {samples}")
    return [deltas[start:start + block] for start in range(0, len(deltas), block)]


def each(function, sets):
    """Results in order, computed on all CPUs."""
    with concurrent.futures.ProcessPoolExecutor() as pool:
        yield from pool.map(function, sets)


def replays(sets, gcd, span, table):
    """Write a line for each set to TABLE; return their figures, curves, residuals."""
    samples = shape(span)[1]
    found = []
    histogram = Counter()
    for parts, curve, residuals in each(
            estimate, [used(deltas, gcd, samples) for deltas in sets]):
        found.append((parts, curve))
        progress(f"replay {len(found)} of {len(sets)}")
        for row in residuals:
            histogram.update(row)
    with open(table, "w", encoding="ascii") as file:
        for number, (parts, _) in enumerate(found, 1):
            cells = " ".join(f"{parts[name]:.4f}" for name in FIGURES)
            file.write(f"{number} {cells}\n")
    figures = {"replays": len(found)}
    for name in FIGURES:
        values = sorted(parts[name] for parts, _ in found)
        figures[f"replay_{name}_min"] = values[0]
        figures[f"replay_{name}_median"] = median(values)
        figures[f"replay_{name}_max"] = values[-1]
    return figures, found, histogram


def learning(folder, found, span):
    """Write the learning curves of this machine and of one without noise."""
    progress("a machine without noise")
    quiet = estimate(clocks(*shape(span)))[:2]
    # The lower median.
    ours = sorted(found, key=lambda one: one[0]["residual"])[(len(found) - 1) // 2]
    figures = {"limit": needed(span), "set_rows": shape(span)[0], "span": span,
               "ours_set": found.index(ours)}
    for name, (parts, _) in (("ours", ours), ("quiet", quiet)):
        for part in ("residual", "few", "all", "slope", "end"):
            figures[f"{name}_{part}"] = parts[part]
    groups = ([curve for _, curve in found], [ours[1]], [quiet[1]])
    with open(os.path.join(folder, "learning.dat"), "w", encoding="ascii") as file:
        for group in groups:
            for curve in group:
                for size, bits in curve.items():
                    file.write(f"{size} {max(bits, FLOOR):.6f}\n")
                file.write("\n")
            file.write("\n")
    return figures


def choices(folder, gaps, gcd, span):
    """Write a line to choices.txt for each other shape of a set.

    Shorter rows are the beginnings of longer ones.
    """
    rows, samples = shape(span)
    lengths = [samples] if samples == 256 else [samples, 256]
    files = sorted((int(match[1]), os.path.join(gaps, match[0]))
                   for match in (re.fullmatch(r"gap-(\d+)\.u64", name)
                                 for name in os.listdir(gaps)) if match)
    with open(os.path.join(folder, "choices.txt"), "w", encoding="ascii") as file:
        for length in lengths:
            for gap, path in files:
                progress(f"{length} samples a row, {gap} fills between")
                sets = [[row[:length - 1] for row in used(deltas, gcd, samples)]
                        for deltas in sets_of(path, load(path), span)]
                found = sorted(each(residual, sets))
                file.write(f"{length} {gap} {len(found)} "
                           f"{found[0]:.4f} {median(found):.4f} {found[-1]:.4f}\n")
            progress(f"{length} samples a row, a machine without noise")
            quiet = residual(clocks(rows, length))
            file.write(f"{length} quiet 1 {quiet:.4f} {quiet:.4f} {quiet:.4f}\n")


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
    """Without the largest thousandth: interrupts would hide the rest."""
    counts = Counter(deltas)
    left = len(deltas) - len(deltas) // 1000
    with open(path, "w", encoding="ascii") as file:
        for delta in sorted(counts):
            if left <= 0:
                break
            left -= counts[delta]
            file.write(f"{delta} {counts[delta]}\n")


def plot_autocorrelation(path, deltas):
    """Of the first samples; limit large deltas, which would outweigh all others."""
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
    if len(sys.argv) not in (4, 5):
        sys.exit(__doc__)
    folder, rows, span = sys.argv[1], int(sys.argv[2]), int(sys.argv[3])

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
    sets = sets_of(at("replay.u64"), replay, span)
    more, found, histogram = replays(sets, module_gcd, span, at("replays.txt"))
    figures.update(more)
    figures.update(learning(folder, found, span))
    if len(sys.argv) == 5:
        choices(folder, sys.argv[4], module_gcd, span)

    progress("data of the plots")
    plot_deltas(at("delta.dat"), raw)
    figures.update(plot_autocorrelation(at("autocorrelation.dat"), raw))
    plot_residuals(at("residual.dat"), histogram)

    with open(at("figures.txt"), "w", encoding="ascii") as file:
        for name, value in figures.items():
            file.write(f"{name} {value:.4f}\n" if isinstance(value, float)
                       else f"{name} {value}\n")


if __name__ == "__main__":
    main()
