"""Which pairs of a class may be worth reading side by side, because they share what hardly anybody else wrote."""
from __future__ import annotations
