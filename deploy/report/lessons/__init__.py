"""Pictures that show a worked system's lesson, by the system's name.

To add one, write its file and list it here.
"""

from typing import Dict

from deploy.report.lessons import (
    backprop,
    bcm,
    injection,
    noise_suppression,
    oja,
    one_hot,
    spoken_digit,
)
from deploy.report.lessons.base import Lesson

LESSONS: Dict[str, Lesson] = {
    "bcm": bcm.LESSON,
    "oja": oja.LESSON,
    "one-hot": one_hot.LESSON,
    "noise-suppression": noise_suppression.LESSON,
    "injection": injection.LESSON,
    "backprop": backprop.LESSON,
    "spoken-digit": spoken_digit.LESSON,
}

__all__ = ["LESSONS", "Lesson"]
