"""Results of all measurements: medians, the table and the JSON object. Standard library only."""

import pathlib
import platform
import statistics
from typing import NamedTuple

import measure
from peers import WORKS, Peer, say

# What DOIN measures of each work: name in the table, key of its rate, key of its test error.
OWN = {
    "mlp": [("DOIN, exact integers", "ours", "test_mae"), ("DOIN, steps in 8 bits", "ours_8bit", "test_mae_8bit")],
    "lstm": [("DOIN, exact integers", "ours", "test_mae")],
    "rows": [
        ("DOIN, exact integers", "ours", "test_error"),
        ("DOIN, steps in 8 bits", "ours_8bit", "test_error_8bit"),
        ("DOIN, successive halving", "ours_halving", None),
        ("DOIN, 8 bits and halving", "ours_8bit_halving", None),
    ],
}
# Results beside those of the works.
REST = ("simd_fraction_of_peak", "two_core_scaling", "scoring_ns_per_mac", "lavapipe_gmacs")


class Results:
    """Results and failures."""

    def __init__(self):
        self.own: list[dict] = []
        self.rates: dict[str, list[float]] = {}
        self.errors: dict[str, list[float]] = {}
        self.versions: dict[str, dict] = {}
        # Instruction sets by name of a peer; `ours` is the back-end of DOIN.
        self.isas: dict[str, str] = {}
        # Choice of the run, `native` or `avx2`.
        self.choice = "native"
        self.failed: dict[str, str] = {}
        # Share of the two cores that went to other programs while we measured.
        self.disturbed = 0.0

    def fail(self, name: str, error: Exception) -> None:
        self.failed[name] = str(error)
        say(f"{name} failed: {error}")

    def add(self, name: str, answers: list[dict]) -> None:
        self.rates.setdefault(name, []).append(measure.per_hour(answers))
        self.errors.setdefault(name, []).extend(error for answer in answers for error in answer["mae"])

    def of_ours(self) -> dict | None:
        """Returns the medians of what DOIN measured of itself."""
        return medians(self.own) if self.own and "ours" not in self.failed else None

    def median(self, *names: str) -> float | None:
        """Returns the best median among peers."""
        rates = [statistics.median(self.rates[name]) for name in names if name in self.rates and name not in self.failed]
        return round(max(rates)) if rates else None

    def details(self, name: str) -> dict:
        rates, errors = self.rates[name], self.errors[name]
        return {
            "per_hour": round(statistics.median(rates)),
            "lowest": round(min(rates)),
            "highest": round(max(rates)),
            "repeats": len(rates),
            "test_error": round(statistics.mean(errors), 5),
            "candidates": len(errors),
            "versions": self.versions[name],
            "isa": self.isas[name],
        }


def medians(objects: list):
    """Merges objects of one shape into one object of medians."""
    if objects and isinstance(objects[0], dict):
        return {key: medians([one[key] for one in objects]) for key in objects[0]}
    numbers = [one for one in objects if one is not None]
    return round(statistics.median(numbers), 5) if numbers else None


def machine() -> str:
    facts = [line.split(":", 1) for line in pathlib.Path("/proc/cpuinfo").read_text().split("\n\n")[0].splitlines()]
    known = {name.strip(): value.strip() for name, value in facts}
    names = [known.get("model name", platform.machine())]
    names += [f"{name} {known[name]}" for name in ("cpu family", "model") if name in known]
    return ", ".join(names)


class Line(NamedTuple):
    """One line of the table."""

    what: str
    rates: list[float]
    error: float | None
    isa: str

    def text(self, own: float | None) -> str:
        middle = statistics.median(self.rates)
        error = f"{self.error:.5f}" if self.error else ""
        ratio = f"{own / middle:.2f} x" if own else ""
        between = f"{min(self.rates):,.0f} - {max(self.rates):,.0f}"
        return f"{self.what:<44} {middle:>12,.0f} {between:>22} {error:>10} {ratio:>9}  {self.isa}"


def lines_of(work: str, results: Results, peers: dict[str, Peer], own: dict | None) -> list[Line]:
    lines = []
    for what, rate, error in OWN[work] if own else []:
        rates = [one[work][rate] for one in results.own if one[work].get(rate)]
        if rates:
            lines.append(Line(what, rates, own[work].get(error), results.isas["ours"]))
    for name, peer in peers.items():
        if peer.work == work and name in results.rates and name not in results.failed:
            lines.append(Line(peer.what, results.rates[name], statistics.mean(results.errors[name]), results.isas[name]))
    return lines


def table(results: Results, peers: dict[str, Peer], works: list[str], cores: list[int], rounds: int) -> str:
    own = results.of_ours()
    lines = [
        f"{machine()}; cores {cores[0]} and {cores[1]}",
        f"Medians of {rounds} repeats, taken in turns. Compiling and warming up are not counted.",
        f"Other programs had {results.disturbed:.0%} of the two cores meanwhile."
        + (" So the figures are too low: measure again on an idle machine." if results.disturbed > 0.05 else ""),
    ]
    for work in works:
        shown = lines_of(work, results, peers, own)
        ours = own[work]["ours"] if own else None
        if shown:
            title = f"{WORKS[work]:<44} {'per hour':>12} {'lowest - highest':>22} {'test error':>10} {'ours is':>9}  instructions"
            lines += ["", title, *(line.text(ours) for line in shown)]
    return "\n".join(lines)


def summary(results: Results, peers: dict[str, Peer], works: list[str]) -> dict:
    own = results.of_ours()
    empty = {work: {key: None for _, *keys in OWN[work] for key in keys if key} for work in works}
    whole = own or {**empty, **(dict.fromkeys(REST) if "mlp" in works else {})}
    if peers:
        for name, peer in peers.items():
            whole[peer.work][name] = results.median(name)
        if "mlp" in works:
            whole["mlp"]["jax_best"] = results.median("jax_single", "jax_map", "jax_single_bounded", "jax_map_bounded")
        if "rows" in works:
            best = results.median(*(name for name, peer in peers.items() if peer.work == "rows"))
            whole["rows"]["torch_best"] = best
        whole["details"] = {name: results.details(name) for name in results.rates if name not in results.failed}
    instructions = {"isa": results.choice, "backend": results.isas.get("ours")}
    return {**whole, **instructions, "machine": machine(), "disturbed": results.disturbed, "failed": results.failed}
