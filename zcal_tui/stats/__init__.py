"""From measured numbers to intervals, drift, outliers, stopping rules and verdicts.

Pure functions of numbers and frozen dataclasses. Heights are millimetres throughout. The numerics import numpy and
nothing else of this project; the decision rules are in `verdicts`. docs/statistics.md lists what each estimator
assumes and how its coverage was tested.
"""
