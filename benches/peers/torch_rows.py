"""MLP 16-128-128-26 in PyTorch on the processor, on Letter Recognition.

Usage: torch_rows.py eager THREADS       one candidate at a time
       torch_rows.py compiled THREADS    the same, forward and backward passes compiled by torch.compile, once for all candidates
       torch_rows.py stacked THREADS     16 candidates at a time, whose weights are stacked; they see the same batches
"""

import sys

import torch
from torch import nn
from torch.nn import functional

import letters
import measure

SIZES = (16, 128, 128, 26)
RATE = 3e-3
POPULATIONS = {"eager": 1, "compiled": 1, "stacked": 16}


class Stack(nn.Module):
    """Nets side by side, each as `network` makes it; outputs are (net x sample x letter)."""

    def __init__(self, population: int):
        super().__init__()
        nets = [[layer for layer in network() if isinstance(layer, nn.Linear)] for _ in range(population)]
        layers = list(zip(*nets))
        self.weights = nn.ParameterList(torch.stack([layer.weight.detach().T for layer in same]) for same in layers)
        self.biases = nn.ParameterList(torch.stack([layer.bias.detach()[None] for layer in same]) for same in layers)

    def forward(self, inputs: torch.Tensor) -> torch.Tensor:
        outputs = inputs.expand(len(self.weights[0]), *inputs.shape)
        for index, (weights, bias) in enumerate(zip(self.weights, self.biases)):
            outputs = torch.baddbmm(bias, functional.relu(outputs) if index else outputs, weights)
        return outputs


def network() -> nn.Sequential:
    layers = [layer for inputs, outputs in zip(SIZES, SIZES[1:]) for layer in (nn.Linear(inputs, outputs), nn.ReLU())]
    return nn.Sequential(*layers[:-1])


def loss(net: nn.Module, inputs: torch.Tensor, targets: torch.Tensor) -> torch.Tensor:
    """Cross-entropy, the mean over the samples of a net, summed over nets."""
    outputs = net(inputs)
    if outputs.dim() == 2:
        return functional.cross_entropy(outputs, targets)
    every = functional.cross_entropy(outputs.flatten(0, 1), targets.repeat(len(outputs)))
    return every * len(outputs)


def main(kind: str, threads: int) -> None:
    torch.set_num_threads(threads)
    task = letters.Task(*map(torch.from_numpy, letters.load()))
    kept = len(task.train_x) // letters.BATCH * letters.BATCH
    population = POPULATIONS[kind]
    error = torch.compile(loss) if kind == "compiled" else loss

    def run(seed: int) -> list[float]:
        torch.manual_seed(seed)
        net = Stack(population) if kind == "stacked" else network()
        optimizer = torch.optim.Adam(net.parameters(), lr=RATE, fused=True)
        for _ in range(letters.EPOCHS):
            # The rows of an epoch are gathered once, so that its batches are views.
            order = torch.randperm(len(task.train_x))[:kept]
            batches = zip(task.train_x[order].split(letters.BATCH), task.train_y[order].split(letters.BATCH))
            for inputs, targets in batches:
                optimizer.zero_grad()
                error(net, inputs, targets).backward()
                optimizer.step()
        with torch.no_grad():
            wrong = (net(task.test_x).argmax(-1) != task.test_y).float().mean(-1)
        return wrong.reshape(-1).tolist()

    measure.serve({"torch": torch.__version__}, population, run, torch.backends.cpu.get_cpu_capability().lower())


if __name__ == "__main__":
    if len(sys.argv) != 3 or sys.argv[1] not in POPULATIONS or not sys.argv[2].isdecimal():
        sys.exit(__doc__)
    main(sys.argv[1], int(sys.argv[2]))
