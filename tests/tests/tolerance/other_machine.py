"""Runs the program that its argument names as a machine does on which all errors are two per cent larger."""

import runpy
import sys

from doin_plugin import Evaluator

Evaluator.SCALE = 1_020_000
sys.argv.pop(0)
runpy.run_path(sys.argv[0], run_name="__main__")
