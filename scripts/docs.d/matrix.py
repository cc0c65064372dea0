# SPDX-License-Identifier: GPL-2.0
"""matrix.py DIR STEPS

Called by scripts/docs. Reads the files of tools/assess in DIR, and writes two matrices
there, STEPS samples a line and SHOWN lines:

  walked.dat    the first samples of raw.u64: ticks less the median of all of raw.u64
  left.dat      replay.u64, the set with the median residual: the first samples of the
                first rows, in ticks less the median of the column over all rows of the
                set

and scale.gp with the distance from 0 that most of walked.dat has. Each sample becomes
a rectangle of WIDTH times HEIGHT pixels: single pixels would blur when the picture is
scaled.
"""

import os
import sys
from array import array

# Lines of the picture: more would be narrower than a pixel.
SHOWN = 64
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

    with open(at("figures.txt"), encoding="ascii") as file:
        figures = dict(line.split() for line in file)
    # havege_estimate.h: rows of a set, and samples of a row.
    count = int(figures["set_rows"])
    columns = 512 if count == 256 else 256
    raw, replay = load(at("raw.u64")), load(at("replay.u64"))
    middle = median(raw)
    # The first sample of all, and of a row of a replay, spans the pause before it.
    walked = [[x - middle for x in raw[1 + i * steps:1 + (i + 1) * steps]]
              for i in range(SHOWN)]
    first = int(figures["ours_set"]) * count
    rows = [replay[i * columns + 1:i * columns + 1 + steps]
            for i in range(first, first + count)]
    middles = [median(column) for column in zip(*rows)]
    left = [[x - m for x, m in zip(row, middles)] for row in rows[:SHOWN]]
    write(at("walked.dat"), walked)
    write(at("left.dat"), left)

    # One interrupt must not make all else look alike.
    far = sorted(abs(x) for row in walked for x in row)
    with open(at("scale.gp"), "w", encoding="ascii") as file:
        file.write(f"scale = {max(1, far[len(far) * 97 // 100])}\n"
                   f"width = {WIDTH}\nheight = {HEIGHT}\nrows = {SHOWN}\n")


main()
