"""Independent implementation of a training run of a loss genome, whose sums tests/runs.rs pins. Run: python3 run.py"""

import os
import sys

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, os.path.join(HERE, "../../../scoring/tests/golden"))
sys.path.insert(0, HERE)
from genomes import loss_gradient  # noqa: E402
from step import Net, Stream, clamp, rounded  # noqa: E402

CROSS_ENTROPY = [(100, [1, 0]), (100, [2, 1]), (253, [2, 3]), (7, [3, 3]), (3, [1, 3, 3]), (200, [3, -1, 3]), (11, [3, 9]), (453, [9])]
SQUARED_ERROR = [(100, [1, 0]), (100, [2, 1]), (350, [2, 1, 9]), (453, [9])]


def samples(features, classes, count):
    """Noisy prototypes of classes: features, then the class."""
    r = Stream(bytes([9] * 32), 2, 0)
    prototypes = [[r.below(256) for _ in range(features)] for _ in range(classes)]
    rows = []
    for at in range(count):
        c = at % classes
        rows.append([clamp(p + r.below(241) - 120, 0, 255) for p in prototypes[c]] + [c])
    return rows


def rates(shift, steps):
    rate = 1 << (16 + shift)
    last = max(rate >> 7, 1 << 16)
    fall = (rate - last) // max(steps, 1)
    while True:
        yield rate >> 16
        rate = max(rate - fall, last)


def normalise(values):
    bits = 0
    for v in values:
        bits |= abs(v)
    shift = bits.bit_length() - 11
    return [clamp(rounded(v, shift) if shift > 0 else v << -shift, -2047, 2047) for v in values]


def run(p, genome, rows, seed, index):
    deal = Stream(seed, 6, index)
    order = list(range(len(rows)))
    for place in range(p["training"] + p["validation"]):
        other = place + deal.below(len(order) - place)
        order[place], order[other] = order[other], order[place]
    train, check = order[: p["training"]], order[p["training"] : p["training"] + p["validation"]]
    net = Net([p["features"], *p["hidden"], p["classes"]], 10, Stream(seed, 4, index))
    shuffle = Stream(seed, 3, index)
    load = lambda which: [[clamp((b - 128) << p["shift"], -2047, 2047) for b in rows[i][:-1]] for i in which]  # noqa: E731
    rate, at = rates(p["rate"], p["steps"]), 0
    for _ in range(p["steps"]):
        if at == 0 or at + p["batch"] > len(train):
            shuffle.shuffle(train)
            at = 0
        batch = train[at : at + p["batch"]]
        at += p["batch"]

        def loss(sums):
            scores = [clamp((s + 4) >> 3, -(1 << 30), 1 << 30) for row in sums for s in row]
            g = normalise(loss_gradient(genome, [rows[i][-1] for i in batch], scores, p["classes"])[1])
            return [g[i * p["classes"] : (i + 1) * p["classes"]] for i in range(len(batch))]

        net.step(load(batch), loss, next(rate), p["decay"])
    _, sums = net.forward(load(check))
    return 16 * sum(s.index(max(s)) != rows[i][-1] for s, i in zip(sums, check))


SMALL = dict(features=6, classes=3, shift=3, hidden=[5], training=24, validation=20, batch=8, steps=20, rate=13, decay=0)
DEEP = dict(features=9, classes=4, shift=4, hidden=[8, 6], training=30, validation=16, batch=7, steps=25, rate=12, decay=2)
LINEAR = dict(features=4, classes=2, shift=4, hidden=[], training=16, validation=30, batch=16, steps=12, rate=14, decay=0)

if __name__ == "__main__":
    for name, p in (("small", SMALL), ("deep", DEEP), ("linear", LINEAR)):
        rows = samples(p["features"], p["classes"], 60)
        for genome in (CROSS_ENTROPY, SQUARED_ERROR):
            print(name, [run(p, genome, rows, bytes([i] * 32), i) for i in range(6)])
