"""A real Slurm and sshd on this machine, for tests: two nodes, and accounting if it is asked for.

Jobs go to the partition nahuku32, on the node of that name. The other node has the partitions
kapoho and spare, whose jobs give way to those of the partition urgent: they are queued again or
cancelled. Slurm kills a job that takes more memory than `MEMORY`.

python hardware_tests/cluster/daemons.py [--python PATH]

runs it until Ctrl-C, and prints what `loihi-deploy` has to know of it.
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
ACCOUNTANTS = ("mariadbd", "mariadb-install-db", "slurmdbd", "sacct", "sacctmgr")
PARTITION = "nahuku32"
NODES = ("nahuku", "kapoho")
MEMORY = 2000  # MiB a task
LAST_OF_LOGS = 40  # lines
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
SelectTypeParameters=CR_Core_Memory
DefMemPerCPU={memory}
PreemptType=preempt/partition_prio
PreemptMode=REQUEUE
ReturnToService=2
KillWait=10
MailProg=/bin/true
SwitchType=switch/none
{accounting}
JobAcctGatherType=jobacct_gather/linux
JobAcctGatherFrequency=task=1
JobAcctGatherParams=OverMemoryKill
SchedulerParameters=sched_interval=2
SlurmctldPort={controller}
StateSaveLocation={folder}/state
SlurmdSpoolDir={folder}/spool-%n
SlurmctldPidFile={folder}/slurmctld.pid
SlurmdPidFile={folder}/slurmd-%n.pid
SlurmctldLogFile={folder}/slurmctld.log
SlurmdLogFile={folder}/slurmd-%n.log
SlurmdParameters=config_overrides
NodeName=nahuku NodeHostname={host} NodeAddr=127.0.0.1 Port={nahuku} CPUs=6 RealMemory=12000
NodeName=kapoho NodeHostname={host} NodeAddr=127.0.0.1 Port={kapoho} CPUs=2 RealMemory=4000
PartitionName=nahuku32 Nodes=nahuku Default=YES MaxTime=INFINITE
PartitionName=kapoho Nodes=kapoho PriorityTier=1
PartitionName=spare Nodes=kapoho PriorityTier=1 PreemptMode=CANCEL
PartitionName=urgent Nodes=kapoho PriorityTier=10 PreemptMode=OFF
"""
NO_ACCOUNTING = "AccountingStorageType=accounting_storage/none"
# Slurm forgets a job as soon as it may, so that its books are asked
ACCOUNTING = """\
AccountingStorageType=accounting_storage/slurmdbd
AccountingStorageHost=127.0.0.1
AccountingStoragePort={books}
AccountingStoragePass={folder}/munge.socket
MinJobAge=2
"""
SLURMDBD = """\
AuthType=auth/munge
AuthInfo=socket={folder}/munge.socket
DbdHost=localhost
DbdPort={books}
SlurmUser=root
StorageType=accounting_storage/mysql
StorageHost=127.0.0.1
StoragePort={database}
StorageUser=slurm
StoragePass=slurm
LogFile={folder}/slurmdbd.log
PidFile={folder}/slurmdbd.pid
"""
DATABASE = """\
CREATE DATABASE IF NOT EXISTS slurm_acct_db;
CREATE USER IF NOT EXISTS 'slurm'@'127.0.0.1' IDENTIFIED BY 'slurm';
GRANT ALL ON slurm_acct_db.* TO 'slurm'@'127.0.0.1';
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


def missing(accounting: bool = False) -> Optional[str]:
    """Why there can be no cluster here; None if there can."""
    path = os.environ.get("PATH", "") + ":/usr/sbin:/sbin"
    needed = PROGRAMS + (ACCOUNTANTS if accounting else ())
    absent = [name for name in needed if shutil.which(name, path=path) is None]
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
    accounting : bool
        Whether Slurm keeps books, in a database.
    """

    def __init__(self, folder: Path, python: str, accounting: bool = False):
        self.folder = folder
        self.accounting = accounting
        ports = ("controller", "nahuku", "kapoho", "ssh", "books", "database")
        names = {
            "folder": folder, "python": python, "host": socket.gethostname().split(".")[0],
            "memory": MEMORY, "partition": PARTITION, **dict(zip(ports, free_ports(len(ports)))),
        }  # fmt: skip
        names["accounting"] = (ACCOUNTING if accounting else NO_ACCOUNTING).format(**names)
        folder.chmod(0o755)
        for name in ("state", "remote", "bin", *(f"spool-{node}" for node in NODES)):
            (folder / name).mkdir()
        for name, text in (("slurm.conf", SLURM), ("sshd_config", SSHD), ("ssh_config", CLIENT),
                           ("sites.toml", SITES), ("slurmdbd.conf", SLURMDBD),
                           ("database.sql", DATABASE)):  # fmt: skip
            (folder / name).write_text(text.format(**names))
        (folder / "slurmdbd.conf").chmod(0o600)
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
        """Start a daemon; ``slurmd`` of a node is ``slurmd-NODE``."""
        folder = str(self.folder)
        words = {
            "munged": ["munged", "--foreground", "--force", f"--socket={folder}/munge.socket",
                       f"--key-file={folder}/munge.key", f"--pid-file={folder}/munge.pid",
                       f"--seed-file={folder}/munge.seed", f"--log-file={folder}/munge.log"],
            "slurmctld": ["slurmctld", "-D"],
            "slurmdbd": ["slurmdbd", "-D"],
            **{f"slurmd-{node}": ["slurmd", "-D", "-N", node] for node in NODES},
            "mariadbd": ["mariadbd", "--no-defaults", "--user=root", f"--datadir={folder}/books",
                         f"--socket={folder}/books.socket", "--bind-address=127.0.0.1",
                         f"--port={self.names['database']}", f"--init-file={folder}/database.sql",
                         f"--pid-file={folder}/books.pid"],
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
        self.start("munged")
        time.sleep(0.7)
        if self.accounting:
            self._keep_books(patience)
        for name in ("slurmctld", *(f"slurmd-{node}" for node in NODES), "sshd"):
            self.start(name)
            time.sleep(0.7)
        self._until(patience, "idle", "sinfo", "--noheader", "--Node", "--format=%T")

    def _keep_books(self, patience: float) -> None:
        self._run("mariadb-install-db", "--no-defaults", "--user=root",
                  f"--datadir={self.folder}/books")  # fmt: skip
        for name in ("mariadbd", "slurmdbd"):
            self.start(name)
            time.sleep(2.0)
        self._until(patience, "", "sacctmgr", "--immediate", "add", "cluster", "test")

    def _until(self, patience: float, said: str, *words: str) -> None:
        """Ask until the answer is no failure, and each line of it is this one."""
        end = time.time() + patience
        while time.time() < end:
            done = self.slurm(*words)
            if done.returncode == 0 and (not said or set(done.stdout.split()) == {said}):
                return
            time.sleep(0.5)
        raise RuntimeError(f"the cluster did not come up: {done.stdout} {done.stderr}")

    def down(self) -> None:
        """Stop all."""
        self.slurm("scancel", "--user=root")
        for name in list(self.running)[::-1]:
            self.stop(name)

    def mend(self) -> bool:
        """What an administrator does after slurmctld was killed; gives whether no job is left.

        It takes up its work with what it had written down some seconds before. What it starts a
        second time slurmd refuses ("Duplicate jobid"): the task is held and the node drained, until
        somebody releases one and resumes the other.
        """
        for node in NODES:
            told = self.slurm("sinfo", "--noheader", f"--nodes={node}", "--format=%T %E").stdout
            if "drain" in told and "Duplicate jobid" in told:
                self.slurm("scontrol", "update", f"nodename={node}", "state=resume")
        left = self.slurm("squeue", "--noheader", "--format=%i %r").stdout.splitlines()
        for line in left:
            job, _, reason = line.partition(" ")
            if "held" in reason.lower():
                self.slurm("scontrol", "release", job)
        return not left

    def state(self) -> str:
        """Its jobs, its nodes and the ends of its daemons' logs."""
        asked = (
            ("squeue", "--all", "--states=all", "--format=%i %j %T %r %N"),
            ("sinfo", "--Node", "--format=%N %P %T %C %E"),
        )
        parts = [done.stdout + done.stderr for done in (self.slurm(*words) for words in asked)]
        for log in sorted(self.folder.glob("slurm*.log")):
            lines = log.read_text(errors="replace").splitlines()[-LAST_OF_LOGS:]
            parts.append("\n".join([log.name, *lines]))
        return "\n".join(parts)

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
