"""Currents that neurons on the chip are given by other neurons, not by their encoders."""

from __future__ import annotations

from typing import Dict, List, Mapping, NamedTuple, Optional

import nengo
import numpy as np
from nengo.ensemble import Neurons

from loihi_rules.transforms import CONVOLUTIONS, matrix_of
from loihi_rules.wiring import base_of, columns_of

SAMPLES = 500  # of currents, at which rates are fitted


class Currents(NamedTuple):
    """Samples of what neurons are given, (n_samples, n_neurons).

    Attributes
    ----------
    mean : ndarray
        J, normalised, with the bias in it.
    variance : ndarray
        Of J about that, from the single spikes of which it is made.
    """

    mean: np.ndarray
    variance: np.ndarray


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
        dt: float,
    ) -> Optional[Currents]:
        """Samples of the currents that neurons are given by other neurons alone.

        Those that their sources give at evaluation points, where a are the rates of Nengo's
        neurons (into neurons, Nengo multiplies with their gain g), and the variance of spikes
        that come at random through a low-pass filter of τ:

            J = g Σ W a(x) + b,        var J = g² Σ W² a(x) / 2τ.

        None where an input has no tuning curves: what an ensemble represents, a node, neurons
        that are tuned later.

        Parameters
        ----------
        ens : nengo.Ensemble
        gain, bias : (n_neurons,) ndarray
        tuning : mapping of nengo.Ensemble to nengo.builder.ensemble.BuiltEnsemble
            Of the ensembles that have been fitted.
        dt : float
            Step in seconds.
        """
        conns = self.into.get(ens, [])
        if ens in self.encoded or not conns:
            return None
        mean = np.tile(bias, (SAMPLES, 1))
        variance = np.zeros_like(mean)
        for k, conn in enumerate(conns):
            pre, rows = base_of(conn.pre), columns_of(conn.post)
            known = isinstance(conn.pre_obj, Neurons) and pre in tuning and pre is not ens
            if not known or isinstance(conn.transform, CONVOLUTIONS):
                return None
            order = np.random.RandomState(k).permutation(SAMPLES)  # inputs are independent
            active = self._rates_of(pre, tuning[pre])[order][:, columns_of(conn.pre)]
            weights = matrix_of(conn).T * gain[rows]
            tau = max(getattr(conn.synapse, "tau", 0.0), dt)
            mean[:, rows] += active @ weights
            variance[:, rows] += np.abs(active) @ weights**2 / (2 * tau)
        ones = np.ones(ens.n_neurons)
        self.rates[ens] = ens.neuron_type.rates(mean, ones, 0 * ones)
        return Currents(mean, variance)

    def shares_kernel(self, ens: nengo.Ensemble) -> bool:
        """Whether a convolution goes into its neurons, which must then have one gain."""
        return any(isinstance(c.transform, CONVOLUTIONS) for c in self.into.get(ens, []))

    def _rates_of(self, ens: nengo.Ensemble, built: object) -> np.ndarray:
        if ens not in self.rates:
            points = built.eval_points  # type: ignore[attr-defined]
            rows = np.arange(SAMPLES) % len(points)
            drive = points[rows] @ built.encoders.T / ens.radius  # type: ignore[attr-defined]
            gain, bias = built.gain, built.bias  # type: ignore[attr-defined]
            self.rates[ens] = ens.neuron_type.rates(drive, gain, bias)
        return self.rates[ens]
