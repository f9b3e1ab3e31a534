"""Proposes mixtures: each gene of a proposal is that of a candidate of another domain, drawn with a chance that halves with each doubling
of a number in which that domain differs. The worker's own archive copies whole candidates of the nearest domains.
"""

import random

from doin_plugin import MetaOptimizer, advise

ATTEMPTS = 16
"""Draws for a proposal, since few candidates have few mixtures."""


class Mixture(MetaOptimizer):
    def propose(self, features, space, domains, count, seed):
        source = random.Random(seed)
        # Candidates with the chance of each: better ones of nearer domains have larger chances.
        known = [
            (genes, 2.0 ** -features.distance(domain.features) / (1 + rank))
            for domain in domains
            for rank, genes in enumerate(domain.found)
        ]
        proposed = []
        for _ in range(ATTEMPTS * count):
            mixture = space.canonical({gene.name: self.drawn(gene, known, source) for gene in space.genes})
            if len(proposed) < count and mixture not in proposed:
                proposed.append(mixture)
        return proposed if known else []

    @staticmethod
    def drawn(gene, known, source):
        """Returns a value of a gene from a candidate that has it, or from its whole range if none has."""
        having = [(genes[gene.name], chance) for genes, chance in known if gene.name in genes]
        if not having:
            return gene.sample(source)
        values, chances = zip(*having)
        # Far domains are not impossible, however small their chances.
        return gene.clamp(source.choices(values, [chance + 1e-9 for chance in chances])[0])


advise(Mixture())
