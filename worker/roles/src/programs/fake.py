"""Program of the tests: the sums of a model of one byte are the byte times a thousand, plus the number of the chunk, with one fault."""

import json
import os
import sys
import time

FAULT = os.environ.get("FAULT", "none")


def answer(method, params):
    """Returns the result of a message."""
    if method == "initialize":
        return {"version": 2 if FAULT == "version" else 1}
    if method == "train":
        return {"model": "0x" + f"{params['genes']['rate']:02x}"}
    model = bytes.fromhex(params["model"][2:])
    if FAULT == "hang" and model == b"\x07":
        time.sleep(1000)
    if FAULT == "crash" and model == b"\x07":
        os._exit(3)
    if FAULT == "flood" and model == b"\x07":
        print("x" * (17 << 20), flush=True)
    if FAULT == "error" and model == b"\x07":
        raise ValueError("no such model")
    sums = [1000 * (model[0] if model else 9) + chunk for chunk in params["chunks"]]
    if FAULT == "nan":
        sums[1] = float("nan")
    if FAULT == "negative":
        sums[1] = -1
    if FAULT == "few":
        sums.pop()
    return {"sums": sums}


for line in sys.stdin:
    message = json.loads(line)
    envelope = {"jsonrpc": "2.0", "id": message["id"]}
    try:
        envelope["result"] = answer(message["method"], message["params"])
    except ValueError as error:
        envelope["error"] = {"code": 1, "message": str(error)}
    print(json.dumps(envelope), flush=True)
