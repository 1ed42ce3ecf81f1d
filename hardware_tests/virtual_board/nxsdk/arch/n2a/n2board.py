"""The board."""

from nxsdk.virtual.board import N2Board

__all__ = ["N2Board"]
