"""Independent implementation of a step of training, whose results tests/golden.rs pins. Run: python3 step.py"""

from math import isqrt

M32 = (1 << 32) - 1
MASK = (1 << 64) - 1


def i32(v):
    v &= M32
    return v - (1 << 32) if v >> 31 else v


def philox(c, k):
    c, k = list(c), list(k)
    for _ in range(10):
        low, high = 0xD2511F53 * c[0], 0xCD9E8D57 * c[2]
        c = [(high >> 32) ^ c[1] ^ k[0], high & M32, (low >> 32) ^ c[3] ^ k[1], low & M32]
        k = [(k[0] + 0x9E3779B9) & M32, (k[1] + 0xBB67AE85) & M32]
    return c


class Stream:
    def __init__(self, seed, purpose, step):
        s = [int.from_bytes(seed[4 * i : 4 * i + 4], "little") for i in range(8)]
        a = philox(s[:4], s[4:6])
        k = philox([a[0] ^ s[6], a[1] ^ s[7], a[2] ^ purpose, a[3]], s[4:6])
        self.key, self.tweak, self.step, self.next, self.rest = k[:2], k[2], step, 0, []

    def word(self):
        if not self.rest:
            self.rest = philox([self.next, self.step & M32, self.step >> 32, self.tweak], self.key)
            self.next += 1
        return self.rest.pop(0)

    def below(self, n):
        surplus = (-n & M32) % n if n else 0
        while True:
            product = self.word() * n
            if product & M32 >= surplus:
                return product >> 32

    def shuffle(self, items):
        for last in range(len(items) - 1, 0, -1):
            other = self.below(last + 1)
            items[last], items[other] = items[other], items[last]


MAX_WEIGHT, MAX_BIAS = (2 << 20) - (1 << 9) - 1, 8 << 20


def rounded(v, bits):
    return (v + (1 << (bits - 1))) >> bits if bits else v


def clamp(v, low, high):
    return max(low, min(high, v))


def he(inputs, outputs, random):
    bound = min(isqrt((6 << 40) // inputs), MAX_WEIGHT)
    return [[random.below(2 * bound + 1) - bound for _ in range(inputs)] for _ in range(outputs)]


def sign(v):
    return (v > 0) - (v < 0)


class Parameter:
    def __init__(self, p, limit):
        self.p, self.m, self.limit = p, 0, limit

    def step(self, g, rate, decay):
        s = sign(self.m - (self.m >> 2) + (g >> 2))
        fall = ((self.p >> 8) * rate) >> (12 - min(decay, 8))
        self.p = clamp(self.p - s * rate - fall, -self.limit, self.limit)
        self.m += (g - self.m) >> 5


class Net:
    def __init__(self, widths, out_shift, random):
        self.layers = []
        for at, (i, o) in enumerate(zip(widths, widths[1:])):
            w = [[Parameter(p, MAX_WEIGHT) for p in row] for row in he(i, o, random)]
            b = [Parameter(0, MAX_BIAS) for _ in range(o)]
            self.layers.append((w, b, 10 if at + 2 < len(widths) else out_shift))

    def forward(self, x):
        xs = [x]
        for at, (w, b, shift) in enumerate(self.layers):
            rows = [([rounded(p.p, 10) for p in row], rounded(bias.p, 1)) for row, bias in zip(w, b)]
            sums = [[i32(sum(a * c for a, c in zip(row, s)) + bias) for row, bias in rows] for s in xs[-1]]
            if at + 1 == len(self.layers):
                return xs, sums
            xs.append([[clamp(rounded(v, shift), 0, 2047) for v in s] for s in sums])

    def step(self, x, loss, rate, decay):
        xs, sums = self.forward(x)
        g = loss(sums)
        for at in reversed(range(len(self.layers))):
            w, b, _ = self.layers[at]
            if at:
                alive = [[0 < v < 2047 for v in s] for s in xs[at]]
                raw = [
                    [sum(rounded(w[o][i].p, 10) * gs[o] for o in range(len(w))) if a[i] else 0 for i in range(len(a))]
                    for gs, a in zip(g, alive)
                ]
                bits = 0
                for v in sum(raw, []):
                    bits |= abs(v)
                shift = max(0, bits.bit_length() - 11)
                before = [[clamp(rounded(v, shift), -2047, 2047) for v in s] for s in raw]
            for o, row in enumerate(w):
                for i, p in enumerate(row):
                    p.step(sum(gs[o] * s[i] for gs, s in zip(g, xs[at])), rate, decay)
            for o, p in enumerate(b):
                p.step(sum(gs[o] for gs in g) << 9, rate, decay)
            if at:
                g = before

    def masters(self):
        return [p.p for w, b, _ in self.layers for p in sum(w, []) + b]


def digest(values):
    h = 0xCBF29CE484222325
    for v in values:
        h = ((h ^ (v & MASK)) * 0x100000001B3) & MASK
    return h


def run(widths, batch, steps, rate, decay):
    random = Stream(bytes([7] * 32), 4, 0)
    net = Net(widths, 9, random)
    data = Stream(bytes([8] * 32), 3, 0)
    for _ in range(steps):
        x = [[data.below(4095) - 2047 for _ in range(widths[0])] for _ in range(batch)]
        targets = [[data.below(4001) - 2000 for _ in range(widths[-1])] for _ in range(batch)]
        net.step(x, lambda s: [[64 * sign(v - (t << 9)) for v, t in zip(*r)] for r in zip(s, targets)], rate, decay)
    return digest(net.masters())


if __name__ == "__main__":
    for case in [([5, 3], 7, 12, 1024, 0), ([6, 4, 3], 8, 20, 700, 3), ([9, 7, 5, 4], 33, 15, 16384, 8)]:
        print(case, run(*case))
