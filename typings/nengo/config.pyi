from typing import Any

rc: Any
