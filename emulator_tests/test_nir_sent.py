"""NIR graphs as they are sent to machines that have neither the nir package nor HDF5."""

import io
import json
import subprocess
import sys

import numpy as np
import pytest
from hypothesis import HealthCheck, Phase, given, settings

nir = pytest.importorskip("nir", reason="the nir package needs Python 3.10")

from test_nir_export import mixed  # noqa: E402
from test_nir_graphs import graphs  # noqa: E402

from deploy.models.fingerprint import fingerprint  # noqa: E402
from loihi_rules import fix_seeds  # noqa: E402
from loihi_rules.nir import NirError, convert, read, write  # noqa: E402
from loihi_rules.nir.file import read_file  # noqa: E402
from loihi_rules.nir.sent import to_bytes  # noqa: E402

pytestmark = pytest.mark.filterwarnings("ignore")


def mark_of(network):
    return fingerprint(fix_seeds(network, 0).network)


@settings(
    max_examples=20,
    derandomize=True,
    phases=[Phase.generate],
    suppress_health_check=list(HealthCheck),
    deadline=None,
)
@given(graphs())
def test_random_graphs_are_what_they_were(tmp_path_factory, drawn):
    folder = tmp_path_factory.mktemp("sent")
    nir.write(folder / "own.nir", drawn.graph)
    own = read_file(folder / "own.nir")
    (folder / "sent.nir").write_bytes(to_bytes(own))
    conventions = vars(drawn.reference.conventions)
    networks = [
        convert(graph, "x", conventions, drawn.inputs).network
        for graph in (own, read_file(folder / "sent.nir"))
    ]
    assert mark_of(networks[0]) == mark_of(networks[1])
    assert to_bytes(own) == to_bytes(read_file(folder / "own.nir"))


WITHOUT = """
import sys
sys.modules["nir"] = sys.modules["h5py"] = None
from loihi_rules import fix_seeds
from loihi_rules.nir import read
from deploy.models.fingerprint import fingerprint
print(fingerprint(fix_seeds(read(sys.argv[1]), 0).network))
"""


def test_an_exported_network_needs_neither_package(tmp_path):
    write(mixed(), tmp_path / "own.nir", 1e-3, 1.0)
    (tmp_path / "sent.nir").write_bytes(to_bytes(read_file(tmp_path / "own.nir")))
    command = [sys.executable, "-W", "ignore", "-c", WITHOUT, str(tmp_path / "sent.nir")]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    assert done.stdout.strip() == mark_of(read(tmp_path / "own.nir"))


def packed(record, **arrays):
    stream = io.BytesIO()
    np.savez(stream, json=np.frombuffer(json.dumps(record).encode(), np.uint8), **arrays)
    return stream.getvalue()


HEAD = {"format": "loihi-deploy NIR graph", "version": 1}
DEEP = {"list": []}
for _ in range(150):
    DEEP = {"list": [DEEP]}


@pytest.mark.parametrize(
    "data",
    [
        b"PK",
        b"PK\x03\x04 and no more",
        packed({}),
        packed({**HEAD, "version": 2}),
        packed({**HEAD, "graph": {"array": 3}}),
        packed({**HEAD, "graph": {"node": "no name", "has": []}}),
        packed({**HEAD, "graph": {"node": "NIRGraph"}}),
        packed({**HEAD, "graph": {"list": 3}}),
        packed({**HEAD, "graph": {"array": 0}}, **{"0": np.array([{}], object)}),
        packed({**HEAD, "graph": {"texts": ["a"], "shape": [2]}}),
        packed({**HEAD, "graph": DEEP}),
    ],
    ids=range(11),
)
def test_what_is_no_graph_is_refused(data, tmp_path):
    (tmp_path / "x.nir").write_bytes(data)
    with pytest.raises(NirError):
        read(tmp_path / "x.nir")
