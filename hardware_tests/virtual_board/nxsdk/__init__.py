"""A virtual Loihi board under the names that nengo-loihi imports. It is not Intel's NxSDK.

Nothing here is Intel's or was written from anything of Intel's: the names are those that
nengo-loihi 1.1.0 uses, the arithmetic is that of published papers (M. Davies et al., 2018, IEEE
Micro 38(1), 82-99; nengo-loihi's documentation). It is never installed; who wants it puts the
folder above this one onto ``PYTHONPATH``. Its version says what it is.

What a program writes into registers is checked for width and sign, decoded from there, and
stepped (`nxsdk.virtual`); snips are compiled and run as processes of their own.
"""

__version__ = "0.9.9+virtual"  # within what nengo-loihi 1.1.0 takes without a warning
VIRTUAL = True
