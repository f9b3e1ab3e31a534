"""Independent implementation of the machine of loss genomes, whose results tests/genomes.rs pins. Run: python3 genomes.py"""

import math
import os
import re
import sys

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, os.path.join(HERE, "../../../training/tests/golden"))
from step import Stream, digest  # noqa: E402

src=open(os.path.join(HERE, '../../src/genome/tables.rs')).read()
def tab(n):
    m=re.search(r'pub const %s: \[u32; ENTRIES\] = \[(.*?)\];'%n,src,re.S).group(1)
    return [int(x.replace('_','')) for x in re.findall(r'[\d_]+',m)]
LOG2,EXP2=tab('LOG2'),tab('EXP2')
ONE=65536;LIMIT=1<<30;GL=(1<<33)-1
LOG2_E=1549082005;LN_2=744261118
def sat(v): return max(-LIMIT,min(LIMIT,v))
def satg(v): return max(-GL,min(GL,v))
def mul(x,y): return sat((x*y+32768)>>16)
def scale(g,v): return satg((g*v+32768)>>16)
def tdiv(a,b):
    q=abs(a)//abs(b); return q if (a<0)==(b<0) else -q
def sign(v): return (v>0)-(v<0)
def div(x,y): return sat(tdiv(x<<16,y)) if y else sign(x)*LIMIT
def gdiv(g,v): return satg(tdiv(g<<16,v)) if v else sign(g)*GL
def mean(s,n): return (2*s+n)//(2*n)
def sqrt(x): return math.isqrt(max(x,0)<<16)
def log2(x):
    w=x.bit_length()-1; m=(x<<(31-w))&0x7fffffff; i=m>>23; r=m&0x7fffff
    return (w<<24)+LOG2[i]+(((LOG2[i+1]-LOG2[i])*r+(1<<22))>>23)
def ln(x): return ((log2(max(x,1))-(16<<24))*LN_2+(1<<37))>>38
def ln_fine(x): return ((log2(max(x,1))-(16<<24))*LN_2+(1<<29))>>30
def parts(x):
    p=x*LOG2_E; f=(p>>22)&0xffffff; i=f>>16; r=f&0xffff
    return EXP2[i]+(((EXP2[i+1]-EXP2[i])*r+(1<<15))>>16), p>>46
def expw(x,frac):
    m,e=parts(x); s=30-frac-e
    if s<=-9: return 1<<40
    if s<=0: return m<<-s
    if s<=40: return (m+((1<<s)>>1))>>s
    return 0
def exp(x): return sat(expw(x,16))
def decay(x): return expw(-abs(x),30)
def oop(n,e):
    d=e+(1<<30); return ((n<<16)+(d>>1))//d
def sigmoid(x):
    h=oop(1<<30,decay(x)); return ONE-h if x<0 else h
def tanh(x):
    e=decay(2*x); return sign(x)*oop((1<<30)-e,e)
def softmax(r):
    h=max(r); p=[expw(x-h,30) for x in r]; s=sum(p)
    return [max(1,((v<<16)+(s>>1))//s) for v in p]
def power(x,y):
    whole=y&(ONE-1)==0
    b=0 if x<0 and not whole else abs(x)
    m=sat(expw((ln_fine(b)*y)>>24,16))
    return -m if x<0 and whole and (y>>16)&1 else m
def base_ln(x,y):
    whole=y&(ONE-1)==0
    return ln(0 if x<0 and not whole else abs(x))


def kind(code):
    if code in (201, 204) or 206 <= code <= 249:
        return 201
    if 254 <= code <= 349 and code != 300:
        return 110
    if 353 <= code <= 399:
        return 350
    return code


# Operands: r reads, w writes, s special, c constant, x axis, j address.
FORMS = {100: "ws", 101: "wc", 20: "rcw", 21: "rcw", 409: "rrwr", 450: "j", 451: "rj", 453: "r", 454: ""}
FORMS |= {k: "rrw" for k in (1, 2, 3, 4, 5, 102, 300, 350, 351, 352, 400, 401)}
FORMS |= {k: "rw" for k in (6, 7, 8, 9, 10, 11, 12, 103, 110, 250, 251, 252, 253)}
FORMS |= {k: "rxw" for k in (200, 201, 202, 203, 205)}


class T:
    def __init__(self, r, c, v):
        self.r, self.c, self.v = r, c, v

    def at(self, i, j):
        return self.v[(0 if self.r == 1 else i) * self.c + (0 if self.c == 1 else j)]


def bshape(ts, most):
    out = []
    for axis in "rc":
        sizes = [getattr(t, axis) for t in ts]
        big = next((s for s in sizes if s != 1), 1)
        if any(s not in (1, big) for s in sizes):
            return None
        out.append(big)
    return tuple(out) if out[0] * out[1] <= most else None


def groups(t, axis):
    if (t.r, t.c) == (1, 1):
        return None
    if axis in (1, -1):
        return (t.r, 1), [[i * t.c + j for j in range(t.c)] for i in range(t.r)]
    return (1, t.c), [[i * t.c + j for i in range(t.r)] for j in range(t.c)]


def dev(vs):
    m = mean(sum(vs), len(vs))
    return m, sat(math.isqrt(min(sum((v - m) ** 2 for v in vs) // (len(vs) - 1), (1 << 64) - 1))) if len(vs) > 1 else 0


def clipped(x):
    return max(1, min(ONE - 1, x))


def bce(x, y):
    p = clipped(x)
    return sat(-(mul(y, ln(p)) + mul(sat(ONE - y), ln(ONE - p))))


BINARY = {
    1: lambda x, y: sat(x + y),
    2: lambda x, y: sat(x - y),
    3: mul,
    4: div,
    5: power,
    300: max,
    400: lambda x, y: ONE if x > y else 0,
    401: lambda x, y: ONE if x >= y else 0,
}
UNARY = {
    6: sqrt,
    7: ln,
    8: exp,
    9: abs,
    10: lambda x: mul(x, x),
    11: lambda x: -x,
    12: lambda x: div(ONE, x),
    250: lambda x: max(x, 0),
    251: sigmoid,
    252: tanh,
}
ERRORS = {350: lambda x, y: mul(sat(x - y), sat(x - y)), 351: lambda x, y: abs(sat(x - y)), 352: bce}


def value(k, p, ins, most):
    x = ins[0] if ins else None
    if k in BINARY or k == 102:
        y = ins[1]
        if k == 102 and x.c == y.r and x.r * y.c <= most:
            return T(x.r, y.c, [sat((sum(x.v[i * x.c + t] * y.v[t * y.c + j] for t in range(x.c)) + 32768) >> 16)
                                for i in range(x.r) for j in range(y.c)])
        s = bshape([x, y], most)
        f = BINARY.get(k, mul)
        return s and T(*s, [f(x.at(i, j), y.at(i, j)) for i in range(s[0]) for j in range(s[1])])
    if k in UNARY:
        return T(x.r, x.c, [UNARY[k](v) for v in x.v])
    if k == 20:
        return T(x.r, x.c, [sat(v + p) for v in x.v])
    if k == 21:
        return T(x.r, x.c, [mul(v, p) for v in x.v])
    if k == 103:
        return T(x.c, x.r, [x.v[i * x.c + j] for j in range(x.c) for i in range(x.r)])
    if k == 253:
        return x if (x.r, x.c) == (1, 1) else T(x.r, x.c, sum((softmax(x.v[i * x.c : (i + 1) * x.c]) for i in range(x.r)), []))
    if k in (200, 201, 202, 203, 205):
        g = groups(x, p)
        if not g:
            return x
        f = {200: lambda v: sat(sum(v)), 201: lambda v: mean(sum(v), len(v)), 202: max, 203: min, 205: lambda v: dev(v)[1]}[k]
        return T(*g[0], [f([x.v[i] for i in places]) for places in g[1]])
    if k in ERRORS:
        s = bshape(ins[:2], most)
        if not s:
            return T(1, 1, [ONE])
        v = [ERRORS[k](ins[0].at(i, j), ins[1].at(i, j)) for i in range(s[0]) for j in range(s[1])]
        return T(1, 1, [mean(sum(v), len(v))])
    if k == 409:
        s = bshape(ins, most)
        return s and T(*s, [ins[0].at(i, j) if ins[0].at(i, j) >= ins[1].at(i, j) else ins[2].at(i, j)
                            for i in range(s[0]) for j in range(s[1])])
    raise ValueError(k)


def partial(k, p, ins, z, g, most):
    """Gradients with respect to the inputs."""
    out = [[0] * len(t.v) for t in ins]

    def add(n, i, j, v):
        t = ins[n]
        at = (0 if t.r == 1 else i) * t.c + (0 if t.c == 1 else j)
        out[n][at] = satg(out[n][at] + v)

    x = ins[0]
    if k in BINARY or (k == 102 and not (x.c == ins[1].r and x.r * ins[1].c <= most)):
        y = ins[1]
        for i in range(z.r):
            for j in range(z.c):
                d, a, b, c = g[i * z.c + j], x.at(i, j), y.at(i, j), z.v[i * z.c + j]
                if k == 1:
                    r = d, d
                elif k == 2:
                    r = d, -d
                elif k in (3, 102):
                    r = scale(d, b), scale(d, a)
                elif k == 4:
                    r = gdiv(d, b), -gdiv(scale(d, c), b)
                elif k == 5:
                    fixed = a == 0 or (a < 0 and b % ONE)
                    r = 0 if fixed else scale(d, div(mul(b, c), a)), scale(scale(d, c), base_ln(a, b))
                elif k == 300:
                    r = (d, 0) if a >= b else (0, d)
                else:
                    r = 0, 0
                add(0, i, j, r[0])
                add(1, i, j, r[1])
    elif k == 102:
        y = ins[1]
        for i in range(x.r):
            for j in range(y.c):
                for t in range(x.c):
                    d = g[i * y.c + j]
                    out[0][i * x.c + t] = satg(out[0][i * x.c + t] + scale(d, y.v[t * y.c + j]))
                    out[1][t * y.c + j] = satg(out[1][t * y.c + j] + scale(d, x.v[i * x.c + t]))
    elif k in ERRORS:
        s = bshape(ins[:2], most)
        if s:
            d = mean(g[0], s[0] * s[1])
            for i in range(s[0]):
                for j in range(s[1]):
                    a, b = x.at(i, j), ins[1].at(i, j)
                    e = sat(a - b)
                    if k == 350:
                        r = scale(satg(2 * d), e)
                        r = r, -r
                    elif k == 351:
                        r = d * sign(e), -d * sign(e)
                    else:
                        q = clipped(a)
                        r = (gdiv(gdiv(scale(d, sat(q - b)), q), ONE - q) if q == a else 0), scale(d, ln(ONE - q) - ln(q))
                    add(0, i, j, r[0])
                    add(1, i, j, r[1])
    elif k == 409:
        for i in range(z.r):
            for j in range(z.c):
                add(0 if x.at(i, j) >= ins[1].at(i, j) else 2, i, j, g[i * z.c + j])
    elif k in (200, 201, 202, 203, 205):
        gr = groups(x, p)
        if not gr:
            out[0] = list(g)
        else:
            for places, d, v in zip(gr[1], g, z.v):
                if k == 200:
                    for i in places:
                        out[0][i] = satg(out[0][i] + d)
                elif k == 201:
                    for i in places:
                        out[0][i] = satg(out[0][i] + mean(d, len(places)))
                elif k in (202, 203):
                    i = next(i for i in places if x.v[i] == v)
                    out[0][i] = satg(out[0][i] + d)
                elif len(places) > 1:
                    m, s = dev([x.v[i] for i in places])
                    for i in places:
                        if s:
                            out[0][i] = satg(out[0][i] + mean(gdiv(scale(d, sat(x.v[i] - m)), s), len(places) - 1))
    elif k == 103:
        for i in range(z.r):
            for j in range(z.c):
                out[0][j * x.c + i] = g[i * z.c + j]
    elif k == 253:
        if (x.r, x.c) == (1, 1):
            out[0] = list(g)
        else:
            for i in range(x.r):
                row = range(i * x.c, (i + 1) * x.c)
                m = (sum(g[t] * z.v[t] for t in row) + 32768) >> 16
                for t in row:
                    out[0][t] = scale(satg(g[t] - m), z.v[t])
    else:
        f = {
            6: lambda d, a, c: gdiv(d, sat(2 * c)) if a > 0 else 0,
            7: lambda d, a, c: gdiv(d, a) if a > 0 else 0,
            8: lambda d, a, c: scale(d, c),
            9: lambda d, a, c: d * sign(a),
            10: lambda d, a, c: scale(satg(2 * d), a),
            11: lambda d, a, c: -d,
            12: lambda d, a, c: -gdiv(scale(d, c), a),
            20: lambda d, a, c: d,
            21: lambda d, a, c: scale(d, p),
            250: lambda d, a, c: d if a > 0 else 0,
            251: lambda d, a, c: scale(d, mul(c, ONE - c)),
            252: lambda d, a, c: scale(d, ONE - mul(c, c)),
        }[k]
        out[0] = [f(d, a, c) for d, a, c in zip(g, x.v, z.v)]
    return out


def loss_gradient(genome, actual, scores, classes):
    n = len(actual)
    most = n * classes
    truth = T(n, classes, [ONE if j == a else 0 for a in actual for j in range(classes)])
    nodes = [(None, 0, [], T(n, classes, list(scores)))]
    regs, specials = {}, {1: 0}

    def leaf(t):
        nodes.append((None, 0, [], t))
        return len(nodes) - 1

    def special(s):
        if s not in specials:
            full = lambda v: T(n, classes, [v] * most)  # noqa: E731
            specials[s] = leaf({0: truth, 2: T(1, 1, [n << 16]), 3: T(1, 1, [66]), 4: T(1, 1, [1]), 5: full(ONE), 6: full(0)}[s])
        return specials[s]

    def read(r):
        if r >= 100:
            return special(r - 100)
        return regs[r] if r in regs else leaf(T(1, 1, [0]))

    at, result = 0, None
    while at < len(genome):
        code, ops = genome[at]
        k = kind(code)
        by = dict(zip(FORMS[k], ops))
        reads = [o for f, o in zip(FORMS[k], ops) if f == "r"]
        at += 1
        if k == 450:
            at = ops[0]
        elif k == 451:
            if any(nodes[read(ops[0])][3].v):
                at = ops[1]
        elif k == 453:
            result = read(ops[0])
            break
        elif k == 454:
            result = regs.get(9)
            break
        elif k == 100:
            regs[by["w"]] = special(by["s"])
        elif k == 101:
            regs[by["w"]] = leaf(T(1, 1, [by["c"]]))
        elif k == 110:
            regs[by["w"]] = read(reads[0])
        else:
            p = by.get("c", by.get("x", 0))
            ins = [read(r) for r in reads]
            z = value(k, p, [nodes[i][3] for i in ins], most)
            if z:
                nodes.append((k, p, ins, z))
                regs[by["w"]] = len(nodes) - 1
    else:
        result = regs.get(9)
    grads = [None] * len(nodes)
    loss = 0
    if result is not None:
        v = nodes[result][3].v
        loss = mean(sum(v), len(v))
        unit = ONE << max(0, (n - 1).bit_length())
        grads[result] = [satg(mean(unit, len(v)))] * len(v)
    for i in reversed(range(1, len(nodes))):
        k, p, ins, z = nodes[i]
        if grads[i] and k:
            for to, part in zip(ins, partial(k, p, [nodes[t][3] for t in ins], z, grads[i], most)):
                grads[to] = part if grads[to] is None else [satg(a + b) for a, b in zip(grads[to], part)]
    return loss, grads[0] or [0] * most


CODES = sorted(k for k in FORMS if k not in (450, 451, 453, 454)) + [204, 217, 266, 371]


def random_genome(r):
    body = 1 + r.below(20)
    genome = [(100, [1, 0]), (100, [2, 1])]
    last = 2
    for at in range(2, 2 + body):
        if r.below(12) == 0:
            # A jump over at most three instructions.
            genome.append((451, [r.below(10), min(at + 1 + r.below(3), 2 + body)]))
            continue
        code = CODES[r.below(len(CODES))]
        ops = []
        for form in FORMS[kind(code)]:
            if form == "r":
                choice = r.below(8)
                ops.append(last if choice < 4 else 100 + r.below(7) if choice < 5 else r.below(10))
            elif form == "w":
                written = 9 if at == 1 + body else 1 + r.below(9)
                ops.append(written)
            elif form == "s":
                ops.append(r.below(7))
            elif form == "c":
                ops.append(r.below(4 * ONE + 1) - 2 * ONE)
            else:
                ops.append(r.below(2) - 1)
        genome.append((code, ops))
        last = written
    return genome + [(453, [9])]


def random_batch(r):
    n, classes = 1 + r.below(6), 2 + r.below(4)
    actual = [r.below(classes) for _ in range(n)]
    spread = 1 << (13 + r.below(10))
    return actual, [r.below(2 * spread + 1) - spread for _ in range(n * classes)], classes


if __name__ == "__main__":
    if len(sys.argv) > 1:
        print(loss_gradient(eval(sys.argv[1]), *eval(sys.argv[2])))
        sys.exit()
    hashes, silent = [], 0
    for case in range(2000):
        r = Stream(bytes([5] * 32), 1000, case)
        genome, batch = random_genome(r), random_batch(r)
        loss, gradient = loss_gradient(genome, *batch)
        silent += not any(gradient)
        hashes.append(digest([loss] + gradient))
    print("without a gradient:", silent)
    for start in range(0, 2000, 250):
        print(start, digest(hashes[start : start + 250]))
