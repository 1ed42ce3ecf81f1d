"""A real Slurm and sshd on this machine, for tests: one node, one partition, no accounting.

python hardware_tests/cluster/daemons.py [--python PATH]

runs it until Ctrl-C, and prints what `loihi-deploy` has to be told of it.
"""

from __future__ import annotations

import argparse
import os
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Dict, List, Optional

PROGRAMS = ("munged", "slurmctld", "slurmd", "sbatch", "sshd", "ssh", "rsync", "ssh-keygen")
PARTITION = "nahuku32"
SLURM = """\
ClusterName=test
SlurmctldHost={host}(127.0.0.1)
SlurmUser=root
SlurmdUser=root
AuthType=auth/munge
AuthInfo=socket={folder}/munge.socket,cred_expire=15
ProctrackType=proctrack/pgid
TaskPlugin=task/none
SelectType=select/cons_tres
SelectTypeParameters=CR_Core
ReturnToService=2
KillWait=10
MailProg=/bin/true
SwitchType=switch/none
AccountingStorageType=accounting_storage/none
JobAcctGatherType=jobacct_gather/none
SchedulerParameters=sched_interval=2
SlurmctldPort={controller}
SlurmdPort={node}
StateSaveLocation={folder}/state
SlurmdSpoolDir={folder}/spool
SlurmctldPidFile={folder}/slurmctld.pid
SlurmdPidFile={folder}/slurmd.pid
SlurmctldLogFile={folder}/slurmctld.log
SlurmdLogFile={folder}/slurmd.log
SlurmdParameters=config_overrides
NodeName={host} NodeAddr=127.0.0.1 CPUs=6 State=UNKNOWN
PartitionName={partition} Nodes={host} Default=YES MaxTime=INFINITE State=UP
"""
SSHD = """\
Port {ssh}
ListenAddress 127.0.0.1
HostKey {folder}/host_key
AuthorizedKeysFile {folder}/user_key.pub
PidFile none
StrictModes no
UsePAM no
PasswordAuthentication no
PermitRootLogin yes
SetEnv SLURM_CONF={folder}/slurm.conf PATH={folder}/bin:/usr/local/bin:/usr/bin:/bin
"""
CLIENT = """\
Host test
  HostName 127.0.0.1
  Port {ssh}
  User root
  IdentityFile {folder}/user_key
  IdentitiesOnly yes
  HostKeyAlias cluster
  UserKnownHostsFile {folder}/known_hosts
  StrictHostKeyChecking yes
"""
SITES = """\
[test]
host = "test"
folder = "{folder}/remote"
python = "{python}"
partition = "{partition}"
time_limit = "00:10:00"
at_once = 2
"""


def missing() -> Optional[str]:
    """Why there can be no cluster here; None if there can."""
    path = os.environ.get("PATH", "") + ":/usr/sbin:/sbin"
    absent = [name for name in PROGRAMS if shutil.which(name, path=path) is None]
    if absent:
        return f"not installed: {', '.join(absent)}"
    return None if os.geteuid() == 0 else "the test cluster's daemons run as root"


def free_ports(n: int) -> List[int]:
    sockets = [socket.socket() for _ in range(n)]
    for each in sockets:
        each.bind(("127.0.0.1", 0))
    ports = [each.getsockname()[1] for each in sockets]
    for each in sockets:
        each.close()
    return ports


class Cluster:
    """Starts the daemons, and stops them by their own process ids.

    Parameters
    ----------
    folder : pathlib.Path
        Everything of the cluster's is in it.
    python : str
        With which jobs run.
    """

    def __init__(self, folder: Path, python: str):
        self.folder = folder
        controller, node, ssh = free_ports(3)
        names = {
            "folder": folder, "python": python, "host": socket.gethostname().split(".")[0],
            "controller": controller, "node": node, "ssh": ssh, "partition": PARTITION,
        }  # fmt: skip
        folder.chmod(0o755)
        for name in ("state", "spool", "remote", "bin"):
            (folder / name).mkdir()
        for name, text in (("slurm.conf", SLURM), ("sshd_config", SSHD), ("ssh_config", CLIENT),
                           ("sites.toml", SITES)):  # fmt: skip
            (folder / name).write_text(text.format(**names))
        for key in ("host_key", "user_key"):
            self._run("ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", str(folder / key))
        public = (folder / "host_key.pub").read_text()
        (folder / "known_hosts").write_text(f"cluster {public}")
        (folder / "munge.key").write_bytes(os.urandom(1024))
        (folder / "munge.key").chmod(0o400)
        Path("/run/sshd").mkdir(exist_ok=True)
        self.environment = {
            **os.environ,
            "SLURM_CONF": str(folder / "slurm.conf"),
            "PATH": os.environ["PATH"] + ":/usr/sbin:/sbin",
        }
        self.names = names
        self.running: Dict[str, subprocess.Popen] = {}

    @property
    def settings(self) -> Dict[str, str]:
        """For ``loihi-deploy``: where its sites, ssh and jobs are."""
        return {
            "LOIHI_DEPLOY_SITES": str(self.folder / "sites.toml"),
            "LOIHI_DEPLOY_SSH_CONFIG": str(self.folder / "ssh_config"),
            "XDG_STATE_HOME": str(self.folder / "laptop"),
        }

    def __getstate__(self) -> Dict[str, object]:
        """For another process, which may ask of the daemons but not stop them."""
        return {**self.__dict__, "running": {}}

    def way(self, where: Path, port: Optional[int] = None, **site: object) -> Dict[str, str]:
        """Settings of a laptop that reaches sshd by another port, or has other sites.

        Parameters
        ----------
        where : pathlib.Path
            Its files are written there.
        port : int, optional
        site : str or int
            Values of the site that are replaced.
        """
        where.mkdir(parents=True, exist_ok=True)
        names = {**self.names, "ssh": port or self.names["ssh"]}
        table = SITES.format(**names)
        for key, value in site.items():
            said = value if isinstance(value, int) else f'"{value}"'
            lines = [each for each in table.splitlines() if not each.startswith(f"{key} =")]
            table = "\n".join([*lines, f"{key} = {said}", ""])
        (where / "sites.toml").write_text(table)
        (where / "ssh_config").write_text(CLIENT.format(**names))
        return {
            "LOIHI_DEPLOY_SITES": str(where / "sites.toml"),
            "LOIHI_DEPLOY_SSH_CONFIG": str(where / "ssh_config"),
        }

    def start(self, name: str) -> None:
        """Start ``munged``, ``slurmctld``, ``slurmd`` or ``sshd``."""
        folder = str(self.folder)
        words = {
            "munged": ["munged", "--foreground", "--force", f"--socket={folder}/munge.socket",
                       f"--key-file={folder}/munge.key", f"--pid-file={folder}/munge.pid",
                       f"--seed-file={folder}/munge.seed", f"--log-file={folder}/munge.log"],
            "slurmctld": ["slurmctld", "-D"],
            "slurmd": ["slurmd", "-D", "-N", socket.gethostname().split(".")[0]],
            "sshd": [shutil.which("sshd", path=self.environment["PATH"]), "-D", "-e", "-f",
                     f"{folder}/sshd_config"],
        }[name]  # fmt: skip
        with open(self.folder / f"{name}.out", "ab") as log:
            self.running[name] = subprocess.Popen(
                words, env=self.environment, stdin=subprocess.DEVNULL, stdout=log, stderr=log
            )

    def stop(self, name: str, how: int = signal.SIGTERM) -> None:
        """Stop one of them, by its own process id."""
        process = self.running.pop(name, None)
        if process is not None:
            process.send_signal(how)
            process.wait(30)

    def up(self, patience: float = 40.0) -> None:
        """Start all, and wait until the node takes jobs."""
        for name in ("munged", "slurmctld", "slurmd", "sshd"):
            self.start(name)
            time.sleep(0.7)
        end = time.time() + patience
        while time.time() < end:
            done = self.slurm("sinfo", "--noheader", "--format=%T")
            if done.returncode == 0 and done.stdout.strip() in ("idle", "mixed"):
                return
            time.sleep(0.5)
        raise RuntimeError(f"the cluster did not come up: {done.stdout} {done.stderr}")

    def down(self) -> None:
        """Stop all."""
        self.slurm("scancel", "--user=root")
        for name in list(self.running)[::-1]:
            self.stop(name)

    def slurm(self, *words: str) -> subprocess.CompletedProcess:
        """Run one of Slurm's commands here."""
        return subprocess.run(
            words, env=self.environment, capture_output=True, text=True, timeout=60, check=False
        )

    def _run(self, *words: str) -> None:
        subprocess.run(words, check=True, capture_output=True)


def main() -> int:
    parser = argparse.ArgumentParser(description=str(__doc__).splitlines()[0])
    parser.add_argument("--python", default=sys.executable, help="with which jobs run")
    asked = parser.parse_args()
    reason = missing()
    if reason is not None:
        print(f"no cluster here: {reason}", file=sys.stderr)
        return 2
    with tempfile.TemporaryDirectory(prefix="cluster-") as folder:
        cluster = Cluster(Path(folder), asked.python)
        try:
            cluster.up()
            print("The site 'test' is up until Ctrl-C. In another terminal:\n")
            for name, value in cluster.settings.items():
                print(f"export {name}={value}")
            print("loihi-deploy submit pes-connection --site test --wait", flush=True)
            ends = {signal.SIGINT, signal.SIGTERM}
            signal.pthread_sigmask(signal.SIG_BLOCK, ends)  # else they end it before the daemons
            signal.sigwait(ends)
        finally:
            cluster.down()
    return 0


if __name__ == "__main__":
    sys.exit(main())
