"""A core and a chip: their registers, and the axons that leave them."""

from __future__ import annotations

from typing import Any, List, NamedTuple

from nxsdk.virtual.registers import (
    Bank,
    RegisterError,
    Single,
    SynapseMapBank,
    ThresholdBank,
    signed,
    unsigned,
)

COMPARTMENTS = 1024  # of a core
AXONS = 4096  # entries of a core's synapse map
SYNAPSES = 2**17  # words of 64 bits, of which the smallest formats have several a word
FIRST_CORE_ID = 4  # of a chip: ids are not positions, and a test sees who takes them for such


class Axon(NamedTuple):
    """From a compartment to an entry of a core's synapse map."""

    kind: int  # 0, 16 or 32
    source: int
    chip: int
    core: int
    entry: int
    atom: int
    population: int


class Core:
    """What `N2Board` has of each core, by the names that nengo-loihi writes to.

    Attributes
    ----------
    id : int
    parent : Chip
    axons : list of Axon
    """

    def __init__(self, chip: Chip, position: int):
        self.parent, self.id = chip, FIRST_CORE_ID + position
        self.axons: List[Axon] = []
        bit, word = unsigned(1), unsigned(32)
        self.cxProfileCfg = Bank(
            "cxProfileCfg",
            32,
            decayV=unsigned(12),
            decayU=unsigned(12),
            refractDelay=unsigned(6),
            enableNoise=bit,
            bapAction=unsigned(2),
        )
        self.vthProfileCfg = ThresholdBank("vthProfileCfg", 8, vth=unsigned(17))
        self.synapseFmt = Bank(
            "synapseFmt",
            16,
            wgtLimitMant=unsigned(4),
            wgtLimitExp=unsigned(4),
            wgtExp=signed(4),
            discMaxWgt=unsigned(9),
            learningCfg=unsigned(2),
            tagBits=unsigned(2),
            dlyBits=unsigned(3),
            wgtBits=unsigned(3),
            reuseSynData=bit,
            numSynapses=unsigned(6),
            cIdxOffset=unsigned(4),
            cIdxMult=unsigned(4),
            skipBits=unsigned(2),
            idxBits=unsigned(3),
            synType=unsigned(2),
            fanoutType=unsigned(2),
            compression=unsigned(3),
            stdpProfile=unsigned(4),
            ignoreDly=bit,
        )
        trace = {
            "tau": unsigned(12),
            "spikeLevelInt": unsigned(7),
            "spikeLevelFrac": unsigned(7),
        }
        self.stdpPreCfg = Bank("stdpPreCfg", 3, **trace)
        self.stdpPostCfg = Bank("stdpPostCfg", 3, **trace)
        seeds = {"random0": word, "random1": word, "random2": word}
        self.stdpPreRandom = Single("stdpPreRandom", **seeds)
        self.stdpPostRandom = Single("stdpPostRandom", **seeds)
        self.somaRandom = Single("somaRandom", **seeds)
        self.synapseRepackRandom = Single("synapseRepackRandom", word=word)
        self.stdpCfg = Single(
            "stdpCfg", firstLearningIndex=unsigned(12), numRewardAxons=unsigned(12)
        )
        self.stdpPreProfileCfg = Bank(
            "stdpPreProfileCfg",
            8,
            updateAlways=bit,
            numTraces=unsigned(2),
            numTraceHist=unsigned(2),
            stdpProfile=unsigned(4),
        )
        self.stdpProfileCfg = Bank(
            "stdpProfileCfg",
            16,
            uCodePtr=unsigned(4),
            decimateExp=unsigned(3),
            numProducts=unsigned(4),
            requireY=bit,
            usesXepoch=bit,
        )
        self.stdpUcodeMem = Bank("stdpUcodeMem", 16, word=unsigned(64))
        self.stdpPostState = Bank(
            "stdpPostState", COMPARTMENTS, stdpProfile=unsigned(4), traceProfile=unsigned(2)
        )
        self.dendriteSharedCfg = Single(
            "dendriteSharedCfg",
            posVmLimit=unsigned(3),
            negVmLimit=unsigned(5),
            noiseExp0=unsigned(5),
            noiseMantOffset0=signed(8),
            noiseAtDendOrVm=bit,
        )
        self.dendriteAccumCfg = Single("dendriteAccumCfg", delayBits=unsigned(3))
        self.cxCfg = Bank(
            "cxCfg",
            COMPARTMENTS,
            bias=signed(13),
            biasExp=unsigned(3),
            vthProfile=unsigned(3),
            cxProfile=unsigned(5),
        )
        self.cxMetaState = Bank(
            "cxMetaState", COMPARTMENTS // 4, **{f"phase{k}": unsigned(2) for k in range(4)}
        )
        self.synapses = Bank(
            "synapses",
            8 * SYNAPSES,
            CIdx=unsigned(12),
            Wgt=signed(9),
            Dly=unsigned(6),
            synFmtId=unsigned(4),
            LrnEn=bit,
        )
        self.synapseMap = SynapseMapBank(
            "synapseMap",
            AXONS,
            synapsePtr=unsigned(20),
            synapseLen=unsigned(12),
            popSize=unsigned(11),
            kind=unsigned(6),
            cxBase=unsigned(10),
            atomBits=unsigned(3),
            traced=bit,
            preProfile=unsigned(3),
            tcs=unsigned(2),
        )
        self.numUpdates = Single("numUpdates", numUpdates=unsigned(9), numStdp=unsigned(12))
        self.dendriteTimeState = Bank("dendriteTimeState", 1, tepoch=unsigned(6))
        self.timeState = Bank("timeState", 1, tepoch=unsigned(6))
        self.cxState = CompartmentStates(self)

    def createDiscreteAxon(
        self, srcCxId: Any, dstChipId: Any, dstCoreId: Any, dstSynMapId: Any
    ) -> None:
        """From a compartment to an entry of a core's synapse map."""
        self._axon(Axon(0, srcCxId, dstChipId, dstCoreId, dstSynMapId, 0, 0))

    def createPop16Axon(self, **given: Any) -> None:
        """The same, of a member of a population, in a packet of 16 bits."""
        self._population(16, **given)

    def createPop32Axon(self, **given: Any) -> None:
        """The same, in a packet of 32 bits."""
        self._population(32, **given)

    def _population(
        self,
        kind: int,
        popId: Any,
        srcCxId: Any,
        srcRelCxId: Any,
        dstChipId: Any,
        dstCoreId: Any,
        dstSynMapId: Any,
    ) -> None:
        self._axon(Axon(kind, srcCxId, dstChipId, dstCoreId, dstSynMapId, srcRelCxId, popId))

    def _axon(self, axon: Axon) -> None:
        whole = Axon(*map(int, axon))
        if not 0 <= whole.source < COMPARTMENTS:
            raise RegisterError(f"an axon of compartment {whole.source}: there are {COMPARTMENTS}")
        self.axons.append(whole)


class CompartmentStates(Bank):
    """The states of a core's compartments: where they start, and which are recorded.

    Parameters
    ----------
    core : Core
    """

    def __init__(self, core: Core):
        super().__init__("cxState", COMPARTMENTS, u=signed(24), v=signed(24))
        self.core = core


class Chip:
    """A chip and its cores.

    Attributes
    ----------
    id : int
    parent : N2Board
    n2Cores, n2CoresAsList : list of Core
    """

    def __init__(self, board: Any, position: int, n_cores: int):
        self.parent, self.id = board, position
        self.n2Cores = self.n2CoresAsList = [Core(self, k) for k in range(n_cores)]
