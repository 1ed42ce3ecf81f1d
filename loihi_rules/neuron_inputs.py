"""Currents that neurons on the chip are given by other neurons, not by their encoders."""

from __future__ import annotations

from typing import Dict, List, Mapping, Optional

import nengo
import numpy as np
from nengo.ensemble import Neurons

from loihi_rules.transforms import CONVOLUTIONS, matrix_of
from loihi_rules.wiring import base_of, columns_of

SAMPLES = 500  # of currents, at which rates are fitted


class NeuronInputs:
    """The connections of a network that go into neurons.

    Parameters
    ----------
    network : nengo.Network
    """

    def __init__(self, network: nengo.Network):
        self.into: Dict[nengo.Ensemble, List[nengo.Connection]] = {}
        self.encoded = set()
        self.rates: Dict[nengo.Ensemble, np.ndarray] = {}
        for conn in network.all_connections:
            ens = base_of(conn.post)
            if not isinstance(ens, nengo.Ensemble):
                continue
            if isinstance(conn.post_obj, Neurons):
                self.into.setdefault(ens, []).append(conn)
            else:
                self.encoded.add(ens)

    def currents(
        self,
        ens: nengo.Ensemble,
        gain: np.ndarray,
        bias: np.ndarray,
        tuning: Mapping[nengo.Ensemble, object],
    ) -> Optional[np.ndarray]:
        """(n_samples, n_neurons) samples of the currents that neurons are given, with bias.

        Those that their sources give at evaluation points: J = g Σ W a(x) + b, where a are the
        rates of Nengo's neurons (into neurons, Nengo multiplies with their gain). None where an
        input has no tuning curves: what an ensemble represents, a node, neurons that are tuned
        later.

        Parameters
        ----------
        ens : nengo.Ensemble
        gain, bias : (n_neurons,) ndarray
        tuning : mapping of nengo.Ensemble to nengo.builder.ensemble.BuiltEnsemble
            Of the ensembles that have been fitted.
        """
        conns = self.into.get(ens, [])
        if ens in self.encoded or not conns:
            return None
        total = np.tile(bias, (SAMPLES, 1))
        for k, conn in enumerate(conns):
            pre = base_of(conn.pre)
            known = isinstance(conn.pre_obj, Neurons) and pre in tuning and pre is not ens
            if not known or isinstance(conn.transform, CONVOLUTIONS):
                return None
            order = np.random.RandomState(k).permutation(SAMPLES)  # inputs are independent
            active = self._rates_of(pre, tuning[pre])[order][:, columns_of(conn.pre)]
            total[:, columns_of(conn.post)] += (
                active @ matrix_of(conn).T * gain[columns_of(conn.post)]
            )
        self.rates[ens] = ens.neuron_type.rates(
            total, np.ones(ens.n_neurons), np.zeros(ens.n_neurons)
        )
        return total

    def _rates_of(self, ens: nengo.Ensemble, built: object) -> np.ndarray:
        if ens not in self.rates:
            points = built.eval_points  # type: ignore[attr-defined]
            rows = np.arange(SAMPLES) % len(points)
            drive = points[rows] @ built.encoders.T / ens.radius  # type: ignore[attr-defined]
            gain, bias = built.gain, built.bias  # type: ignore[attr-defined]
            self.rates[ens] = ens.neuron_type.rates(drive, gain, bias)
        return self.rates[ens]
