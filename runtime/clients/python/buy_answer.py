"""Buys an answer of the champion of a domain, and checks hashes and receipt.

    pip install -r requirements.txt
    python3 buy_answer.py FILE --column NAME [--domain 0] [--server http://127.0.0.1:8470] [--channel ID] [--deposit 1]
        [--max-price 0.01] [--key //Dave | --mnemonic FILE] [--url ws://127.0.0.1:9944]

FILE is a CSV file whose last rows are the input, in the unit of the domain. The first run opens a payment channel, and prints its
identifier; with --channel, later ones pay with the same one.

The receipt proves which outputs the server has signed. `doin-worker infer` also runs the champion, and accuses a server that lies.
"""

import argparse
import csv
import hashlib
import re
import secrets
import struct
import sys
import time
from dataclasses import dataclass
from decimal import Decimal, InvalidOperation
from pathlib import Path

import requests
import sr25519
from substrateinterface import Keypair, SubstrateInterface
from substrateinterface.exceptions import SubstrateRequestException

DOIN = 10**12
# Lifetime of a new channel, in challenges: a server takes no vouchers in the last one.
LIFETIME = 100
# Blocks after which a receipt is stale.
FRESH_BLOCKS = 20
# Code of the node's error for something that does not exist.
UNKNOWN = 20_001
# Requests until a server has to know a new channel, one every two seconds.
ATTEMPTS = 60
SECONDS = 60


class Refusal(Exception):
    """An error that the user can do something about: its message is all that is shown."""


@dataclass
class Sent:
    """A request of one window."""

    domain: int
    window: list[int]
    nonce: bytes
    channel: bytes
    cumulative: int
    price: int


def blake2(data: bytes) -> bytes:
    """Returns blake2b with 32 bytes."""
    return hashlib.blake2b(data, digest_size=32).digest()


def number_bytes(numbers: list[int]) -> bytes:
    """Returns numbers as bytes: 4 each, little-endian."""
    return struct.pack(f"<{len(numbers)}i", *numbers)


def from_hex(text: str) -> bytes:
    return bytes.fromhex(text.removeprefix("0x"))


def to_hex(data: bytes) -> str:
    return "0x" + data.hex()


def doin(amount: int) -> str:
    """Returns an amount as text."""
    return f"{amount / DOIN:.12g} DOIN"


def plancks(text: str) -> int:
    """Returns an amount in DOIN as plancks."""
    try:
        amount = int(Decimal(text) * DOIN)
    except (InvalidOperation, OverflowError, ValueError):
        amount = 0
    if amount <= 0:
        raise argparse.ArgumentTypeError(f"invalid amount {text}: expected DOIN, e.g. 0.01")
    return amount


def voucher_bytes(channel: bytes, cumulative: int) -> bytes:
    """Returns the bytes of a voucher that the key of the channel signs."""
    return b"<Bytes>doin voucher" + channel + cumulative.to_bytes(16, "little") + b"</Bytes>"


def receipt_bytes(genesis: bytes, sent: Sent, reply: dict, pairs: bytes) -> bytes:
    """Returns the bytes of a receipt that the key of the server signs."""
    numbers = struct.pack("<II", sent.domain, reply["block"])
    amounts = sent.cumulative.to_bytes(16, "little") + sent.price.to_bytes(16, "little")
    return b"<Bytes>doin receipt" + genesis + numbers + from_hex(reply["model"]) + sent.channel + amounts + blake2(pairs) + b"</Bytes>"


def step_of(unit: str) -> tuple[float, str]:
    """Returns the size of a raw unit and the name of the unit, e.g. 0.01 and ppm."""
    match = re.match(r"(\d[\d.e-]*)\s+(.*)$", unit)
    return (float(match[1]), match[2]) if match else (1.0, unit)


def window_of(path: str, column: str, model: dict) -> list[int]:
    """Returns the last values of a column of a CSV file as raw numbers."""
    if model["channels"] != 1:
        raise Refusal(f"the domain reads {model['channels']} channels, and this example reads one column: use `doin-worker infer --input`")
    with open(path, newline="") as file:
        rows = list(csv.DictReader(file))
    if not rows or column not in rows[0]:
        raise Refusal(f"{path} has no column {column}: its columns are {', '.join(rows[0]) if rows else 'none'}")
    if len(rows) < model["inputs"]:
        raise Refusal(f"{path} has {len(rows)} rows, and the domain reads {model['inputs']}: add earlier ones")
    step, _ = step_of(model["unit"])
    try:
        return [round(float(row[column]) / step) for row in rows[-model["inputs"] :]]
    except (TypeError, ValueError, OverflowError) as error:
        raise Refusal(f"a value of the last {model['inputs']} rows of {column} is no number ({error}): fill it in") from error


class Server:
    """The HTTP server of a worker."""

    def __init__(self, url: str):
        self.url = url.rstrip("/")
        self.session = requests.Session()

    def ask(self, path: str, body: dict | None = None) -> tuple[int, dict]:
        """Returns status and JSON of a request."""
        method = "GET" if body is None else "POST"
        try:
            response = self.session.request(method, self.url + path, json=body, timeout=SECONDS)
            return response.status_code, response.json()
        except requests.RequestException as error:
            raise Refusal(f"no server answers at {self.url} ({error}): name another with --server, `doin-worker offer list` shows all") from error

    def get(self, path: str) -> dict:
        """Returns the JSON of a path."""
        status, answer = self.ask(path)
        if status != 200:
            raise Refusal(f"{self.url}{path}: {answer['error']}: {answer['next']}")
        return answer

    def infer(self, request: dict) -> dict:
        """Sends a request until it is answered. The same request with the same voucher is paid once."""
        for attempt in range(1, ATTEMPTS + 1):
            status, answer = self.ask("/inference", request)
            if status == 200:
                return answer
            # The node of the server may be a block behind.
            if attempt == ATTEMPTS or not (status in (402, 404, 409, 429) or status >= 500):
                break
            time.sleep(2)
        raise Refusal(f"{self.url} refuses: {answer['error']}: {answer['next']}")


class Client:
    """An account that pays a server."""

    def __init__(self, node: SubstrateInterface, server: Server, uri: str):
        self.node, self.server = node, server
        self.account = Keypair.create_from_uri(uri)
        # A key that signs vouchers only, so that the key of the account need not be at hand for them.
        self.vouchers = Keypair.create_from_uri(f"{uri}//vouchers")

    def rpc(self, method: str, *parameters: object) -> object:
        """Returns the result of a JSON-RPC method in the last finalized block."""
        return self.node.rpc_request(method, [*parameters, self.node.get_chain_finalised_head()])["result"]

    def finalized(self) -> int:
        """Returns the number of the last finalized block."""
        return self.node.get_block_number(self.node.get_chain_finalised_head())

    def offer(self, prices: dict, domain: int) -> dict:
        """Returns the offer of the account of the server, if the server keeps to it."""
        offer = next((one for one in self.rpc("doin_offers", domain) if one["who"] == prices["account"]), None)
        price = next((one["price"] for one in prices["domains"] if one["domain_id"] == domain), None)
        if offer is None or price is None:
            raise Refusal(f"{self.server.url} does not answer for domain {domain}: `doin-worker offer list {domain}` shows who does")
        if offer["price"] != price or offer["key"] != prices["key"]:
            raise Refusal(f"{self.server.url} has another price or key than its offer on the chain: choose another server")
        return offer

    def open(self, prices: dict, domain: int, deposit: int) -> bytes:
        """Opens a channel to the server, and waits until it is finalized."""
        parameters = {
            "payee": prices["account"],
            "key": to_hex(self.vouchers.public_key),
            "deposit": deposit,
            "lifetime": LIFETIME * prices["challenge"],
            "domain": domain,
        }
        call = self.node.compose_call("Channels", "open", parameters)
        extrinsic = self.node.create_signed_extrinsic(call, self.account)
        receipt = self.node.submit_extrinsic(extrinsic, wait_for_finalization=True)
        if not receipt.is_success:
            raise Refusal(f"channels.open failed: {receipt.error_message}")
        events = (event.value["event"] for event in receipt.triggered_events)
        opened = next(event for event in events if (event["module_id"], event["event_id"]) == ("Channels", "Opened"))
        return from_hex(opened["attributes"]["channel"])

    def taken(self, channel: bytes, account: str) -> int:
        """Returns the amount that the server has taken from a channel of an earlier run."""
        try:
            view = self.rpc("doin_channel", to_hex(channel))
        except SubstrateRequestException as error:
            if not isinstance(error.args[0], dict) or error.args[0].get("code") != UNKNOWN:
                raise
            view = None
        if view is None or view["payee"] != account or view["key"] != to_hex(self.vouchers.public_key):
            raise Refusal(f"no channel {to_hex(channel)} pays {account} with the key of this account: leave --channel out, and a new one is opened")
        voucher = self.server.get(f"/channel/{to_hex(channel)}")["voucher"]
        if voucher is None:
            return int(view["paid"])
        taken = int(voucher["cumulative"])
        if not sr25519.verify(from_hex(voucher["signature"]), voucher_bytes(channel, taken), self.vouchers.public_key):
            raise Refusal(f"{self.server.url} shows a voucher that was never signed: choose another server")
        return taken

    def buy(self, sent: Sent) -> dict:
        """Sends a request with its voucher, and returns the answer."""
        signature = self.vouchers.sign(voucher_bytes(sent.channel, sent.cumulative))
        voucher = {"channel": to_hex(sent.channel), "cumulative": str(sent.cumulative), "signature": to_hex(signature)}
        request = {"domain_id": sent.domain, "input": sent.window, "client_id": "buy_answer.py", "nonce": to_hex(sent.nonce), "voucher": voucher}
        return self.server.infer(request)

    def check(self, reply: dict, sent: Sent, offer: dict) -> None:
        """Checks that an answer is one to the request, and that the key of the offer has signed it in a fresh block."""
        receipt, outputs = reply["receipt"], reply["outputs"]
        nonce = blake2(sent.nonce + struct.pack("<H", 0))
        pairs = [(blake2(nonce + number_bytes(sent.window)), blake2(number_bytes(output))) for output in outputs]
        shown = [(from_hex(pair["input"]), from_hex(pair["output"])) for pair in receipt["pairs"]]
        parts = {
            "number of windows": len(outputs) == 1,
            "pair of hashes": shown == pairs,
            "domain": reply["domain_id"] == sent.domain,
            "channel or amount": (from_hex(receipt["channel"]), int(receipt["cumulative"])) == (sent.channel, sent.cumulative),
            "price": int(receipt["price"]) == sent.price,
        }
        different = [name for name, is_equal in parts.items() if not is_equal]
        if different:
            raise Refusal(f"the receipt is not of this request: it has another {different[0]}. Pay this server no more")
        signed = receipt_bytes(from_hex(self.node.get_block_hash(0)), sent, reply, b"".join(pairs[0]))
        if not sr25519.verify(from_hex(receipt["signature"]), signed, from_hex(offer["key"])):
            raise Refusal("the key of the offer has not signed the receipt: choose another server")
        block = self.finalized()
        if not max(offer["since"], block - FRESH_BLOCKS) <= reply["block"] <= block:
            raise Refusal(f"the receipt names block {reply['block']}, and the last finalized one is {block}: choose another server")


def values_of(window: list[int], output: list[int], model: dict) -> list[float]:
    """Returns the values that follow from the outputs, in the unit of the domain, or the class of the greatest output."""
    if model["names"][:1] == ["class"]:
        return [output.index(max(output))]
    step, _ = step_of(model["unit"])
    return [float(f"{(window[-1] + difference / 16) * step:.9e}") for difference in output]


def arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("file", help="CSV file whose last rows are the input")
    parser.add_argument("--column", required=True)
    parser.add_argument("--domain", type=int, default=0)
    parser.add_argument("--server", default="http://127.0.0.1:8470")
    parser.add_argument("--channel", type=from_hex, help="channel of an earlier run; without it, one is opened")
    parser.add_argument("--deposit", type=plancks, default="1", help="amount that a new channel can pay in all, in DOIN")
    parser.add_argument("--max-price", type=plancks, default="0.01", help="most that the answer may cost, in DOIN")
    key = parser.add_mutually_exclusive_group()
    key.add_argument("--key", default="//Dave", help="account of a development chain")
    key.add_argument("--mnemonic", help="file with the words of another account")
    parser.add_argument("--url", default="ws://127.0.0.1:9944")
    return parser.parse_args()


def main() -> None:
    options = arguments()
    uri = Path(options.mnemonic).read_text().strip() if options.mnemonic else options.key
    try:
        node = SubstrateInterface(url=options.url)
    except ConnectionError as error:
        raise Refusal(f"no node answers at {options.url} ({error}): start one with scripts/run.sh, or name another with --url") from error
    server = Server(options.server)
    client = Client(node, server, uri)
    prices = server.get("/price")
    offer = client.offer(prices, options.domain)
    price = int(offer["price"])
    if price > options.max_price:
        raise Refusal(f"the answer costs {doin(price)}, and --max-price is {doin(options.max_price)}: raise it, or choose another server")
    model = next((one for one in server.get("/models")["models"] if one["domain_id"] == options.domain), None)
    if model is None:
        raise Refusal(f"{server.url} has no model of domain {options.domain} now: ask again in a minute")
    window = window_of(options.file, options.column, model)

    if options.channel is None:
        channel, taken = client.open(prices, options.domain, options.deposit), 0
        print(f"opened channel {to_hex(channel)} with {doin(options.deposit)}")
    else:
        channel, taken = options.channel, client.taken(options.channel, prices["account"])
    sent = Sent(options.domain, window, secrets.token_bytes(32), channel, taken + price, price)
    reply = client.buy(sent)
    client.check(reply, sent, offer)

    unit = "" if model["names"][:1] == ["class"] else f" {step_of(model['unit'])[1]}"
    for name, value in zip(model["names"], values_of(window, reply["outputs"][0], model)):
        print(f"{name}: {value}{unit}")
    print(f"receipt of block {reply['block']} by {prices['account']}: hashes and signature are right")
    print(f"paid {doin(price)} with channel {to_hex(channel)}, {doin(sent.cumulative)} in all")


if __name__ == "__main__":
    try:
        main()
    except (Refusal, OSError, SubstrateRequestException) as error:
        sys.exit(f"error: {error}")
