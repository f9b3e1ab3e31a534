#!/usr/bin/env python3
"""Serves a net with ONNX Runtime over HTTP, as a user would without DOIN: no payment, no receipt, 32-bit floats.

    answer_server.py --port 8480 --inputs 104 --window 52 --width 16 --depth 2 --outputs 13 [--skip]

The net has the shape of the champion that it is measured beside: the last `window` of `inputs` values, `depth` dense layers of `width`
units with ReLU, `outputs` differences from the last value, and a linear skip. Its weights are drawn, since times do not depend on them.
One process per core answers `POST /inference {"input": [[...], ...]}` with `{"outputs": [[...], ...]}`; `GET /models` answers once it is
ready.
"""

import argparse
import json
import os

import numpy
import onnx
import onnxruntime
import uvicorn
from onnx import TensorProto, helper, numpy_helper
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse
from starlette.routing import Route

# Arguments for the processes that uvicorn starts.
SHAPE = "DOIN_ANSWER_SHAPE"
# Windows of a request at most.
WINDOWS = 64


def net(inputs: int, window: int, width: int, depth: int, outputs: int, skip: bool) -> bytes:
    """Returns the net in ONNX."""
    random = numpy.random.default_rng(1)
    weights, nodes = [], []

    def constant(name: str, value: numpy.ndarray) -> str:
        weights.append(numpy_helper.from_array(value, name))
        return name

    def dense(source: str, rows: int, columns: int, name: str) -> str:
        drawn = constant(f"{name}.weight", random.normal(0, rows**-0.5, (rows, columns)).astype(numpy.float32))
        bias = constant(f"{name}.bias", numpy.zeros(columns, numpy.float32))
        nodes.append(helper.make_node("Gemm", [source, drawn, bias], [name]))
        return name

    starts, ends = constant("starts", numpy.array([inputs - window])), constant("ends", numpy.array([inputs]))
    axes = constant("axes", numpy.array([1]))
    nodes.append(helper.make_node("Slice", ["input", starts, ends, axes], ["history"]))
    last = constant("last", numpy.array([inputs - 1]))
    nodes.append(helper.make_node("Slice", ["input", last, ends, axes], ["level"]))
    nodes.append(helper.make_node("Sub", ["history", "level"], ["differences"]))
    source, size = "differences", window
    for layer in range(depth):
        dense(source, size, width, f"layer{layer}")
        nodes.append(helper.make_node("Relu", [f"layer{layer}"], [f"active{layer}"]))
        source, size = f"active{layer}", width
    result = dense(source, size, outputs, "dense")
    if skip and depth > 0:
        linear = dense("differences", window, outputs, "linear")
        nodes.append(helper.make_node("Add", [result, linear], ["sum"]))
        result = "sum"
    nodes.append(helper.make_node("Add", [result, "level"], ["output"]))
    tensor = helper.make_tensor_value_info
    graph = helper.make_graph(
        nodes,
        "champion",
        [tensor("input", TensorProto.FLOAT, ["windows", inputs])],
        [tensor("output", TensorProto.FLOAT, ["windows", outputs])],
        weights,
    )
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=9)
    onnx.checker.check_model(model)
    return model.SerializeToString()


def application() -> Starlette:
    """Returns the server of one process."""
    shape = json.loads(os.environ[SHAPE])
    options = onnxruntime.SessionOptions()
    # A process per core.
    options.intra_op_num_threads = 1
    session = onnxruntime.InferenceSession(net(**shape), options, providers=["CPUExecutionProvider"])

    async def infer(request: Request) -> JSONResponse:
        windows = numpy.asarray((await request.json())["input"], numpy.float32)
        if windows.ndim != 2 or windows.shape[1] != shape["inputs"] or not 0 < len(windows) <= WINDOWS:
            return JSONResponse({"error": f"expected 1 to {WINDOWS} windows of {shape['inputs']} numbers"}, 422)
        (outputs,) = session.run(None, {"input": windows})
        return JSONResponse({"outputs": outputs.tolist()})

    async def models(_: Request) -> JSONResponse:
        return JSONResponse({"onnxruntime": onnxruntime.__version__, **shape})

    return Starlette(routes=[Route("/inference", infer, methods=["POST"]), Route("/models", models)])


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    for name in ("port", "inputs", "window", "width", "depth", "outputs"):
        parser.add_argument(f"--{name}", type=int, required=True)
    parser.add_argument("--skip", action="store_true")
    shape = vars(parser.parse_args())
    port = shape.pop("port")
    os.environ[SHAPE] = json.dumps(shape)
    workers = len(os.sched_getaffinity(0))
    uvicorn.run("answer_server:application", factory=True, port=port, workers=workers, log_level="warning", access_log=False)


if __name__ == "__main__":
    main()
