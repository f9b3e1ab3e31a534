"""Draws candidates at random. A whole optimizer in ten lines."""
import random
from doin_plugin import Optimizer, run

class RandomSearch(Optimizer):
    def configure(self, space, seed, population):
        self.space, self.random = space, random.Random(seed)

    def ask(self, count):
        return [self.space.sample(self.random) for _ in range(count)]

run(RandomSearch())
