from typing import Any

from nengo.params import FrozenObject

class LearningRuleType(FrozenObject):
    modifies: Any
    probeable: Any
    learning_rate: float
    size_in: Any
    def __init__(self, learning_rate: Any = ..., size_in: Any = ...) -> None: ...

class PES(LearningRuleType):
    pre_synapse: Any
    def __init__(self, learning_rate: Any = ..., pre_synapse: Any = ...) -> None: ...

class RLS(LearningRuleType):
    pre_synapse: Any
    def __init__(self, learning_rate: Any = ..., pre_synapse: Any = ...) -> None: ...

class BCM(LearningRuleType):
    pre_synapse: Any
    post_synapse: Any
    theta_synapse: Any
    def __init__(
        self,
        learning_rate: Any = ...,
        pre_synapse: Any = ...,
        post_synapse: Any = ...,
        theta_synapse: Any = ...,
        max_weight: Any = ...,
    ) -> None: ...

class Oja(LearningRuleType):
    beta: float
    pre_synapse: Any
    post_synapse: Any
    def __init__(
        self,
        learning_rate: Any = ...,
        pre_synapse: Any = ...,
        post_synapse: Any = ...,
        beta: Any = ...,
        max_weight: Any = ...,
    ) -> None: ...

class Voja(LearningRuleType):
    post_synapse: Any
    def __init__(self, learning_rate: Any = ..., post_synapse: Any = ...) -> None: ...
