"""What runs beside Slurm, in a job's folder: ``python agent.py submit|status|cancel|logs N``.

It is sent along with each job, needs nothing but Python 3.8, and answers in one line of JSON. A
job is submitted under a lock and its id stored by rename; asked again, it answers with what is
there. Should it be stopped between Slurm's answer and the rename, it finds the job by its name.
"""

import contextlib
import fcntl
import hashlib
import json
import os
import signal
import subprocess
import sys
import tarfile
from pathlib import Path

HERE = Path(__file__).resolve().parent
OVER = {
    "TIMEOUT": "was stopped at its time limit",
    "OUT_OF_MEMORY": "ran out of memory",
    "NODE_FAIL": "lost its node",
    "PREEMPTED": "was preempted",
    "CANCELLED": "was cancelled",
    "FAILED": "failed",
    "BOOT_FAIL": "lost its node",
    "DEADLINE": "came to its deadline",
}


def call(*words):
    done = subprocess.run(words, capture_output=True, timeout=120)
    return (
        done.returncode,
        done.stdout.decode(errors="replace"),
        done.stderr.decode(errors="replace"),
    )


def write(path, text):
    beside = path.with_name(f".{path.name}.{os.getpid()}")
    beside.write_text(text)
    os.replace(str(beside), str(path))


def settings():
    return json.loads((HERE / "job.json").read_text())


def stored_id():
    path = HERE / "jobid"
    return path.read_text().strip() if path.exists() else ""


class Unreachable(Exception):
    """Slurm does not answer, so nothing can be said, and nothing may be done."""


def queued(name):
    """Id of a job of this name that Slurm knows, or ''."""
    code, out, err = call("squeue", "--noheader", "--name=" + name, "--format=%A %F",
                          "--states=all")  # fmt: skip
    if code:
        raise Unreachable(err.strip().splitlines()[-1] if err.strip() else "squeue failed")
    ids = {line.split()[-1] for line in out.splitlines() if line.strip()}
    if len(ids) > 1:
        return sorted(ids, key=int)[0]
    return ids.pop() if ids else ""


def submit():
    job = settings()
    os.chmod(str(HERE), 0o700)
    with (HERE / "lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if stored_id():
            return {"id": stored_id(), "new": False}
        found = hashlib.sha256((HERE / "bundle.tar").read_bytes()).hexdigest()
        if found != job["sha256"]:
            return {"error": "the bundle arrived damaged; submit again"}
        for folder in ("log", "results", "started"):
            (HERE / folder).mkdir(mode=0o700, exist_ok=True)
        return start_slurm(job) if job["slurm"] else start_process(job)


def start_process(job):
    log = (HERE / "log" / "0.log").open("ab")
    words = [job["python"], str(HERE / "agent.py"), "all"]
    started = subprocess.Popen(
        words, stdin=subprocess.DEVNULL, stdout=log, stderr=log, start_new_session=True
    )
    write(HERE / "jobid", f"process {started.pid}\n")
    return {"id": stored_id(), "new": True}


def start_slurm(job):
    known = queued(job["name"])
    begun = sorted((HERE / "started").glob("*"))
    if not known and begun:
        known = begun[0].read_text().strip()
    new = not known
    if new:
        write(
            HERE / "run.sh", "#!/bin/sh\nexec {} {} task\n".format(job["python"], HERE / "agent.py")
        )
        words = ["sbatch", "--parsable", "--job-name=" + job["name"], "--requeue",
                 f"--array=0-{job['tasks'] - 1}%{job['at_once']}",
                 "--output=" + str(HERE / "log" / "%a.log"), "--open-mode=append",
                 "--chdir=" + str(HERE)]  # fmt: skip
        words += ["--partition=" + job["partition"]] if job["partition"] else []
        words += ["--nodelist=" + job["board"]] if job["board"] else []
        words += ["--time=" + job["time_limit"]] if job["time_limit"] else []
        code, out, err = call(*(words + [str(HERE / "run.sh")]))
        known = out.strip().split(";")[0] if code == 0 else queued(job["name"])
        if not known.isdigit():
            return {"error": "sbatch: " + (" ".join(err.split()) or "no answer")}
    write(HERE / "jobid", known + "\n")
    return {"id": known, "new": new}


def packages():
    """Our packages out of the bundle, once for all tasks."""
    place = HERE / "packages"
    with (HERE / "packages.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not place.exists():
            beside = HERE / f".packages.{os.getpid()}"
            with tarfile.open(str(HERE / "bundle.tar"), "r:") as tar:
                for entry in tar:
                    parts = Path(entry.name).parts
                    if entry.isfile() and parts[0] == "packages" and ".." not in parts:
                        path = beside.joinpath(*parts[1:])
                        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
                        stream = tar.extractfile(entry)
                        path.write_bytes(stream.read() if stream else b"")
            os.replace(str(beside), str(place))
    return place


def task(number):
    """Run one; what is complete is not run again, whoever asks."""
    if (HERE / "results" / f"{number}.json").exists():
        return 0
    write(HERE / "started" / str(number), os.environ.get("SLURM_ARRAY_JOB_ID", "process") + "\n")
    environment = dict(os.environ, PYTHONPATH=str(packages()), PYTHONUNBUFFERED="1")
    environment.setdefault("OMP_NUM_THREADS", "1")
    words = [sys.executable, "-m", "deploy.runner", str(HERE / "bundle.tar"),
             "--task", str(number), "--out", str(HERE / "results")]  # fmt: skip
    return subprocess.run(words, env=environment, cwd=str(HERE)).returncode


def tail(number, lines=5):
    path = HERE / "log" / f"{number}.log"
    if not path.exists():
        path = HERE / "log" / "0.log"
    if not path.exists():
        return ""
    with path.open("rb") as stream:
        stream.seek(max(0, path.stat().st_size - 4096))
        return "\n".join(stream.read().decode(errors="replace").splitlines()[-lines:])


def in_queue(job_id):
    """States by task, of what Slurm still has."""
    code, out, err = call("squeue", "--noheader", "--array", "--jobs=" + job_id,
                          "--format=%K|%T|%r", "--states=all")  # fmt: skip
    if code and "Invalid job id" not in err:
        raise Unreachable(err.strip().splitlines()[-1] if err.strip() else "squeue failed")
    states = {}
    for line in out.splitlines():
        number, state, reason = (line.strip().split("|") + ["", ""])[:3]
        if number.isdigit():
            states[int(number)] = (state, reason)
    return states


def status():
    job, job_id = settings(), stored_id()
    if not job_id:
        return {"id": "", "tasks": {}, "note": "not submitted"}
    alive = False
    states = {}
    if job_id.startswith("process "):
        try:
            os.kill(int(job_id.split()[1]), 0)
            alive = True
        except OSError:
            pass
    else:
        states = in_queue(job_id)
    tasks = {}
    for number in range(job["tasks"]):
        if (HERE / "results" / f"{number}.json").exists():
            tasks[number] = {"state": "complete"}
        elif (
            number in states and states[number][0] not in OVER and states[number][0] != "COMPLETED"
        ):
            tasks[number] = {"state": states[number][0].lower(), "why": states[number][1]}
        elif alive:
            started = (HERE / "started" / str(number)).exists()
            tasks[number] = {"state": "running" if started else "pending"}
        else:
            state = states.get(number, ("", ""))[0]
            why = OVER.get(state, "ended without a result")
            tasks[number] = {"state": "failed", "why": why, "log": tail(number)}
    return {"id": job_id, "tasks": tasks}


def cancel():
    job_id = stored_id()
    if not job_id:
        return {"error": "it was not submitted"}
    if job_id.startswith("process "):
        with contextlib.suppress(OSError):
            os.killpg(int(job_id.split()[1]), signal.SIGTERM)
    else:
        code, _, err = call("scancel", job_id)
        if code:
            return {"error": " ".join(err.split())}
    return {"id": job_id}


def main(words):
    command = words[0] if words else ""
    if command == "task":
        return task(int(os.environ["SLURM_ARRAY_TASK_ID"]))
    if command == "all":
        return max(task(number) for number in range(settings()["tasks"]))
    if command == "logs":
        print(json.dumps({"log": tail(int(words[1]), 200)}))
        return 0
    try:
        answer = {"submit": submit, "status": status, "cancel": cancel}[command]()
    except Unreachable as error:
        answer = {"unreachable": f"Slurm does not answer: {error}"}
    except FileNotFoundError as error:
        answer = {"error": f"{error.filename} is not here"}
    print(json.dumps(answer))
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
