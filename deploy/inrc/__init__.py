"""Jobs on a cluster of boards: bundles, sites, and the way there and back.

`site` says where and how, `bundle` packs what runs, `link` reaches the place, `agent` is what runs
there beside Slurm, `job` is what the laptop knows of a job.
"""
