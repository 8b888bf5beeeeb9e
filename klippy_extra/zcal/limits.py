# Limits of the measurements, each defined once
#
# Copyright (C) 2026  zcal-tui contributors
#
# This file may be distributed under the terms of the GNU GPLv3 license.
LEAST_CLEARANCE = 0.5
"""Least distance between nozzle and bed, in mm, in a backlash measurement."""
LEAST_LIFT_SPEED = 5.0
"""Least speed of a lift, in mm/s, however slowly the probe measures."""
MAX_SAMPLES = 1000
"""Most samples of a series: what a command accepts."""
