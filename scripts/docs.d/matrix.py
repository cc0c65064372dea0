#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0
"""matrix.py DIR STEPS

Called by scripts/docs. Of what scripts/assess has left in DIR it writes two
matrices there, STEPS samples a line and as many lines as runs of a replay count:

  walked.dat    of raw.u64, the first ones: ticks less the median of all of raw.u64
  left.dat      of replay.u64, the first replay's first steps: ticks less the
                median of the column, which is the residual

and into scale.gp how far most of the former are from 0. Each sample is repeated to
a rectangle of WIDTH times HEIGHT, as pixels of a picture that may be scaled: a
picture of single ones would be blurred.
"""

import os
import sys
from array import array

# havege_replay.h: rows, those while caches settle, columns.
ROWS, SETTLE, COLUMNS = 64, 8, 512
WIDTH, HEIGHT = 6, 3


def load(path):
    deltas = array("Q")
    with open(path, "rb") as file:
        deltas.frombytes(file.read())
    return deltas


def median(values):
    return sorted(values)[(len(values) - 1) // 2]


def write(path, rows):
    with open(path, "w", encoding="ascii") as file:
        for row in rows:
            line = " ".join(str(x) for x in row for _ in range(WIDTH))
            file.write((line + "\n") * HEIGHT)


def main():
    if len(sys.argv) != 3:
        sys.exit(__doc__)
    folder, steps = sys.argv[1], int(sys.argv[2])

    def at(name):
        return os.path.join(folder, name)

    raw, replay = load(at("raw.u64")), load(at("replay.u64"))
    count = ROWS - SETTLE
    middle = median(raw)
    # The first sample of all, and of a row of a replay, spans the pause before it.
    walked = [[x - middle for x in raw[1 + i * steps:1 + (i + 1) * steps]]
              for i in range(count)]
    rows = [replay[i * COLUMNS + 1:i * COLUMNS + 1 + steps] for i in range(SETTLE, ROWS)]
    middles = [median(column) for column in zip(*rows)]
    left = [[x - m for x, m in zip(row, middles)] for row in rows]
    write(at("walked.dat"), walked)
    write(at("left.dat"), left)

    # One interrupt must not make all else look alike.
    far = sorted(abs(x) for row in walked for x in row)
    with open(at("scale.gp"), "w", encoding="ascii") as file:
        file.write(f"scale = {max(1, far[len(far) * 97 // 100])}\n"
                   f"width = {WIDTH}\nheight = {HEIGHT}\nrows = {count}\n")


main()
