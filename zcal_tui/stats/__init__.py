"""What measured numbers mean: intervals, drift, outliers, stopping rules and verdict rules.

Pure functions of numbers and frozen dataclasses. Heights are millimetres throughout. Imports numpy and nothing of ours.
What each estimator assumes, and how its coverage was tested, is in docs/statistics.md.
"""
