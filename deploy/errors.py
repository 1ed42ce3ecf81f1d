"""Errors that a person can read in one line, each with its exit code."""

from __future__ import annotations

from typing import TYPE_CHECKING, Optional

from deploy.shown import one_line

if TYPE_CHECKING:  # an error may carry what a run has recorded
    from deploy.traces.traces import Traces


class DeployError(Exception):
    """Something the user can mend. The message says what, where and what to do.

    Names in it may be of a file, a model or a site, so that it is made one line without characters
    that a terminal would obey, wherever it is shown.

    Attributes
    ----------
    exit_code : int
    traces : deploy.Traces or None
        Of a run: what was recorded before, labelled partial.
    """

    exit_code = 2
    traces: Optional[Traces] = None

    def __init__(self, text: object = ""):
        super().__init__(one_line(text))


class BadInput(DeployError):
    """A model, file, option or value that cannot be used."""


class TargetUnavailable(DeployError):
    """A target or site that is not there."""

    exit_code = 3


class Unsupported(Exception):
    """Something that an engine cannot run exactly, and another, slower one can."""


class Stopped(DeployError):
    """A run that was asked to end before its end."""

    exit_code = 143


class BoardLost(TargetUnavailable):
    """A board that was there, and stopped in the middle of a run."""
