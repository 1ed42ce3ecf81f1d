"""When something was made."""

from __future__ import annotations

import datetime
import os


def now() -> str:
    """The time in UTC, or ``SOURCE_DATE_EPOCH`` where that is set."""
    epoch = os.environ.get("SOURCE_DATE_EPOCH")
    if epoch:
        moment = datetime.datetime.fromtimestamp(int(epoch), datetime.timezone.utc)
    else:
        moment = datetime.datetime.now(datetime.timezone.utc)
    return moment.strftime("%Y-%m-%dT%H:%M:%SZ")
