"""Second implementation of the paired test. Checks the vectors of verdict.json that have their chunk sums.

	python3 verdict.py

The logarithm is the floor of the real one in units of 2^-32, as chunk sums are far too small for the unit by which the
consensus logarithm may be less.
"""

import json
import pathlib
from decimal import Decimal, getcontext
from math import isqrt

getcontext().prec = 60
BIT = 1 << 32
NO_EVIDENCE = BIT - 1


def log2(value):
	"""Floor of log2(value) * 2^32."""
	return int(Decimal(max(value, 1)).ln() / Decimal(2).ln() * BIT + Decimal("1e-30"))


def bits(larger, smaller):
	return max(0, log2(larger) - log2(smaller))


def bound(reference, model, present, vector):
	"""Upper bound of the error sum of a model, from its differences to a reference, by the definition of a covariance."""
	places = [i for i, there in enumerate(present) if there]
	n = len(places)
	d = {i: reference[i] - model[i] for i in places}
	total = sum(d.values())
	# n^2 times the squared deviations, so that all numbers are whole.
	deviation = {i: n * d[i] - total for i in places}
	spread = sum(x * x for x in deviation.values()) // n
	if vector["spread"] == "neighbours":
		pairs = [(i, i + 1) for i in places if i + 1 in d and (i + 1) % vector["chunks"]]
		covariance = sum(deviation[i] * deviation[j] for i, j in pairs) // n
		spread += max(2 * covariance, spread // 4)
	half = 8 if vector["half row"] else 0
	return sum(model[i] for i in places) + isqrt(9 * spread // (n - 1)) + half


def expected(vector):
	initial, champion, candidate = vector["initial"], vector["champion"], vector["candidate"]
	present = [sum_ != NO_EVIDENCE for sum_ in initial]
	assert sum(present) >= 32
	error = [sum(s for s, there in zip(sums, present) if there) for sums in (initial, champion, candidate)]
	upper = bound(champion, candidate, present, vector)
	passes = upper * 10**6 <= error[1] * (10**6 - vector["minimum"]) and upper < error[1]
	progress = bits(error[0], upper)
	raw = max(0, min(log2(error[1]), log2(error[0]) - vector["high water"]) - log2(upper)) if passes else 0
	cover = max(0, bits(error[0], bound(initial, champion, present, vector)) - vector["high water"])
	return {
		"upper": upper, "passes": passes, "progress": progress, "raw": raw, "increment": min(raw, BIT), "cover": cover,
		"loss": error[2] * 2**20 // error[0],
	}


if __name__ == "__main__":
	vectors = json.loads(pathlib.Path(__file__).with_name("verdict.json").read_text())
	checked = [vector for vector in vectors if "initial" in vector]
	for number, vector in enumerate(checked):
		for key, value in expected(vector).items():
			assert vector[key] == value, f"vector {number}, {key}: {vector[key]} instead of {value}"
	print(f"{len(checked)} of {len(vectors)} vectors checked")
