"""Wrong registers and packets, one at a time, and a network in which each of them matters."""

import nengo
import nengo_loihi
import numpy as np

BIT = 1 << 4  # where the exponent of a word of microcode begins


def network():
    """Populations of two kinds, a loop, convolutions by both kinds of packets, and learning."""
    rng = np.random.RandomState(5)
    with nengo.Network(seed=3) as net:
        stimulus = nengo.Node(lambda t: np.sin(40 * t))
        a = nengo.Ensemble(30, 1, label="a", max_rates=nengo.dists.Uniform(150, 300))
        b = nengo.Ensemble(
            20,
            1,
            label="b",
            neuron_type=nengo.LIF(tau_ref=0.004),
            max_rates=nengo.dists.Uniform(100, 200),
        )
        nengo.Connection(stimulus, a)
        nengo.Connection(a, b)
        nengo.Connection(b, b, transform=0.6, synapse=0.02)
        image = nengo.Ensemble(25, 1, label="image", gain=np.ones(25), bias=rng.uniform(1.5, 4, 25))
        nengo_loihi.add_params(net)
        for kind in (16, 32):
            kernel = nengo.Convolution(
                4, (5, 5, 1), kernel_size=(3, 3), init=rng.uniform(0.02, 0.09, (3, 3, 1, 4))
            )
            n = kernel.output_shape.size
            target = nengo.Ensemble(
                n, 1, label=f"filtered {kind}", gain=np.ones(n), bias=np.full(n, 0.9)
            )
            conn = nengo.Connection(image.neurons, target.neurons, transform=kernel)
            net.config[conn].pop_type = kind
            nengo.Probe(target.neurons)
        learned = nengo.Node(size_in=1, label="learned")
        conn = nengo.Connection(
            a, learned, function=lambda x: 0.3 * x, learning_rule_type=nengo.PES(2e-2)
        )
        error = nengo.Node(size_in=1)
        nengo.Connection(learned, error)
        nengo.Connection(stimulus, error, transform=1.0)
        nengo.Connection(error, conn.learning_rule)
        for ens in (a, b):
            nengo.Probe(ens.neurons)
            nengo.Probe(ens.neurons, "voltage")
        nengo.Probe(a.neurons, "input")
        nengo.Probe(b, synapse=0.01)
        nengo.Probe(learned, synapse=0.01)
    return net


def add(bank, field, by, index=0):
    """A fault: a field of one register is off."""

    def fault(core):
        registers = getattr(core, bank)
        register = registers[index] if hasattr(registers, "size") else registers
        register = getattr(register, "staticCfg", register)
        setattr(register, field, getattr(register, field) + by)

    return fault


def put(bank, field, value, index=0):
    """A fault: a field of one register has another value."""

    def fault(core):
        registers = getattr(core, bank)
        register = registers[index] if hasattr(registers, "size") else registers
        assert getattr(register, field) != value, "this is no fault"
        setattr(register, field, value)

    return fault


def synapse(field, by):
    """The first synapse that is strong and belongs to a compartment other than the first."""

    def fault(core):
        bank = core.synapses
        k = next(k for k in range(len(bank)) if 40 < abs(bank[k].Wgt) < 190 and bank[k].CIdx)
        setattr(bank[k], field, getattr(bank[k], field) + by)

    return fault


def delayed(bits):
    """The first strong synapse comes a step later, in a format with so many bits for that."""

    def fault(core):
        bank = core.synapses
        k = next(k for k in range(len(bank)) if 40 < abs(bank[k].Wgt) < 190)
        bank[k].Dly = 1
        core.synapseFmt[bank[k].synFmtId].dlyBits = bits

    return fault


def word(change):
    """Other microcode."""

    def fault(core):
        register = core.stdpUcodeMem[0]
        register.word = change(register.word)

    return fault


def entry(field, by):
    """An entry of the synapse map from which spikes come to somebody."""

    def fault(core):
        table = core.synapseMap
        k = next(k for k in range(len(table)) if table[k].kind and table[k].synapseLen > 1)
        setattr(table[k], field, getattr(table[k], field) + by)

    return fault


def other_kind(core):
    core.synapseMap[0].population32MapEntry.configure(cxBase=0)


def axon(change):
    """The axons that leave a core are others."""

    def fault(core):
        core.axons[:] = change(core.axons)

    return fault


def another_entry(axons):
    return [a._replace(entry=a.entry ^ 1) for a in axons]


def another_atom(axons):
    return [a._replace(atom=a.atom + 1000) for a in axons]


def another_source(axons):
    return [a._replace(source=(a.source + 1) % 30) for a in axons]


def larger_threshold(core):
    for k in range(8):
        register = core.vthProfileCfg[k].staticCfg
        register.vth = min(int(1.02 * register.vth), 2**17 - 1)


def do_not_learn(core):
    for k in range(20):
        core.synapses[k].LrnEn = 0


def exchanged(core):
    """Profiles of positive and negative errors."""
    core.stdpProfileCfg[0].uCodePtr, core.stdpProfileCfg[1].uCodePtr = 1, 0


REGISTERS = {
    # of which core: what is wrong
    ("a", "decay of current + 1"): add("cxProfileCfg", "decayU", 1),
    ("a", "decay of voltage + 1"): add("cxProfileCfg", "decayV", 1),
    ("b", "refractory time + 1"): add("cxProfileCfg", "refractDelay", 1),
    ("a", "noise switched on"): put("cxProfileCfg", "enableNoise", 1),
    ("a", "threshold of 2 % more"): larger_threshold,
    ("a", "bias + 1"): add("cxCfg", "bias", 1, 3),
    ("a", "exponent of a bias + 1"): add("cxCfg", "biasExp", 1, 3),
    ("a", "threshold of another neuron"): put("cxCfg", "vthProfile", 7, 3),
    ("a", "profile that is empty"): put("cxCfg", "cxProfile", 9, 3),
    ("a", "compartments that do not run"): put("cxMetaState", "phase1", 0),
    ("a", "compartment in a phase that is not known"): put("cxMetaState", "phase1", 1),
    ("a", "voltage at the start"): add("cxState", "v", 5000, 3),
    ("a", "current at the start"): add("cxState", "u", 5000, 3),
    ("b", "cut of voltages"): add("dendriteSharedCfg", "posVmLimit", -4),
    ("a", "least voltage"): put("dendriteSharedCfg", "negVmLimit", 20),
    ("b", "four compartments less"): add("numUpdates", "numUpdates", -1),
    ("b", "exponent of weights + 1"): add("synapseFmt", "wgtExp", 1, 1),
    ("b", "exponent of weights - 1"): add("synapseFmt", "wgtExp", -1, 1),
    ("b", "weights without sign"): put("synapseFmt", "fanoutType", 2, 1),
    ("b", "no bits of weights"): put("synapseFmt", "wgtBits", 0, 1),
    ("b", "a delay of a step"): delayed(1),
    ("b", "a delay that its format has no bits for"): delayed(0),
    ("b", "tags"): put("synapseFmt", "tagBits", 1, 1),
    ("filtered 32", "indices of too few bits"): put("synapseFmt", "idxBits", 0, 1),
    ("b", "compression that is not known"): put("synapseFmt", "compression", 5, 1),
    ("filtered 32", "a weight + 64"): synapse("Wgt", 64),
    ("b", "a synapse of the neighbour"): synapse("CIdx", -1),
    ("b", "a synapse of the unused format"): synapse("synFmtId", -1),
    ("b", "where a row starts"): entry("synapsePtr", 1),
    ("b", "how long a row is"): entry("synapseLen", -1),
    ("b", "which compartment a row starts at"): entry("cxBase", 1),
    ("filtered 16", "which compartment a row of a population starts at"): entry("cxBase", 1),
    ("filtered 32", "how many members a population has"): put("synapseMap", "popSize", 0),
    ("b", "an entry of another kind"): other_kind,
    ("a", "axons to other entries"): axon(another_entry),
    ("a", "axons of other neurons"): axon(another_source),
    ("a", "an axon that is lacking"): axon(lambda axons: axons[1:]),
    ("a", "an axon twice"): axon(lambda axons: [*axons, axons[0]]),
    ("image", "atoms that are not there"): axon(another_atom),
    ("learned", "time constant of a trace + 1"): add("stdpPreCfg", "tau", 1),
    ("learned", "increment of a trace + 1"): add("stdpPreCfg", "spikeLevelInt", 1),
    ("learned", "fraction of an increment"): add("stdpPreCfg", "spikeLevelFrac", -20),
    ("learned", "traces of another kind"): add("synapseMap", "tcs", 1, 1),
    ("learned", "an axon without a trace"): add("synapseMap", "traced", -1, 1),
    ("learned", "where learning starts"): add("stdpCfg", "firstLearningIndex", 2),
    ("learned", "how many axons learn"): add("numUpdates", "numStdp", -1),
    ("learned", "synapses of ten neurons that do not learn"): do_not_learn,
    ("learned", "a format that does not learn"): put("synapseFmt", "learningCfg", 0, 1),
    ("learned", "errors of the other sign"): exchanged,
    ("learned", "two products in the place of one"): put("stdpProfileCfg", "numProducts", 2),
    ("learned", "a rule without y"): put("stdpProfileCfg", "requireY", 0),
    ("learned", "a rule without x"): put("stdpProfileCfg", "usesXepoch", 0),
    ("learned", "epochs that are left out"): put("stdpProfileCfg", "decimateExp", 1),
    ("learned", "exponent of the rule + 1"): word(lambda w: w + BIT),
    ("learned", "sign of the rule"): word(lambda w: w ^ 1),
    ("learned", "mantissa of the rule"): word(lambda w: w + 2),
    ("learned", "every fourth epoch"): word(lambda w: w + (1 << 9)),
    ("learned", "the trace before"): word(lambda w: w - (1 << 18)),
    ("learned", "a constant in the rule"): word(lambda w: w + (1 << 23)),
    ("learned", "delays that learn"): word(lambda w: w + (1 << 13)),
    ("learned", "bits beyond the rule"): word(lambda w: w | 1 << 60),
    ("learned", "epochs of 4 steps"): put("timeState", "tepoch", 4),
}


def last_spike_lost(words):
    n = words[0]
    return [n - 1, *words[1 : 2 * n - 1], *words[2 * n + 1 :]] if n else words


def spike_twice(words):
    return [words[0] + 1, *words[1:3], *words[1:]] if words[0] else words


def spike_to_the_neighbour(words):
    return [words[0], words[1] ^ 1, *words[2:]] if words[0] else words


def spike_to_nobody(words):
    return [words[0], 999 << 16, *words[2:]] if words[0] else words


def spike_of_another_kind(words):
    return [*words[:2], 32 << 16, *words[3:]] if words[0] else words


def spike_of_no_kind(words):
    return [*words[:2], 7 << 16, *words[3:]] if words[0] else words


def error_off_by_eight(words):
    return [*words[:-1], words[-1] + 8]


def error_of_the_other_sign(words):
    return [*words[:-1], -words[-1]]


def errors_of_another_core(words):
    return [*words[:-3], words[-3] + 1, *words[-2:]]


def errors_of_another_number(words):
    return [*words[:-2], 2, words[-1]]


def a_word_too_many(words):
    return [words[0] + 1, *words[1:]]


DOWN = (
    last_spike_lost,
    spike_twice,
    spike_to_the_neighbour,
    spike_to_nobody,
    spike_of_another_kind,
    spike_of_no_kind,
    error_off_by_eight,
    error_of_the_other_sign,
    errors_of_another_core,
    errors_of_another_number,
    a_word_too_many,
)


def step_of_another(words):
    words[0] += 1


def value_off_by_one(words):
    words[1:] += 1


def words_exchanged(words):
    words[1:] = words[:0:-1].copy()


def end_of_the_run(words):
    words[0] = -1


UP = (step_of_another, value_off_by_one, words_exchanged, end_of_the_run)
