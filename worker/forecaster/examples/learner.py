import json, sys

products = squares = 0
for line in sys.stdin:
    message = json.loads(line)
    params, result = message["params"], {}
    closes = [bar[0] for bar in params.get("bars", []) if bar]
    gap = sum(closes) / len(closes) - closes[-1] if closes else 0
    if message["method"] == "initialize":
        horizon, result = params["horizon"], {"version": 1}
    elif message["method"] == "training_pair":  # Learns how much of the gap to the mean closes.
        later = [close for close in params["closes"] if close is not None]
        products, squares = products + gap * (sum(later) / len(later) - params["zero"]), squares + gap * gap
    elif message["method"] == "forecast":
        result = {"closes": [round(closes[-1] + gap * products / (squares or 1))] * horizon}
    if "id" in message:
        print(json.dumps({"jsonrpc": "2.0", "id": message["id"], "result": result}), flush=True)
