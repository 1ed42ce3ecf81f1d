"""A two-jointed arm whose model has no gravity in it: neurons learn the torques that are missing.

A PD controller that knows the arm's inertia, but no gravity, holds two joints off their targets.
An ensemble is given angles and velocities, and gives torques that it learns by PES, from its
neurons, out of what the controller asks for (Slotine & Li 1987; as adaptive control with spiking
neurons in DeWolf, Stewart, Slotine & Eliasmith 2016, Proc. R. Soc. B 283).

`model` has the arm in a node. `step_from_outside` steps the same from a loop at 1 kHz, as a robot's
driver would.
"""

import nengo
import numpy as np

DT = 0.001
LENGTHS, MASSES = (0.4, 0.3), (1.2, 0.8)  # m, kg at the ends of the links
GRAVITY = 9.81  # m/s²
STIFFNESS, DAMPING = 100.0, 20.0  # of the controller, 1/s² and 1/s
TORQUE = 12.0  # N m, the unit in which torques are represented
SPEED = 4.0  # rad/s, the unit of velocities
HOLD = 2.0  # s, for each target
TARGETS = np.array([[0.3, 0.9], [-0.6, 1.2], [0.9, 0.4], [-0.1, -0.8]])  # rad


class Arm:
    """The arm, and the controller that does not know gravity.

    With angles q, velocities v and torques u,

        M(q) a + c(q, v) + g(q) = u,

    stepped by semi-implicit Euler.
    """

    def __init__(self):
        self.angles, self.velocities = np.zeros(2), np.zeros(2)

    def inertia(self):
        """(2, 2) M(q)."""
        (one, two), (first, second) = LENGTHS, MASSES
        cross = second * one * two * np.cos(self.angles[1])
        far = second * two**2
        near = (first + second) * one**2 + far + 2 * cross
        return np.array([[near, far + cross], [far + cross, far]])

    def forces(self):
        """(2,) c(q, v) + g(q)."""
        (one, two), (first, second) = LENGTHS, MASSES
        (q1, q2), (v1, v2) = self.angles, self.velocities
        sine = second * one * two * np.sin(q2)
        turning = np.array([-sine * (2 * v1 * v2 + v2**2), sine * v1**2])
        outer = second * GRAVITY * two * np.cos(q1 + q2)
        return turning + np.array([(first + second) * GRAVITY * one * np.cos(q1) + outer, outer])

    def control(self, target):
        """(2,) torques towards a target, with inertia and without gravity."""
        wanted = STIFFNESS * (target - self.angles) - DAMPING * self.velocities
        return self.inertia() @ wanted

    def step(self, torques):
        """One step."""
        acceleration = np.linalg.solve(self.inertia(), torques - self.forces())
        self.velocities = self.velocities + DT * acceleration
        self.angles = self.angles + DT * self.velocities

    @property
    def context(self):
        """(4,) angles and velocities, each about 1 at most."""
        return np.concatenate([self.angles / 1.5, self.velocities / SPEED])


def target_at(t):
    """(2,) angles that are wanted."""
    return TARGETS[int((t - DT / 2) / HOLD) % len(TARGETS)]


def add_adaptation(context, taught, torques, n_neurons=1000, seed=1):
    """An ensemble that learns torques; gives the connection that learns.

    ``context``: node of 4; ``taught``: node of the controller's torques; ``torques``: node that
    is given the learnt ones. Both in units of `TORQUE`.
    """
    adaptive = nengo.Ensemble(n_neurons, 4, radius=1.5, label="adaptive", seed=seed)
    nengo.Connection(context, adaptive, synapse=0.005)
    learned = nengo.Connection(
        adaptive.neurons,
        torques,
        transform=np.zeros((2, n_neurons)),
        synapse=0.02,
        learning_rule_type=nengo.PES(3e-4),
        label="learned",
    )
    nengo.Connection(taught, learned.learning_rule, transform=-1, synapse=0.01)
    return learned


class Plant:
    """The arm as a node: given the learnt torques, it gives context, torques and the error."""

    def __init__(self):
        self.arm = Arm()

    def __call__(self, t, learnt):
        target = target_at(t)
        own = self.arm.control(target)
        self.arm.step(own + TORQUE * learnt)
        return np.concatenate([self.arm.context, own / TORQUE, target - self.arm.angles])


def network(seed=1, n_neurons=1000):
    """The whole, in a network of its own."""
    with nengo.Network(label="adaptive arm", seed=seed) as net:
        arm = nengo.Node(Plant(), size_in=2, size_out=8, label="arm")
        add_adaptation(arm[:4], arm[4:6], arm, n_neurons, seed)
        nengo.Probe(arm[6:], label="error", sample_every=0.01)
    return net


def step_from_outside(simulator, duration, seed=1, n_neurons=1000):
    """The same, stepped at 1 kHz from a loop; gives (n, 2) errors.

    ``simulator``: `deploy.Simulator`, or Nengo's.
    """
    arm, learnt = Arm(), np.zeros(2)
    given = {"context": np.zeros(4), "taught": np.zeros(2)}

    def take(t, x):
        learnt[:] = x

    with nengo.Network(seed=seed) as net:
        context = nengo.Node(lambda t: given["context"], size_out=4)
        taught = nengo.Node(lambda t: given["taught"], size_out=2)
        torques = nengo.Node(take, size_in=2, size_out=0)
        add_adaptation(context, taught, torques, n_neurons, seed)
    errors = []
    with simulator(net, dt=DT, progress_bar=False) as sim:
        for n in range(int(round(duration / DT))):
            target = target_at((n + 1) * DT)
            own = arm.control(target)
            arm.step(own + TORQUE * learnt)
            given["context"], given["taught"] = arm.context, own / TORQUE
            sim.step()
            errors.append(target - arm.angles)
    return np.array(errors)


model = network()

if __name__ == "__main__":
    import deploy

    late = int(len(TARGETS) * HOLD / DT)
    for name, simulator in (("CPU", nengo.Simulator), ("chip", deploy.Simulator)):
        errors = np.linalg.norm(step_from_outside(simulator, 32.0), axis=1)
        rounds = errors.reshape(-1, int(HOLD / DT))[:, -500:].mean(axis=1).reshape(-1, len(TARGETS))
        print(f"{name}: error at the end of each hold, by round:", rounds.mean(axis=1).round(4))
