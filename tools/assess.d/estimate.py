# SPDX-License-Identifier: GPL-2.0
"""estimate.py: the replay residual

Imported by figures.py. Follows the definitions in havege_estimate.h and havege_math.h;
shares no code with the module, and uses floating point in place of integers.

estimate(rows) returns the figures of a set (FIGURES), its learning curve and its
residuals; residual(rows) only the residual. clocks(rows, samples) makes a set of a
simulated machine without noise.
"""

import itertools
import math
import re
import sys
from array import array
from collections import Counter

# havege_estimate.h: predicted rows, rows of the smaller set.
QUERIES, FEW = 64, 64
# A larger sample counts as this.
SAMPLE_MAX = 65535
# Larger than the distance of any row.
NEVER = 0x7fff
# havege_math.h: the learning curve is continued to 2^40 rows.
HORIZON = 40

BOUNDS = ("value", "difference", "predecessor", "position")
FIGURES = ("residual", "few", "all", "slope", "end") + BOUNDS


def shape(span):
    """Rows of a set, and samples of a row."""
    return (256, 512) if span == 1 else (1024, 256)


def needed(span):
    """The least residual at which the module credits a machine."""
    if span == 1:
        return 1 / 8
    return 1 / 2 if span < 64 else 1 / 4


def min_entropy(hits, total):
    """Upper end of the 99 % confidence interval, as in SP 800-90B, 6.3.1."""
    if total < 2:
        return 0.0
    p = hits / total
    p += 2.576 * math.sqrt(p * (1 - p) / (total - 1))
    return -math.log2(p) if p < 1 else 0.0


def max_entropy(hits, total):
    """The rate less one standard deviation, but no less than one hit."""
    if total < 2 or hits == total:
        return 0.0
    p = hits / total
    p -= math.sqrt(p * (1 - p) / (total - 1))
    return -math.log2(max(p, 1 / total))


def continued(few, every, rows):
    """The curve from FEW to all rows as a power of the rows: slope and end."""
    if every <= 0 or few <= every:
        return 0.0, every
    slope = math.log(few / every) / math.log(rows / FEW)
    return slope, every * (2**HORIZON / rows)**-slope


def most(values):
    return max(Counter(values).values())


def after(pairs):
    """Sum, over all values, of how often the most common follower comes."""
    best = {}
    for (first, _), count in Counter(pairs).items():
        best[first] = max(best.get(first, 0), count)
    return sum(best.values())


def scatter(x):
    """The hash of havege_estimate.h: scatters the places."""
    x = x * 0x9e3779b1 & 0xffffffff
    x ^= x >> 15
    x = x * 0x85ebca77 & 0xffffffff
    x ^= x >> 13
    x = x * 0xc2b2ae3d & 0xffffffff
    return x >> 16


def places(rows):
    """The row at each place, the smaller set first; the places of the queries."""
    stride = rows // QUERIES
    first, rest, asked = [], [], []
    for i in range(QUERIES):
        query = scatter(2 * i) % stride
        few = (query + 1 + scatter(2 * i + 1) % (stride - 1)) % stride
        first.append(i * stride + few)
        rest += [i * stride + row for row in range(stride) if row != few]
        asked.append(i * stride + query)
    order = first + rest
    return order, [order.index(row) for row in asked]


def halved(values, seed):
    """One of every two, chosen by a hash, and the others."""
    pairs = [values[i:i + 2] for i in range(0, len(values), 2)]
    which = [scatter(seed + i) & 1 for i in range(len(pairs))]
    return ([pair[i] for pair, i in zip(pairs, which)],
            [pair[1 - i] for pair, i in zip(pairs, which)])


def growing(rows):
    """Places of 16 rows, of another 16, of another 32 ... up to all.

    The first 64 rows, and all rows, are those of the estimate. A hash chooses smaller
    parts from the 64, and larger ones from each stride.
    """
    half, last = halved(list(range(FEW)), 1000)
    quarter, middle = halved(half, 2000)
    parts = [quarter, middle, last]
    others = rows // QUERIES - 1
    rest = [[FEW + i * others + (scatter(3000 + i) + j) % others for j in range(others)]
            for i in range(QUERIES)]
    have = 1
    while have <= others:
        # The same number again, from each stride.
        parts.append(sorted(place for stride in rest
                            for place in stride[have - 1:2 * have - 1]))
        have *= 2
    return parts


def guesses(three, column):
    """Two guesses: the second and third if they agree, else the nearest; the nearest."""
    one, two, other = (column[place] for _, place in three)
    return (two if two == other else one), one


def nearest(near, which):
    """The three nearest of some rows: distances, and places from WHICH."""
    near, three = list(near), []
    for _ in range(3):
        least = min(near)
        i = near.index(least)
        near[i] = NEVER
        three.append((least, which[i]))
    return three


class Distances:
    """Distance of each row from the predicted one.

    The distances are 16-bit digits of a large number: one addition updates all.
    """

    def __init__(self, columns, asked):
        self.count = len(columns[0])
        self.one = sum(1 << 16 * row for row in range(self.count))
        self.high = self.one << 15
        self.fade = self.one * 0x1fff
        # For each column and value: the addition to rows with another value.
        self.differs = []
        for column in columns:
            same = dict.fromkeys((column[row] for row in asked), 0)
            for row, value in enumerate(column):
                if value in same:
                    same[value] |= 1 << 16 * row
            self.differs.append({value: (self.one ^ which) << 11
                                 for value, which in same.items()})
        self.apart = 0

    def go_on(self, column, value):
        """Older differences fade."""
        self.apart += self.differs[column][value] - (self.apart >> 3 & self.fade)

    def digits(self):
        digits = array("H", self.apart.to_bytes(2 * self.count, "little"))
        if sys.byteorder == "big":
            digits.byteswap()
        return digits

    def within(self, limit):
        """The rows that are not farther than LIMIT."""
        rest = (self.apart | self.high) - self.one * (limit + 1) & self.high
        found = (rest ^ self.high).to_bytes(2 * self.count, "little")
        return [match.start() // 2 for match in re.finditer(b"\x80", found)]


def predict(columns, asked, counted, parts):
    """Number of right guesses of both predictors, for each number of rows.

    The predictors see the rows of the first part, then also those of the second, and
    so on; one of these numbers of rows is FEW. Guesses count from column COUNTED on.
    """
    lanes = [place for part in parts for place in part]
    ends = list(itertools.accumulate(map(len, parts)))
    distances = Distances([[column[place] for place in lanes] for column in columns],
                          [lanes.index(place) for place in asked])
    hits = Counter(), Counter()
    for query in asked:
        distances.apart = 0
        for i, column in enumerate(columns):
            actual = column[query]
            if i >= counted:
                near = distances.digits()
                three, close, begin = [], [], 0
                for end in ends:
                    if end <= FEW:
                        some = nearest(near[begin:end], lanes[begin:end])
                    else:
                        some = [(near[lane], lanes[lane]) for lane in close
                                if begin <= lane < end]
                    three = sorted(three + some)[:3]
                    for right, guess in zip(hits, guesses(three, column)):
                        right[end] += guess == actual
                    begin = end
                    if end == FEW:
                        # From here on the three can only be among these.
                        close = [lane for lane in distances.within(three[2][0])
                                 if lanes[lane] != query]
            distances.go_on(i, actual)
    return hits


def used(deltas, gcd, samples):
    """The rows of a set. The first sample of a row spans the pause before it."""
    return [[min(d // gcd, SAMPLE_MAX) for d in deltas[i + 1:i + samples]]
            for i in range(0, len(deltas), samples)]


def residuals_of(rows):
    """Each sample less the median of its column; the low eight bits."""
    columns = []
    for column in zip(*rows):
        middle = sorted(column)[(len(column) - 1) // 2]
        columns.append([(x - middle) & 255 for x in column])
    return list(zip(*columns))


def bounds(rows, residuals):
    """The bounds that need no predictor."""
    pairs = [pair for row in residuals for pair in zip(row, row[1:])]
    values = [x for row in residuals for x in row]
    return {
        "value": min_entropy(most(values), len(values)),
        "difference": min_entropy(most((b - a) & 255 for a, b in pairs), len(pairs)),
        "predecessor": min_entropy(after(pairs), len(pairs)),
        "position": min_entropy(sum(most(column) for column in zip(*rows)), len(values)),
    }


def figures_of(rows, growth):
    """The figures of a set; the learning curve, bits by rows; the residuals."""
    samples = len(rows[0]) + 1
    order, asked = places(len(rows))
    columns = list(zip(*(rows[row] for row in order)))
    # A predictor needs a quarter of the row to find a phase.
    hits = predict(columns, asked, samples // 4 - 1, growth)
    total = QUERIES * (samples - samples // 4)
    residuals = residuals_of(rows)
    parts = bounds(rows, residuals)
    curves = []
    for right in hits:
        few, every = max_entropy(right[FEW], total), min_entropy(right[len(rows)], total)
        slope, end = continued(few, every, len(rows))
        curves.append((end, slope, few, every, right))
    # The predictor with the lowest end of the curve counts.
    parts["end"], parts["slope"], parts["few"], parts["all"], right = min(
        curves, key=lambda one: one[0])
    parts["residual"] = min(parts[name] for name in BOUNDS + ("end",))
    curve = {size: -math.log2(max(count, 1) / total) for size, count in sorted(right.items())}
    return parts, curve, residuals


def estimate(rows):
    return figures_of(rows, growing(len(rows)))


def residual(rows):
    """The residual of a set, without a learning curve."""
    growth = [list(range(FEW)), list(range(FEW, len(rows)))]
    return figures_of(rows, growth)[0]["residual"]


def clocks(rows, samples):
    """A machine without noise: repeats a fixed program.

    Core, cache, memory and counter each have a clock; no period is a multiple of
    another. A step takes some cycles of the core, then waits for the cache, in half of
    the steps for the memory too, and for the next edge of the core's clock. A hash sets
    the pause between two rows: the rows differ only by the phases at their begin.
    """
    core, cache, memory, counter = 1000000, 2618034, 7141593, 732051
    program = [(20 + scatter(i) % 61, scatter(samples + i) & 1) for i in range(samples)]
    now = last = 0
    found = []
    for row in range(rows):
        now += (200000 + scatter(5000 + row)) * core + scatter(9000 + row) * 997
        line = []
        for cost, far in program:
            now = ((now + cost * core) // cache + 11) * cache
            if far:
                now = (now // memory + 40) * memory
            now = -(-now // core) * core
            line.append(now // counter - last)
            last = now // counter
        found.append(line[1:])
    return found
