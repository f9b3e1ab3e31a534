"""Program of a tolerance domain whose best candidates have a `rate` near 60."""

import random

from doin_plugin import Evaluator, genes_of, serve


class Distance(Evaluator):
    def evaluate(self, model, chunk):
        rate = genes_of(model, {"rate": 1})["rate"]
        return 1 + random.Random(chunk).random() + abs(60 - rate) / 10


serve(Distance())
