"""What runs beside Slurm, in a job's folder: ``python agent/__main__.py
COMMAND``.

It is sent along with each job, needs nothing but Python 3.8, and answers in one line of JSON. A
job is submitted under a lock and its id stored by rename; asked again, it answers with what is
there. Should it be stopped between Slurm's answer and the rename, it finds the job by its name.
Should Slurm take a job twice all the same, its answer being lost for longer than anyone waits, the
first array of the job to run owns it, and tasks of another end without having run. Should Slurm
lose a job that it took, being killed before it wrote it down, it is queued when it is submitted
again. Slurm may give the lost one's id to another job, so that the name has to fit the id.

What failed can be started again: that is a new generation of the job, with a name of its own for
Slurm, and tasks of an older one end without having run. What was cancelled is not begun, whatever
Slurm does.

Slurm forgets a job some minutes after its end, and where it keeps no books nobody else knows. So
what is known of a task is noted in files: that its node's shell has begun it, that the agent has
started it, how its run ended, and what Slurm said of its end whenever it was asked.

`folder` is what is kept in the job's folder, `slurm` what is asked of Slurm; `submitting` has a
job queued once, `running` is what jobs run, `packages` what they run of ours, `answering` tells
where they are.
"""
