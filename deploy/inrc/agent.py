"""What runs beside Slurm, in a job's folder: ``python agent.py COMMAND``.

It is sent along with each job, needs nothing but Python 3.8, and answers in one line of JSON. A
job is submitted under a lock and its id stored by rename; asked again, it answers with what is
there. Should it be stopped between Slurm's answer and the rename, it finds the job by its name.
Should Slurm take a job twice all the same, its answer being lost for longer than anyone waits, the
first array of the job to run owns it, and tasks of another end without having run. Should Slurm
lose a job that it took, being killed before it wrote it down, it is queued when it is submitted
again. Slurm may give the lost one's id to another job, so that the name has to fit the id.

What failed can be started again: that is a new generation of the job, with a name of its own for
Slurm, and tasks of an older one end without having run.

Commands: submit, again, status, cancel, logs TASK OFFSET; task and all are what jobs run.
"""

import compileall
import contextlib
import errno
import fcntl
import hashlib
import json
import os
import shlex
import shutil
import signal
import subprocess
import sys
import tarfile
import time
from pathlib import Path

HERE = Path(__file__).resolve().parent
PATIENCE = 60  # s, for one of Slurm's commands
MOST_LOG = 65536  # bytes of a log in one answer
GRACE = 60  # s before the time limit, from which on a stopped task was stopped by it
OVER = {
    "TIMEOUT": "was stopped at its time limit",
    "OUT_OF_MEMORY": "ran out of memory",
    "NODE_FAIL": "lost its node",
    "BOOT_FAIL": "lost its node",
    "PREEMPTED": "was preempted",
    "CANCELLED": "was cancelled",
    "FAILED": "failed",
    "DEADLINE": "came to its deadline",
}


class Unreachable(Exception):
    """Slurm does not answer, so nothing can be said, and nothing may be done."""


def call(*words):
    try:
        done = subprocess.run(words, capture_output=True, timeout=PATIENCE)
    except subprocess.TimeoutExpired:
        raise Unreachable(f"{words[0]} gave no answer within {PATIENCE} s") from None
    except FileNotFoundError:
        raise Unreachable(f"{words[0]} is not there") from None
    return (
        done.returncode,
        done.stdout.decode(errors="replace"),
        done.stderr.decode(errors="replace"),
    )


def last_line(text, otherwise):
    lines = text.strip().splitlines()
    return lines[-1] if lines else otherwise


def write(path, text):
    beside = path.with_name(f".{path.name}.{os.getpid()}")
    try:
        beside.write_text(text)
        os.replace(str(beside), str(path))
    finally:
        with contextlib.suppress(OSError):
            beside.unlink()


def read(path, otherwise=""):
    try:
        return path.read_text().strip()
    except FileNotFoundError:
        return otherwise


def settings():
    return json.loads((HERE / "job.json").read_text())


def stored_id():
    """Of the array that owns the job: that which ran first, or that which was submitted."""
    return read(HERE / "owner") or read(HERE / "jobid")


@contextlib.contextmanager
def locked(name):
    with (HERE / name).open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield


# ------------------------------------------------------------------ submitting


def queued(name):
    """Ids of the arrays of this name that Slurm knows, the oldest first."""
    code, out, err = call("squeue", "--noheader", "--name=" + name, "--format=%F", "--states=all")
    if code:
        raise Unreachable(last_line(err, "squeue failed"))
    return sorted({line.strip() for line in out.splitlines() if line.strip().isdigit()}, key=int)


def generation():
    return int(read(HERE / "generation", "0"))


def again():
    """Start the tasks that failed once more, if none is queued or running."""
    with locked("lock"):
        now = status()
        states = [task["state"] for task in now["tasks"].values()]
        if not states or "failed" not in states or set(states) - {"failed", "complete"}:
            return {"id": now["id"], "new": False}
        write(HERE / "generation", f"{generation() + 1}\n")
        for name in ("jobid", "owner", "cancelled"):
            with contextlib.suppress(FileNotFoundError):
                (HERE / name).unlink()
        for name in ("ended", "started"):
            for path in (HERE / name).iterdir():
                path.unlink()
    return submit()


def submit():
    job = settings()
    os.chmod(str(HERE), 0o700)
    with locked("lock"):
        if stored_id() and not is_lost(job):
            return {"id": stored_id(), "new": False}
        found = hashlib.sha256((HERE / "bundle.tar").read_bytes()).hexdigest()
        if found != job["sha256"]:
            return {"error": "the bundle arrived damaged; submit again"}
        for folder in ("log", "results", "started", "ended"):
            (HERE / folder).mkdir(mode=0o700, exist_ok=True)
        return start_slurm(job) if job["take"] == "sbatch" else start_process(job)


def slurm_name(job):
    attempt = generation()
    return job["name"] + (f".{attempt}" if attempt else "")


def is_lost(job):
    """Whether Slurm, which answers, knows nothing of a job that it took and never began."""
    job_id = stored_id()
    if not job_id.isdigit() or (HERE / "cancelled").exists():
        return False
    if any((HERE / "started").iterdir()) or any((HERE / "results").iterdir()):
        return False
    return not (in_queue(job) or queued(slurm_name(job)) or accounted(job))


def own_words(job, command):
    """What starts this file for one of the commands that jobs run."""
    words = job["python"] + [str(HERE / "agent.py"), command, str(generation())]
    return [os.path.expanduser(word) for word in words]


def start_process(job):
    """All tasks one after another; with NxSDK's own way, each takes its board through Slurm."""
    log = (HERE / "log" / "all.log").open("ab")
    started = subprocess.Popen(
        own_words(job, "all"),
        stdin=subprocess.DEVNULL,
        stdout=log,
        stderr=log,
        start_new_session=True,
    )
    write(HERE / "jobid", f"process {started.pid}\n")
    return {"id": stored_id(), "new": True}


def start_slurm(job):
    name = slurm_name(job)
    there = queued(name)
    new = not there
    if new:
        write(HERE / "run.sh", "#!/bin/sh\nexec " + shlex.join(own_words(job, "task")) + "\n")
        left = [str(number) for number in range(job["tasks"]) if not complete(number)]
        array = ",".join(left) if generation() else f"0-{job['tasks'] - 1}"
        options = ["sbatch", "--parsable", "--job-name=" + name, "--requeue",
                   f"--array={array}%{job['at_once']}",
                   "--output=" + str(HERE / "log" / "%a.log"), "--open-mode=append",
                   "--chdir=" + str(HERE)]  # fmt: skip
        options += ["--partition=" + job["partition"]] if job["partition"] else []
        options += ["--nodelist=" + job["board"]] if job["board"] else []
        options += ["--time=" + job["time_limit"]] if job["time_limit"] else []
        with contextlib.suppress(Unreachable):  # it may have been taken all the same
            code, out, err = call(*(options + [str(HERE / "run.sh")]))
            there = [out.strip().split(";")[0]] if code == 0 else []
            if code and "unable to contact" not in err.lower() and not queued(name):
                return {"error": "sbatch: " + last_line(err, "no answer")}
        there = there if there and there[0].isdigit() else queued(name)
        if not there:
            raise Unreachable("sbatch gave no answer; ask again")
    write(HERE / "jobid", there[0] + "\n")
    return {"id": stored_id(), "new": new}


# ------------------------------------------------------------------ running


def packages():
    """Our packages out of the bundle, once for all jobs that bring the same.

    They share what is compiled of them too (numba's cache), which costs 20 s.
    """
    place = HERE.parent.parent / "packages" / settings()["packages"]
    with locked("packages.lock"):
        if not place.exists():
            beside = place.with_name(f".{place.name}.{os.getpid()}")
            try:
                unpack_packages(beside)
                # now or not at all: one written while the disk is full would stop every later job
                if not compileall.compile_dir(str(beside), quiet=2, ddir=str(place)):
                    raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC), str(place))
                with contextlib.suppress(OSError):  # another job was faster
                    os.replace(str(beside), str(place))
            finally:
                shutil.rmtree(str(beside), ignore_errors=True)
    return place


def unpack_packages(folder):
    with tarfile.open(str(HERE / "bundle.tar"), "r:") as tar:
        for entry in tar:
            parts = Path(entry.name).parts
            if entry.isfile() and parts[0] == "packages" and ".." not in parts:
                path = folder.joinpath(*parts[1:])
                path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
                stream = tar.extractfile(entry)
                path.write_bytes(stream.read() if stream else b"")


def owns(array, attempt):
    """Whether this array is the job's; the first of its generation that asks is."""
    with locked("owner.lock"):
        if attempt != generation():
            return False
        if not read(HERE / "owner"):
            write(HERE / "owner", array + "\n")
        return read(HERE / "owner") == array


def complete(number):
    return (HERE / "results" / f"{number}.json").exists()


def task(number, attempt):
    """Run one; what is complete is not run again, whoever asks."""
    array = os.environ.get("SLURM_ARRAY_JOB_ID", "")
    if array and not owns(array, attempt):
        print(f"array {array} is a second one of this job, which {stored_id()} runs")
        return 0
    if complete(number):
        return 0
    job, begun = settings(), time.time()
    restarts = int(os.environ.get("SLURM_RESTART_COUNT", "0"))
    write(HERE / "started" / str(number), json.dumps({"restarts": restarts}))
    with contextlib.suppress(FileNotFoundError):
        (HERE / "ended" / str(number)).unlink()
    environment = dict(os.environ, PYTHONPATH=str(packages()), PYTHONUNBUFFERED="1",
                       PYTHONDONTWRITEBYTECODE="1")  # fmt: skip
    environment.setdefault("OMP_NUM_THREADS", "1")
    environment.update(job.get("environment", {}))
    words = [sys.executable, "-m", "deploy.runner", str(HERE / "bundle.tar"),
             "--task", str(number), "--out", str(HERE / "results")]  # fmt: skip
    stopped = []
    signal.signal(signal.SIGTERM, lambda *_: stopped.append(time.time()))
    running = subprocess.Popen(words, env=environment, cwd=str(HERE))
    told = False
    while running.poll() is None:
        if stopped and not told:  # the runner saves what it has
            running.send_signal(signal.SIGTERM)
            told = True
        time.sleep(0.05)
    code = running.returncode
    if code and not complete(number):
        end = {"code": code, "stopped": bool(stopped), "seconds": time.time() - begun}
        write(HERE / "ended" / str(number), json.dumps(end))
    return code if code >= 0 else 128 - code


# ------------------------------------------------------------------ answering


def tail(number, lines=5):
    return "\n".join(logs(number, -4096)["log"].splitlines()[-lines:])


def log_of(number):
    path = HERE / "log" / f"{number}.log"
    return path if path.exists() else HERE / "log" / "all.log"


def logs(number, offset):
    """A piece of a task's log, and where the next begins; from the end if offset is below 0."""
    path = log_of(number)
    if not path.exists():
        return {"log": "", "offset": 0}
    size = path.stat().st_size
    with path.open("rb") as stream:
        stream.seek(max(0, size + offset) if offset < 0 else min(offset, size))
        piece = stream.read(MOST_LOG)
        return {"log": piece.decode(errors="replace"), "offset": stream.tell()}


def in_queue(job):
    """State and reason by task, of what Slurm still has."""
    code, out, err = call("squeue", "--noheader", "--array", "--jobs=" + stored_id(),
                          "--name=" + slurm_name(job), "--format=%K|%T|%r",
                          "--states=all")  # fmt: skip
    if code and "Invalid job id" not in err:
        raise Unreachable(last_line(err, "squeue failed"))
    states = {}
    for line in out.splitlines():
        number, state, reason = (line.strip().split("|") + ["", ""])[:3]
        if number.isdigit():
            states[int(number)] = (state, reason)
    return states


def accounted(job):
    """State by task, of what Slurm has on its books; nothing where it keeps none."""
    try:
        code, out, _ = call("sacct", "--noheader", "--parsable2", "--allocations", "--array",
                            "--jobs=" + stored_id(), "--name=" + slurm_name(job),
                            "--format=JobID,State")  # fmt: skip
    except Unreachable:
        return {}
    return read_accounts(out) if code == 0 else {}


def read_accounts(out):
    """``12_3|CANCELLED by 0`` and the like, as sacct --parsable2 prints them."""
    states = {}
    for line in out.splitlines():
        array, _, state = line.strip().partition("|")
        number = array.partition("_")[2]
        if number.isdigit() and state:
            states[int(number)] = (state.split()[0], "")
    return states


def is_alive(job_id):
    try:
        os.kill(int(job_id.split()[1]), 0)
        return True
    except OSError:
        return False


def status():
    job, job_id = settings(), stored_id()
    if not job_id:
        return {"id": "", "tasks": {}, "note": "not submitted"}
    alive, states = False, {}
    if job_id.startswith("process "):
        alive = is_alive(job_id)
    elif is_lost(job):
        why = "Slurm has lost it, being killed perhaps before it wrote it down; submit it again"
        lost = {"state": "lost", "why": why}
        return {"id": job_id, "tasks": {n: lost for n in range(job["tasks"])}}
    else:
        states = in_queue(job)
        if any(n not in states and not complete(n) for n in range(job["tasks"])):
            states = {**accounted(job), **states}
    tasks = {n: state_of(n, job, states.get(n, ("", "")), alive) for n in range(job["tasks"])}
    return {"id": job_id, "tasks": tasks}


def state_of(number, job, in_slurm, alive):
    """Where a task is, and why it is no further."""
    state, reason = in_slurm
    started = read(HERE / "started" / str(number))
    restarts = json.loads(started)["restarts"] if started else 0
    more = {"restarts": restarts} if restarts else {}
    if complete(number):
        return {"state": "complete", **more}
    ended = json.loads(read(HERE / "ended" / str(number), "{}"))
    if state and state not in OVER and state != "COMPLETED":
        return {"state": state.lower(), "why": reason, **more}
    if alive and not ended:
        return {"state": "running" if started else "pending", **more}
    why = why_ended(job, state, ended, bool(started))
    return {"state": "failed", "why": why, "log": tail(number), **more}


def why_ended(job, state, ended, started):
    if state in OVER and not (state in ("FAILED", "CANCELLED") and ended):
        return OVER[state]
    if ended.get("stopped"):
        limit = seconds_of(job["time_limit"])
        at_limit = limit and ended["seconds"] >= limit - GRACE
        return OVER["TIMEOUT"] if at_limit and state != "CANCELLED" else OVER["CANCELLED"]
    if ended.get("code") in (-9, 137):
        return "was killed, for want of memory perhaps"
    if ended:
        return OVER["FAILED"]
    return "ended without a result" if started else "was not begun, and is not queued"


def seconds_of(limit):
    """Seconds of ``D-HH:MM:SS``, ``HH:MM:SS`` or ``MM:SS``; 0 if there is no limit."""
    days, _, clock = limit.rpartition("-")
    seconds = 0
    for part in clock.split(":") if clock else []:
        seconds = seconds * 60 + int(part)
    return seconds + 86400 * int(days or 0)


def cancel():
    job, job_id = settings(), stored_id()
    if not job_id:
        return {"error": "it was not submitted"}
    write(HERE / "cancelled", "by loihi-deploy\n")
    if job_id.startswith("process "):
        with contextlib.suppress(OSError):
            os.killpg(int(job_id.split()[1]), signal.SIGTERM)
    else:
        code, _, err = call("scancel", "--name=" + slurm_name(job), job_id)
        if code:
            return {"error": last_line(err, "scancel failed")}
    return {"id": job_id}


def every_task(attempt):
    """One after another, until one is stopped."""
    worst = 0
    for number in range(settings()["tasks"]):
        code = task(number, attempt)
        worst = max(worst, code)
        if code in (128 + signal.SIGTERM, 128 + signal.SIGKILL):
            break
    return worst


def main(words):
    os.umask(0o077)  # what is written here is run here: it is nobody else's
    command = words[0] if words else ""
    if command == "task":
        return task(int(os.environ["SLURM_ARRAY_TASK_ID"]), int(words[1]))
    if command == "all":
        return every_task(int(words[1]))
    answers = {"submit": submit, "again": again, "status": status, "cancel": cancel,
               "logs": lambda: logs(int(words[1]), int(words[2]))}  # fmt: skip
    try:
        answer = answers[command]()
    except Unreachable as error:
        answer = {"unreachable": f"Slurm does not answer: {error}"}
    except FileNotFoundError as error:
        answer = {"error": f"{error.filename} is not here"}
    except OSError as error:
        answer = {"error": f"{error.filename or HERE}: {error.strerror}"}
    print(json.dumps(answer))
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
