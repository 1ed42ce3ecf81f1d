"""What NIR's linear nodes do to a flat vector, as sparse matrices.

Arrays are flat in C order; convolutions and pools are as PyTorch's (``torch.nn.Conv2d``,
``AvgPool2d``), to which NIR's documentation refers: with stride s, padding p, dilation d and a
kernel of k, an axis of n becomes

    ⌊(n + 2 p − d (k − 1) − 1) / s⌋ + 1

and output i is the sum over the kernel's j of weight j times input i s + j d − p.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Callable, Mapping, Optional, Tuple

import numpy as np
from scipy import sparse

from loihi_rules.nir.errors import NirError

Shape = Tuple[int, ...]
MOST_ENTRIES = 200_000_000
LARGEST = 2**31  # of strides, paddings and the like


@dataclass(frozen=True)
class LinearMap:
    """y = matrix · x + bias.

    Attributes
    ----------
    matrix : (n_out, n_in) sparse matrix
    bias : (n_out,) ndarray
    shape : tuple of int
        Of y.
    """

    matrix: Any
    bias: np.ndarray
    shape: Shape


def linear_map(node: Any, name: str, given: Optional[Shape]) -> LinearMap:
    """What a linear node does to a vector of a shape.

    Parameters
    ----------
    node : nir.NIRNode
        Of one of `LINEAR`.
    name : str
        Of the node, for errors.
    given : tuple of int or None
        The shape of what enters; None where nothing does.

    Raises
    ------
    NirError
        If it does not fit, or holds what is no finite number.
    """
    return LINEAR[type(node).__name__](node, name, given)


def numbers_of(value: Any, name: str, what: str) -> np.ndarray:
    """A parameter of a node as an array.

    Raises
    ------
    NirError
        If it is empty, or holds what is no finite number.
    """
    array = np.asarray(value)
    if array.dtype.kind not in "fiub":
        raise NirError(f"node {name}: its {what} is {array.dtype}, not numbers")
    array = array.astype(float)
    if not array.size:
        raise NirError(f"node {name}: its {what} is empty")
    if not np.isfinite(array).all():
        raise NirError(f"node {name}: its {what} holds what is no finite number")
    return array


def _size(shape: Shape) -> int:
    return int(np.prod(shape, dtype=np.int64))


def _fits(name: str, needs: int, given: Optional[Shape]) -> None:
    if given is not None and _size(given) != needs:
        raise NirError(f"node {name}: it takes {needs:,} values and is given {_size(given):,}")


def _affine(node: Any, name: str, given: Optional[Shape]) -> LinearMap:
    weight = numbers_of(node.weight, name, "weight")
    if weight.ndim < 2:
        raise NirError(f"node {name}: its weight is a vector, not a matrix")
    *several, n_out, n_in = weight.shape
    blocks = weight.reshape(-1, n_out, n_in)
    matrix = sparse.block_diag([sparse.csr_matrix(block) for block in blocks], format="csr")
    _fits(name, matrix.shape[1], given)
    bias = np.zeros(matrix.shape[0])
    if hasattr(node, "bias"):
        own = numbers_of(node.bias, name, "bias")
        if own.size not in (1, n_out, bias.size):
            raise NirError(f"node {name}: {own.size} biases for {bias.size} outputs")
        bias = bias + (np.tile(own.ravel(), len(blocks)) if own.size == n_out else own.ravel())
    return LinearMap(matrix, bias, (*several, n_out))


def _scale(node: Any, name: str, given: Optional[Shape]) -> LinearMap:
    scale = numbers_of(node.scale, name, "scale").ravel()
    if scale.size == 1 and given is not None:
        scale = np.full(_size(given), scale[0])
    _fits(name, scale.size, given)
    return LinearMap(sparse.diags(scale).tocsr(), np.zeros(scale.size), given or (scale.size,))


def _flatten(node: Any, name: str, given: Optional[Shape]) -> LinearMap:
    if given is None:
        raise NirError(f"node {name}: nothing enters it")
    n = len(given)
    ends = (_pair(getattr(node, key), name, key, 1)[0] for key in ("start_dim", "end_dim"))
    first, last = (end + n if end < 0 else end for end in ends)
    first, last = min(first, n - 1), min(last, n - 1)  # as some count the batch as an axis
    shape = (*given[:first], _size(given[first : last + 1]), *given[last + 1 :])
    size = _size(given)
    return LinearMap(sparse.identity(size, format="csr"), np.zeros(size), shape)


def _pair(value: Any, name: str, what: str, n: int) -> Tuple[int, ...]:
    array = np.asarray(value).ravel()
    whole = array.dtype.kind in "iuf" and np.all(np.abs(array) < LARGEST)  # NaN is not either
    if not whole or array.size not in (1, n) or np.any(array != np.rint(array)):
        shown = str(array.tolist())[:60]
        raise NirError(f"node {name}: its {what} has to be {n} whole numbers, not {shown}")
    return tuple(int(part) for part in np.broadcast_to(array, (n,)))


def _convolution(node: Any, name: str, given: Optional[Shape]) -> LinearMap:
    weight = numbers_of(node.weight, name, "weight")
    axes = weight.ndim - 2
    if axes != (1 if type(node).__name__ == "Conv1d" else 2):
        raise NirError(f"node {name}: its weight has {weight.ndim} axes")
    groups = _pair(node.groups, name, "groups", 1)[0]
    if groups < 1 or weight.shape[0] % groups:
        raise NirError(f"node {name}: {weight.shape[0]} channels cannot be {groups} groups")
    channels = weight.shape[1] * groups
    extent = _extent(node, name, given, channels, axes)
    stride = _pair(node.stride, name, "stride", axes)
    dilation = _pair(node.dilation, name, "dilation", axes)
    kernel = weight.shape[2:]
    before, after = _padding(node, name, kernel, stride, dilation)
    places = [_along(name, *axis) for axis in zip(extent, kernel, stride, dilation, before, after)]
    shape = (weight.shape[0], *(out for out, _ in places))
    matrix = _matrix(weight, groups, extent, shape, [triples for _, triples in places], name)
    bias = np.zeros(weight.shape[0])
    if getattr(node, "bias", None) is not None:
        own = numbers_of(node.bias, name, "bias").ravel()
        if own.size not in (1, bias.size):
            raise NirError(f"node {name}: {own.size} biases for {bias.size} channels")
        bias = bias + own
    return LinearMap(matrix, np.repeat(bias, int(np.prod(shape[1:]))), shape)


def _extent(node: Any, name: str, given: Optional[Shape], channels: int, axes: int) -> Shape:
    """Of what enters, without its channels."""
    if given is not None and len(given) == axes + 1 and given[0] == channels:
        return given[1:]
    if getattr(node, "input_shape", None) is None:
        raise NirError(
            f"node {name}: it takes {channels} channels of {axes} axes, and is given {given}"
        )
    extent = _pair(node.input_shape, name, "input_shape", axes)
    _fits(name, channels * int(np.prod(extent)), given)
    return extent


def _padding(
    node: Any, name: str, kernel: Shape, stride: Shape, dilation: Shape
) -> Tuple[Shape, Shape]:
    padding = node.padding
    if isinstance(padding, bytes):
        padding = padding.decode("utf8", "replace")
    if isinstance(padding, str):
        if padding == "valid":
            return (0,) * len(kernel), (0,) * len(kernel)
        if padding != "same" or any(step != 1 for step in stride):
            raise NirError(f"node {name}: padding {padding!r} with a stride of {stride}")
        total = [d * (k - 1) for d, k in zip(dilation, kernel)]
        return tuple(n // 2 for n in total), tuple(n - n // 2 for n in total)
    both = _pair(padding, name, "padding", len(kernel))
    return both, both


def _along(
    name: str, n: int, kernel: int, stride: int, dilation: int, before: int, after: int
) -> Tuple[int, Any]:
    """Of one axis: its length afterwards, and (output, kernel, input) that belong together."""
    if min(stride, dilation, kernel, n) < 1 or min(before, after) < 0:
        raise NirError(f"node {name}: stride, dilation and kernel have to be 1 at least")
    out = (n + before + after - dilation * (kernel - 1) - 1) // stride + 1
    if out < 1:
        raise NirError(f"node {name}: a kernel of {kernel} does not fit into {n}")
    if out * kernel > MOST_ENTRIES:
        raise NirError(f"node {name}: an axis of {n} becomes one of {out:,}; is its padding right?")
    i, j = np.meshgrid(np.arange(out), np.arange(kernel), indexing="ij")
    at = i * stride + j * dilation - before
    inside = (at >= 0) & (at < n)
    return out, (i[inside], j[inside], at[inside])


def _matrix(
    weight: np.ndarray, groups: int, extent: Shape, shape: Shape, places: Any, name: str
) -> Any:
    """The sparse matrix of a convolution, a group of channels after the other."""
    if len(places) == 1:  # as one of two axes
        zero = np.zeros(1, int)
        weight, places = weight[:, :, None, :], [(zero, zero, zero), *places]
        extent, shape = (1, *extent), (shape[0], 1, shape[1])
    if np.prod(shape, dtype=float) > MOST_ENTRIES:
        raise NirError(f"node {name}: it has more than {MOST_ENTRIES:,} values")
    (oy, ky, iy), (ox, kx, ix) = places
    out_each, in_each = weight.shape[0] // groups, weight.shape[1]
    if weight.shape[0] * in_each * len(oy) * len(ox) > MOST_ENTRIES:
        raise NirError(f"node {name}: it has more than {MOST_ENTRIES:,} weights when written out")
    rows = (oy[:, None] * shape[2] + ox).ravel()
    columns = (iy[:, None] * extent[1] + ix).ravel()
    kernel = (ky[:, None] * weight.shape[3] + kx).ravel()
    flat = weight.reshape(weight.shape[0], in_each, -1)
    n_out, n_in = int(np.prod(shape[1:])), int(np.prod(extent))
    o = np.arange(weight.shape[0])[:, None, None]
    i = (o // out_each) * in_each + np.arange(in_each)[None, :, None]
    values = flat[:, :, kernel]
    matrix = sparse.coo_matrix(
        (
            values.ravel(),
            (
                np.broadcast_to(o * n_out + rows, values.shape).ravel(),
                np.broadcast_to(i * n_in + columns, values.shape).ravel(),
            ),
        ),
        (weight.shape[0] * n_out, in_each * groups * n_in),
    ).tocsr()
    matrix.eliminate_zeros()
    return matrix


def _pool(node: Any, name: str, given: Optional[Shape]) -> LinearMap:
    if given is None or len(given) != 3:
        raise NirError(f"node {name}: it takes channels of two axes, and is given {given}")
    kernel = _pair(node.kernel_size, name, "kernel_size", 2)
    stride = _pair(node.stride, name, "stride", 2)
    padding = _pair(node.padding, name, "padding", 2)
    places = [
        _along(name, n, k, s, 1, p, p) for n, k, s, p in zip(given[1:], kernel, stride, padding)
    ]
    height = 1.0 / (kernel[0] * kernel[1]) if type(node).__name__ == "AvgPool2d" else 1.0
    weight = np.full((given[0], 1, *kernel), height)
    shape = (given[0], *(out for out, _ in places))
    matrix = _matrix(weight, given[0], given[1:], shape, [triples for _, triples in places], name)
    return LinearMap(matrix, np.zeros(matrix.shape[0]), shape)


LINEAR: Mapping[str, Callable[[Any, str, Optional[Shape]], LinearMap]] = {
    "Affine": _affine,
    "Linear": _affine,
    "Scale": _scale,
    "Flatten": _flatten,
    "Conv1d": _convolution,
    "Conv2d": _convolution,
    "SumPool2d": _pool,
    "AvgPool2d": _pool,
}
OF_THEIR_OWN = ("Affine", "Linear")  # whose weights alone say what they take and give
