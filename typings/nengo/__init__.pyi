# What we use of Nengo, typed: Nengo itself has no types. A name that is not here is one that we
# do not rely on; each that is here is looked for in the installed Nengo by test_nengo_types.py.
from typing import Any

from nengo import (
    base as base,
)
from nengo import (
    builder as builder,
)
from nengo import (
    connection as connection,
)
from nengo import (
    dists as dists,
)
from nengo import (
    ensemble as ensemble,
)
from nengo import (
    exceptions as exceptions,
)
from nengo import (
    learning_rules as learning_rules,
)
from nengo import (
    neurons as neurons,
)
from nengo import (
    params as params,
)
from nengo import (
    solvers as solvers,
)
from nengo import (
    synapses as synapses,
)
from nengo import (
    transforms as transforms,
)
from nengo.base import Process as Process
from nengo.connection import Connection as Connection
from nengo.ensemble import Ensemble as Ensemble
from nengo.learning_rules import BCM as BCM
from nengo.learning_rules import PES as PES
from nengo.learning_rules import RLS as RLS
from nengo.learning_rules import Oja as Oja
from nengo.learning_rules import Voja as Voja
from nengo.network import Network as Network
from nengo.neurons import (
    LIF as LIF,
)
from nengo.neurons import (
    AdaptiveLIF as AdaptiveLIF,
)
from nengo.neurons import (
    Direct as Direct,
)
from nengo.neurons import (
    Izhikevich as Izhikevich,
)
from nengo.neurons import (
    LIFRate as LIFRate,
)
from nengo.neurons import (
    PoissonSpiking as PoissonSpiking,
)
from nengo.neurons import (
    RectifiedLinear as RectifiedLinear,
)
from nengo.neurons import (
    RegularSpiking as RegularSpiking,
)
from nengo.neurons import (
    SpikingRectifiedLinear as SpikingRectifiedLinear,
)
from nengo.neurons import (
    StochasticSpiking as StochasticSpiking,
)
from nengo.node import Node as Node
from nengo.probe import Probe as Probe
from nengo.simulator import Simulator as Simulator
from nengo.synapses import Alpha as Alpha
from nengo.synapses import LinearFilter as LinearFilter
from nengo.synapses import Lowpass as Lowpass
from nengo.transforms import Convolution as Convolution
from nengo.transforms import Dense as Dense
from nengo.transforms import Sparse as Sparse

networks: Any
presets: Any
processes: Any
rc: Any
utils: Any
Default: Any
__version__: str
