"""Tests whether a program speaks the protocol of optimizers, of meta-optimizers, of the programs of tolerance domains, or of forecasters.

Usage: python3 -m doin_plugin.conformance [--kind meta-optimizer|evaluator|forecaster] [--timeout SECONDS] [--json] -- COMMAND [ARGUMENT ...]

Every case starts the program anew. The exit code is 0 if all cases pass, 1 if one fails, 2 for a wrong usage.
"""

from __future__ import annotations

import argparse
import json
import queue
import subprocess
import sys
import threading
import time
from typing import Any, Callable, Dict, List, Optional, Sequence, Tuple

from ._evaluator import LARGEST_SUM
from ._lines import METHOD_NOT_FOUND, VERSION
from ._meta import KIND as META
from ._space import Genes, Space

MOST_LINE = 16 << 20
"""Longest line that the worker reads, bytes."""
GENES: List[Dict[str, Any]] = [
    {"name": "family", "kind": "category", "lo": 0, "hi": 2},
    {"name": "kernel", "kind": "integer", "lo": 2, "hi": 5, "usedIf": {"gene": "family", "values": [1]}},
    {"name": "rate", "kind": "log", "lo": 1, "hi": 1048576},
    {"name": "depth", "kind": "integer", "lo": -50, "hi": 50},
]
SPACE = Space.of(GENES)
EVALUATED = list(range(32))
"""Chunks that a program of a tolerance domain is asked for."""
MODELS = [b"\x00", b"\xff" * 7, b"{", b"[" * 5_000, b'{"rate":1e999}', bytes(range(256)) * 4]
"""Bytes that anybody could submit."""


class Failure(Exception):
    """What a program does wrong, with the next step."""


class Skipped(Exception):
    """Why a case does not concern a program."""


class Program:
    """The tested program, and the lines that it writes."""

    def __init__(self, command: Sequence[str], timeout: float) -> None:
        self.timeout = timeout
        self.last = 0
        try:
            self.process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE)
        except OSError as error:
            raise Failure(f"it cannot be started ({error}): correct the command after `--`") from None
        self.lines: "queue.Queue[Optional[bytes]]" = queue.Queue()
        threading.Thread(target=self._read, daemon=True).start()

    def _read(self) -> None:
        assert self.process.stdout is not None
        while True:
            line = self.process.stdout.readline(MOST_LINE + 1)
            self.lines.put(line or None)
            if not line or len(line) > MOST_LINE:
                return

    def write(self, message: Dict[str, Any]) -> None:
        """Writes a message. A program that has ended is noticed when its answer is read."""
        assert self.process.stdin is not None
        try:
            self.process.stdin.write(json.dumps({"jsonrpc": "2.0", **message}).encode() + b"\n")
            self.process.stdin.flush()
        except OSError:
            pass

    def notify(self, method: str, **params: Any) -> None:
        """Sends a message that has no answer."""
        self.write({"method": method, "params": params})

    def answer(self, method: str, **params: Any) -> Dict[str, Any]:
        """Sends a message, and returns the envelope of its answer."""
        self.last += 1
        self.write({"id": self.last, "method": method, "params": params})
        try:
            line = self.lines.get(timeout=self.timeout)
        except queue.Empty:
            raise Failure(f"no answer to `{method}` within {self.timeout:g} s: answer each message that has an id") from None
        if line is None:
            try:
                code = self.process.wait(timeout=self.timeout)
            except subprocess.TimeoutExpired:
                raise Failure(f"it has closed its standard output during `{method}`, and runs on: keep it open for answers") from None
            raise Failure(f"it has ended with exit code {code} during `{method}`: see its standard error")
        if len(line) > MOST_LINE:
            raise Failure(f"a line of more than {MOST_LINE >> 20} MiB: write one message a line")
        try:
            envelope = json.loads(line, parse_constant=_refuse)
        except ValueError as error:
            shown = line[:80].decode(errors="replace").rstrip()
            raise Failure(f"`{shown}` is not JSON ({error}): write answers only, and everything else to standard error") from None
        if not isinstance(envelope, dict) or envelope.get("jsonrpc") != "2.0":
            raise Failure(f"`{json.dumps(envelope)[:80]}` is no answer of JSON-RPC 2.0: name \"jsonrpc\": \"2.0\", \"id\" and \"result\"")
        if envelope.get("id") != self.last:
            found = json.dumps(envelope.get("id"))
            raise Failure(f"the answer to `{method}` has the id {found} in the place of {self.last}: repeat the id")
        return envelope

    def ask(self, method: str, **params: Any) -> Any:
        """Sends a message, and returns the result of its answer."""
        envelope = self.answer(method, **params)
        if envelope.get("error") is not None:
            step = "name the kind of the program by --kind" if method == "initialize" else "see its standard error"
            raise Failure(f"`{method}` is answered by the error {json.dumps(envelope['error'])[:200]}: {step}")
        if "result" not in envelope:
            raise Failure(f"the answer to `{method}` has no `result`: answer {{}} where there is nothing to say")
        return envelope["result"]

    def begin(self, seed: int = 7, genes: Sequence[Dict[str, Any]] = GENES) -> "Program":
        """Sends the first messages."""
        result = self.ask("initialize", version=VERSION, kind="optimizer")
        version = result.get("version") if isinstance(result, dict) else None
        if version != VERSION:
            raise Failure(f"`initialize` is answered by version {json.dumps(version)}: return {{\"version\": {VERSION}}}")
        self.ask("configure", genes=genes, seed=seed, population=8)
        self.notify("on_generation_start", generation=0)
        return self

    def trials(self, count: int, space: Space = SPACE) -> List[Genes]:
        """Asks for candidates, and checks that they are points of the space."""
        return self.points("ask", count, space)

    def points(self, method: str, count: int, space: Space, **params: Any) -> List[Genes]:
        """Sends a message that is answered by candidates, and checks that they are points of the space, at most `count`."""
        result = self.ask(method, count=count, **params)
        trials = result.get("trials") if isinstance(result, dict) else None
        if not isinstance(trials, list):
            raise Failure(f"`{method}` is answered by `{json.dumps(result)[:80]}`: return {{\"trials\": [{{\"genes\": {{…}}}}, …]}}")
        if len(trials) > count:
            raise Failure(f"`{method}` for {count} is answered by {len(trials)} trials: return at most `count`")
        checked = []
        for trial in trials:
            genes = trial.get("genes") if isinstance(trial, dict) else None
            if not isinstance(genes, dict):
                raise Failure(f"the trial `{json.dumps(trial)[:80]}` has no `genes`: name each gene and its value")
            try:
                if any(isinstance(value, bool) for value in genes.values()):
                    raise ValueError(f"`{json.dumps(genes)}` has a truth value: write a whole number")
                checked.append(space.checked(genes))
            except ValueError as error:
                raise Failure(str(error)) from None
        return checked

    def first(self) -> List[Genes]:
        """Asks for one candidate before any fitness is known."""
        trials = self.trials(1)
        if not trials:
            raise Failure("the first `ask` is answered by no trial: propose candidates before any fitness is known")
        return trials

    def tell(self, genes: Genes, **more: Any) -> None:
        """Tells the fitness of a candidate."""
        self.ask("tell", **{"genes": genes, "fitness": fitness(genes), **more})

    def turns(self, count: int, told: int = 0) -> List[Genes]:
        """Asks for two candidates at a time, tells their fitnesses, and calls the hooks. Returns the candidates."""
        found: List[Genes] = []
        for _ in range(count):
            trials = self.trials(2)
            for genes in trials:
                self.tell(genes)
                told += 1
                self.notify("on_between_candidates", told=told, generation=told // 8)
                if told % 8 == 0:
                    self.notify("on_generation_end", generation=told // 8 - 1, best=None)
                    self.notify("on_generation_start", generation=told // 8)
            found += trials
        return found

    def end(self) -> None:
        """Ends the program."""
        self.process.kill()
        self.process.wait()
        for pipe in (self.process.stdin, self.process.stdout):
            if pipe is not None:
                try:
                    pipe.close()
                except OSError:
                    pass


def _refuse(constant: str) -> Any:
    raise ValueError(f"{constant} is no number of JSON")


def fitness(genes: Genes) -> int:
    """Returns the fitness that the kit tells."""
    return sum(abs(value - 13) for value in genes.values())


Start = Callable[[], Program]


def it_speaks_the_version(start: Start) -> None:
    """initialize and configure are answered, and members that nobody knows are ignored"""
    program = start()
    result = program.ask("initialize", version=VERSION, kind="optimizer", more={"a": [1]})
    if not isinstance(result, dict) or result.get("version") != VERSION:
        raise Failure(f"`initialize` is answered by `{json.dumps(result)[:80]}`: return {{\"version\": {VERSION}}}")
    program.ask("configure", genes=[{**gene, "more": 1} for gene in GENES], seed=7, population=8, more=None)


def it_proposes_points_of_the_space(start: Start) -> None:
    """trials are whole numbers within the bounds, at most as many as asked for"""
    program = start().begin()
    for genes in program.first():
        program.tell(genes)
    for genes in program.trials(64):
        program.tell(genes)


def it_goes_on(start: Start) -> None:
    """it goes on proposing once it is told"""
    program = start().begin()
    found = program.turns(30)
    if len(found) < 30:
        raise Failure(f"30 times `ask` for two gave {len(found)} trials: propose more, or the search ends")


def it_takes_fitnesses_of_all_kinds(start: Start) -> None:
    """fitnesses of null, of candidates that nobody asked for, and told again are taken"""
    program = start().begin()
    stranger = {"family": 1, "kernel": 3, "rate": 77, "depth": -1}
    program.tell(stranger)
    for at, genes in enumerate(program.trials(4)):
        program.tell(genes, fitness=None if at % 2 else fitness(genes))
        program.tell(genes, fitness=1 + at, again=True)
        program.tell(genes, fitness=1 + at, known=True)
    program.turns(2)


def it_takes_champions(start: Start) -> None:
    """champions of others are taken"""
    program = start().begin()
    program.ask("inject", genes={"family": 0, "kernel": 2, "rate": 13, "depth": 13}, fitness=24, moved=False)
    program.turns(3)
    program.ask("inject", genes={"family": 1, "kernel": 5, "rate": 1048576, "depth": 13}, fitness=3, moved=True)
    program.turns(2)


def it_is_silent_on_notifications(start: Start) -> None:
    """hooks and unknown notifications have no answer"""
    program = start().begin()
    [genes] = program.first()
    program.notify("on_champion_found", genes=genes, fitness=5)
    program.notify("on_between_candidates", told=1, generation=0)
    program.notify("on_generation_end", generation=0, best={"genes": genes, "fitness": 5})
    program.notify("refused", trial={"genes": {"depth": 99}}, reason="invalid value 99 of gene `depth`: expected -50..=50")
    program.notify("on_something_new", more=1)
    program.tell(genes)


def it_refuses_unknown_methods(start: Start) -> None:
    """an unknown method is an error -32601, and the program goes on"""
    program = start().begin()
    error = program.answer("no_such_method", more=1).get("error")
    if not isinstance(error, dict) or error.get("code") != METHOD_NOT_FOUND:
        raise Failure(f"an unknown method is answered by the error {json.dumps(error)[:80]}: answer the code {METHOD_NOT_FOUND}")
    program.turns(1)


def it_searches_other_spaces(start: Start) -> None:
    """a space of one gene, and one with large bounds, are searched"""
    for gene in ({"name": "x", "kind": "integer", "lo": 3, "hi": 3}, {"name": "y", "kind": "log", "lo": 1, "hi": (1 << 53) - 1}):
        space = Space.of([gene])
        program = start().begin(genes=[gene])
        for genes in program.trials(2, space):
            program.tell(genes)


def it_repeats_itself(start: Start) -> None:
    """the same seed and messages give the same trials"""
    if start().begin(seed=3).turns(12) != start().begin(seed=3).turns(12):
        raise Failure("two runs with one seed differ: draw all random numbers from `seed`, and no time or address of memory")


def it_goes_on_from_a_checkpoint(start: Start) -> None:
    """a program that is killed goes on exactly from its checkpoint, also between ask and tell"""
    first = start().begin()
    first.turns(9)
    envelope = first.answer("checkpoint")
    error = envelope.get("error")
    if isinstance(error, dict) and error.get("code") == METHOD_NOT_FOUND:
        raise Skipped("it has no checkpoints, so after a failure it is told everything that was found")
    if error is not None:
        shown = json.dumps(error)[:200]
        raise Failure(f"`checkpoint` is answered by the error {shown}: a program without checkpoints answers {METHOD_NOT_FOUND}")
    begun = first.trials(2)
    state = _state(first.ask("checkpoint"))
    for genes in begun:
        first.tell(genes)
    expected = first.turns(8, told=20)
    second = start().begin()
    second.ask("restore", state=state)
    for genes in begun:
        second.tell(genes)
    if second.turns(8, told=20) != expected:
        raise Failure("it goes on otherwise than the program that was not killed: put everything that decides into `state`")


def _state(result: Any) -> Any:
    state = result.get("state") if isinstance(result, dict) else None
    if state is None:
        raise Failure('`checkpoint` is answered without `state`: return {"state": …}')
    return state


def it_ends_with_its_input(start: Start) -> None:
    """the program ends when its input does"""
    _end_of_input(start().begin())


def _end_of_input(program: Program) -> None:
    """Closes the input of a program, and waits for its end."""
    assert program.process.stdin is not None
    program.process.stdin.close()
    try:
        program.process.wait(timeout=program.timeout)
    except subprocess.TimeoutExpired:
        raise Failure("it runs on after the end of its input: end the loop there") from None


CASES: List[Callable[[Start], None]] = [
    it_speaks_the_version,
    it_proposes_points_of_the_space,
    it_goes_on,
    it_takes_fitnesses_of_all_kinds,
    it_takes_champions,
    it_is_silent_on_notifications,
    it_refuses_unknown_methods,
    it_searches_other_spaces,
    it_repeats_itself,
    it_goes_on_from_a_checkpoint,
    it_ends_with_its_input,
]


def _sums(program: Program, model: bytes) -> List[int]:
    """Asks for the sums of a model, and checks them."""
    result = program.ask("evaluate", model="0x" + model.hex(), chunks=EVALUATED)
    sums = result.get("sums") if isinstance(result, dict) else None
    if not isinstance(sums, list) or len(sums) != len(EVALUATED):
        raise Failure(f'`evaluate` is answered by `{json.dumps(result)[:80]}`: return {{"sums": […]}} with a sum for each chunk')
    for chunk, found in zip(EVALUATED, sums):
        if type(found) is not int or not 0 <= found <= LARGEST_SUM:
            raise Failure(f"the sum of chunk {chunk} is `{json.dumps(found)[:40]}`: return whole numbers from 0 to {LARGEST_SUM}")
    return sums


def _evaluator(start: Start) -> Program:
    """Starts a program of a tolerance domain, and sends the first message."""
    program = start()
    result = program.ask("initialize", version=VERSION, kind="evaluator")
    version = result.get("version") if isinstance(result, dict) else None
    if version != VERSION:
        raise Failure(f"`initialize` is answered by version {json.dumps(version)}: return {{\"version\": {VERSION}}}")
    return program


def it_scores_the_empty_model(start: Start) -> None:
    """the empty model has an error"""
    if not any(_sums(_evaluator(start), b"")):
        raise Failure("all sums of the empty model are 0, so nothing can be better: make it a bad model")


def it_scores_alike_in_every_process(start: Start) -> None:
    """two processes answer the same sums"""
    first, second = _sums(_evaluator(start), b""), _sums(_evaluator(start), b"")
    for chunk, (one, other) in zip(EVALUATED, zip(first, second)):
        if one != other:
            raise Failure(f"chunk {chunk} has the sums {one} and {other}: seed all random numbers with the number of the chunk")


def it_scores_alike_whatever_came_before(start: Start) -> None:
    """sums do not depend on earlier messages"""
    program = _evaluator(start)
    first = _sums(program, b"")
    for model in MODELS:
        _sums(program, model)
    if _sums(program, b"") != first:
        raise Failure("the sums of a model change after other models were scored: keep nothing between two messages")


def it_scores_any_bytes(start: Start) -> None:
    """any bytes have sums"""
    program = _evaluator(start)
    for model in MODELS:
        _sums(program, model)


def it_refuses_unknown_methods_and_goes_on(start: Start) -> None:
    """an unknown method is an error, and the program goes on"""
    program = _evaluator(start)
    error = program.answer("something_new").get("error")
    if not isinstance(error, dict) or error.get("code") != METHOD_NOT_FOUND:
        raise Failure(f"an unknown method is answered by `{json.dumps(error)[:80]}`: answer the error {METHOD_NOT_FOUND}")
    _sums(program, b"")


def it_ends_with_its_input_too(start: Start) -> None:
    """the program ends when its input does"""
    _end_of_input(_evaluator(start))


META_FEATURES = {"kind": "forecast", "numbers": {"horizon": 24, "history": 48, "values": 10_000}}
"""Features of the domain that proposals are asked for."""
META_DOMAINS: List[Dict[str, Any]] = [
    {
        "name": "near",
        "features": {"kind": "forecast", "numbers": {"horizon": 24, "history": 48, "values": 9_000}},
        "found": [
            {"family": 0, "kernel": 2, "rate": 96, "depth": 13},
            {"family": 1, "kernel": 4, "rate": 80, "depth": -7},
        ],
    },
    # Genes that the space lacks, one that this domain lacks, and values out of the bounds.
    {
        "name": "other genes",
        "features": {"kind": "forecast", "numbers": {"horizon": 168, "season": 24}},
        "found": [{"family": 2, "rate": 1 << 40, "depth": 900, "width": 64}, {"family": 7, "rate": 0, "depth": -900}],
    },
    {"name": "nothing", "features": {"kind": "forecast", "numbers": {}}, "found": []},
]
"""Domains that were searched before."""


def _meta(start: Start) -> Program:
    """Starts a meta-optimizer, and sends the first message."""
    program = start()
    result = program.ask("initialize", version=VERSION, kind=META)
    version = result.get("version") if isinstance(result, dict) else None
    if version != VERSION:
        raise Failure(f"`initialize` is answered by version {json.dumps(version)}: return {{\"version\": {VERSION}}}")
    return program


def _proposals(program: Program, count: int = 8, seed: int = 3, domains: Optional[List[Dict[str, Any]]] = None) -> List[Genes]:
    """Asks for proposals, and checks that they are points of the space."""
    given = META_DOMAINS if domains is None else domains
    return program.points("propose", count, SPACE, seed=seed, features=META_FEATURES, genes=GENES, domains=given)


def it_proposes_points_from_domains(start: Start) -> None:
    """proposals are points of the space, at most as many as asked for"""
    if not _proposals(_meta(start)):
        raise Failure("nothing is proposed, although domains of the same kind were searched: propose candidates")
    for count in (1, 2, 64):
        _proposals(_meta(start), count)


def it_proposes_without_domains(start: Start) -> None:
    """a question without domains, or with domains without candidates, is answered"""
    _proposals(_meta(start), domains=[])
    _proposals(_meta(start), domains=META_DOMAINS[2:])


def it_ignores_unknown_members(start: Start) -> None:
    """members that nobody knows are ignored"""
    program = start()
    program.ask("initialize", version=VERSION, kind=META, more={"a": [1]})
    domains = [{**domain, "more": 1} for domain in META_DOMAINS]
    params: Dict[str, Any] = {"seed": 3, "features": {**META_FEATURES, "more": 1}, "domains": domains, "more": None}
    program.points("propose", 2, SPACE, genes=[{**gene, "more": 1} for gene in GENES], **params)


def it_proposes_alike_in_every_process(start: Start) -> None:
    """the same question has the same answer, in every process and whatever came before"""
    first, second = _meta(start), _meta(start)
    expected = _proposals(first)
    _proposals(second, seed=4, domains=[])
    if _proposals(second) != expected:
        raise Failure("two answers to one question differ: draw all random numbers from `seed`, and keep nothing between two messages")


def it_refuses_unknown_methods_of_meta_optimizers(start: Start) -> None:
    """an unknown method is an error -32601, and the program goes on"""
    program = _meta(start)
    error = program.answer("no_such_method", more=1).get("error")
    if not isinstance(error, dict) or error.get("code") != METHOD_NOT_FOUND:
        raise Failure(f"an unknown method is answered by the error {json.dumps(error)[:80]}: answer the code {METHOD_NOT_FOUND}")
    _proposals(program)


def it_ends_with_its_input_as_well(start: Start) -> None:
    """the program ends when its input does"""
    _end_of_input(_meta(start))


META_CASES: List[Callable[[Start], None]] = [
    it_proposes_points_from_domains,
    it_proposes_without_domains,
    it_ignores_unknown_members,
    it_proposes_alike_in_every_process,
    it_refuses_unknown_methods_of_meta_optimizers,
    it_ends_with_its_input_as_well,
]

EVALUATOR_CASES: List[Callable[[Start], None]] = [
    it_scores_the_empty_model,
    it_scores_alike_in_every_process,
    it_scores_alike_whatever_came_before,
    it_scores_any_bytes,
    it_refuses_unknown_methods_and_goes_on,
    it_ends_with_its_input_too,
]


HORIZON = 24
"""Bars that are forecast, unless a case has another number."""
OPENING: Dict[str, Any] = {
    "version": VERSION,
    "stream": "BTC/USD",
    "barMs": 300_000,
    "decimals": 2,
    "fields": ["close", "high", "low", "volume"],
    "horizon": HORIZON,
    "lookback": 48,
    "lead": 5,
}
"""Params of the first message to a forecaster."""

Bars = List[Optional[List[int]]]


def _bars(count: int, first: int = 0, missing: Sequence[int] = ()) -> Bars:
    """Returns bars of a stream, from number `first` on, without those of the numbers `missing`."""

    def bar(at: int) -> List[int]:
        close = 6_425_010 + 900 * (at * 7 % 13 - 6)
        return [close, close + 500, close - 500, 1_000 + at]

    return [None if at in missing else bar(at) for at in range(first, first + count)]


def _closes(bars: Bars) -> List[Optional[int]]:
    """Returns the closes of bars."""
    return [bar[0] if bar else None for bar in bars]


def _window(bars: Bars, last: int) -> Dict[str, Any]:
    """Returns the params of a forecast from these bars, whose last one has the number `last`."""
    return {"round": last, "end": 1_764_547_200_000 + 300_000 * last, "bars": bars}


def _forecaster(start: Start, **more: Any) -> Program:
    """Starts a forecaster, and sends the first message."""
    program = start()
    result = program.ask("initialize", **{**OPENING, **more})
    version = result.get("version") if isinstance(result, dict) else None
    if version != VERSION:
        raise Failure(f"`initialize` is answered by version {json.dumps(version)}: return {{\"version\": {VERSION}}}")
    return program


def _whole(value: Any, name: str) -> int:
    """Checks a close or a zero."""
    if type(value) is not int or not -(1 << 63) <= value < 1 << 63:
        raise Failure(f"{name} of the forecast is `{json.dumps(value)[:40]}`: return whole numbers of 64 bits, in units of the last decimal")
    return value


def _forecast(program: Program, window: Dict[str, Any], horizon: int = HORIZON) -> None:
    """Asks for a forecast, and checks it."""
    result = program.ask("forecast", **window)
    closes = result.get("closes") if isinstance(result, dict) else None
    if not isinstance(closes, list):
        shown = json.dumps(result)[:80]
        raise Failure(f'`forecast` is answered by `{shown}`: return {{"closes": […]}} with a close for each bar of the horizon')
    if len(closes) != horizon:
        raise Failure(f"`forecast` is answered by {len(closes)} closes: return {horizon}, one for each bar of the horizon")
    standing = [close for close in _closes(window["bars"]) if close is not None]
    zero = standing[-1] if result.get("zero") is None else _whole(result["zero"], "the zero")
    for place, close in enumerate(closes, 1):
        if not -(1 << 31) <= _whole(close, f"value {place}") - zero < 1 << 31:
            raise Failure(f"value {place} of the forecast, {close}, is more than 31 bits away from the zero {zero}: forecast closes")


def it_opens_with_the_version(start: Start) -> None:
    """initialize is answered, and members that nobody knows are ignored"""
    program = _forecaster(start, more={"a": [1]})
    _forecast(program, {**_window(_bars(48), 47), "more": None})


def it_forecasts_each_bar_of_the_horizon(start: Start) -> None:
    """a forecast has a whole number for each bar of the horizon, whatever its length is"""
    for horizon in (HORIZON, 1, 100):
        program = _forecaster(start, horizon=horizon)
        for first in (0, 7, 300):
            _forecast(program, _window(_bars(48, first), first + 47), horizon)


def it_forecasts_from_few_bars_and_over_gaps(start: Start) -> None:
    """missing bars, the last one among them, and a window that is shorter than lookback are forecast from"""
    program = _forecaster(start)
    for bars in (_bars(48, missing=(3, 4, 5, 20)), _bars(48, missing=(46, 47)), _bars(2), _bars(1)):
        _forecast(program, _window(bars, len(bars) - 1))


def it_forecasts_without_times(start: Start) -> None:
    """bars without times, of the close alone, and a round with a lead of its own are forecast from"""
    program = _forecaster(start, barMs=None, fields=["close"])
    bars: Bars = [None if close is None else [close] for close in _closes(_bars(48))]
    _forecast(program, {"round": 47, "end": None, "bars": bars})
    _forecast(program, {"round": 47, "end": None, "bars": bars, "lead": 9})


def it_takes_truths_in_silence(start: Start) -> None:
    """truths of rounds, with missing bars too, have no answer, and it goes on forecasting"""
    program = _forecaster(start)
    for last in range(47, 67):
        bars, later = _bars(48, last - 47), _bars(HORIZON, last + 5, missing=(last + 9,))
        _forecast(program, _window(bars, last))
        program.notify("on_truth", round=last, zero=6_425_010, closes=_closes(later))
    # A round whose forecast was missed, and one whose bars are all missing.
    program.notify("on_truth", round=3, zero=6_425_010, closes=[None] * HORIZON)
    _forecast(program, _window(_bars(48, 20), 67))


def it_takes_training_pairs_in_silence(start: Start) -> None:
    """training pairs and unknown notifications have no answer"""
    program = _forecaster(start)
    for last in range(47, 79):
        pair = {**_window(_bars(48, last - 47), last), "zero": 6_425_010, "closes": _closes(_bars(HORIZON, last + 5))}
        program.notify("training_pair", **pair)
    program.notify("on_something_new", more=1)
    _forecast(program, _window(_bars(48, 32), 79))


def it_ends_when_its_input_does(start: Start) -> None:
    """the program ends when its input does"""
    _end_of_input(_forecaster(start))


FORECASTER_CASES: List[Callable[[Start], None]] = [
    it_opens_with_the_version,
    it_forecasts_each_bar_of_the_horizon,
    it_forecasts_from_few_bars_and_over_gaps,
    it_forecasts_without_times,
    it_takes_truths_in_silence,
    it_takes_training_pairs_in_silence,
    it_ends_when_its_input_does,
]


def check(case: Callable[[Start], None], command: Sequence[str], timeout: float) -> Tuple[str, str]:
    """Returns the outcome of a case, `pass`, `skip` or `fail`, and its reason."""
    started: List[Program] = []

    def start() -> Program:
        started.append(Program(command, timeout))
        return started[-1]

    try:
        case(start)
        return "pass", ""
    except Skipped as reason:
        return "skip", str(reason)
    except Failure as reason:
        return "fail", str(reason)
    finally:
        for program in started:
            program.end()


def _seconds(text: str) -> float:
    try:
        seconds = float(text)
    except ValueError:
        seconds = 0.0
    if not 0 < seconds <= threading.TIMEOUT_MAX:
        raise argparse.ArgumentTypeError(f"`{text}` is not a time: expected seconds, more than 0")
    return seconds


def main(arguments: Optional[Sequence[str]] = None) -> int:
    """Runs all cases; returns the exit code."""
    parser = argparse.ArgumentParser(prog="python3 -m doin_plugin.conformance", description="Tests a program against the protocol.")
    kinds = {"optimizer": CASES, META: META_CASES, "evaluator": EVALUATOR_CASES, "forecaster": FORECASTER_CASES}
    parser.add_argument("--kind", choices=tuple(kinds), default="optimizer", help="kind of the program, optimizer by default")
    parser.add_argument("--timeout", type=_seconds, default=30.0, help="seconds for an answer, 30 by default")
    parser.add_argument("--json", action="store_true", help="print one JSON object instead of lines")
    parser.add_argument("command", nargs="+", metavar="COMMAND", help="the program and its arguments, after --")
    options = parser.parse_args(arguments)
    cases = kinds[options.kind]
    began, outcomes = time.monotonic(), []
    for case in cases:
        outcome, reason = check(case, options.command, options.timeout)
        outcomes.append({"case": case.__name__, "outcome": outcome, "reason": reason})
        if not options.json:
            print(f"{outcome:4}  {case.__doc__}" + (f"\n      {reason}" if reason else ""), flush=True)
    failed = sum(outcome["outcome"] == "fail" for outcome in outcomes)
    if options.json:
        print(json.dumps({"command": options.command, "failed": failed, "cases": outcomes}))
    else:
        print(f"{len(cases) - failed} of {len(cases)} cases without a fault, {time.monotonic() - began:.1f} s")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
