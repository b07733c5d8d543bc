"""Tests of the screens: one service and one browser for all of them, see `conftest.py`."""
