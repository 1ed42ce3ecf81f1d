"""Pictures that show a worked system's lesson, by the system's name.

To add one, write its file and list it here.
"""

from typing import Dict

from deploy.report.lessons import bcm, oja
from deploy.report.lessons.base import Lesson

LESSONS: Dict[str, Lesson] = {"bcm": bcm.LESSON, "oja": oja.LESSON}

__all__ = ["LESSONS", "Lesson"]
