"""Optimizer of the tests: random candidates, every other one with the first gene of the best, and one fault.

Usage: fake.py FAULT [FILE]. With `record`, every message is appended to FILE. With `crash-once`, the program dies between an answer and
the next message, unless FILE exists.
"""

import json
import os
import random
import sys
import time

FAULT = sys.argv[1]
FILE = sys.argv[2] if len(sys.argv) > 2 else None
state = {"asked": 0, "best": None}
genes, seed = [], 0


def trial():
    """Returns the next candidate."""
    state["asked"] += 1
    if FAULT == "duplicates":
        return {"genes": {gene["name"]: gene["lo"] for gene in genes}}
    draw = random.Random(f"{seed} {state['asked']}")
    drawn = {gene["name"]: draw.randint(gene["lo"], gene["hi"]) for gene in genes}
    if state["best"] and state["asked"] % 2:
        first = genes[0]["name"]
        drawn[first] = state["best"][1][first]
    if FAULT == "parts":
        # A third of the epochs, and then all of them.
        if state["asked"] % 2:
            state["last"] = drawn
            return {"genes": drawn, "divisor": 3}
        return {"genes": state["last"]}
    if FAULT == "outside":
        drawn[genes[0]["name"]] = genes[0]["hi"] + 1
    if FAULT == "nan":
        drawn[genes[0]["name"]] = float("nan")
    if FAULT == "unknown":
        drawn["width"] = 1
    return {"genes": drawn}


def answer(method, params):
    """Returns the result of a message."""
    global genes, seed, state
    if method == "initialize":
        return {"version": 2 if FAULT == "version" else 1}
    if method == "configure":
        genes, seed = params["genes"], params["seed"]
    if method == "ask":
        if FAULT == "text":
            print("loading", flush=True)
        if FAULT == "endless":
            while True:
                sys.stdout.write("x" * 65536)
        if FAULT == "silent":
            time.sleep(1000)
        if FAULT == "exit":
            sys.exit(3)
        count = params["count"] + (FAULT == "too-many")
        return {"trials": [trial() for _ in range(count)]}
    if method in ("tell", "inject") and params["fitness"] is not None:
        if state["best"] is None or params["fitness"] < state["best"][0]:
            state["best"] = [params["fitness"], params["genes"]]
    if method == "checkpoint":
        return {"state": state}
    if method == "restore":
        state = params["state"]
    return {}


for line in sys.stdin:
    message = json.loads(line)
    if FAULT == "record":
        with open(FILE, "a") as file:
            file.write(line)
    reply = {"jsonrpc": "2.0", "id": message.get("id")}
    if FAULT in ("no-checkpoint", "no-checkpoint-crash-once") and message["method"] == "checkpoint":
        reply["error"] = {"code": -32601, "message": "Method not found"}
    else:
        reply["result"] = answer(message["method"], message.get("params"))
    if "id" in message:
        print(json.dumps(reply), flush=True)
    if FAULT.endswith("crash-once") and message["method"] == "ask" and state["asked"] >= 12 and not os.path.exists(FILE):
        open(FILE, "w").close()
        os._exit(9)
