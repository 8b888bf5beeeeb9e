# The Klipper modules [zcal] and [z_calibration] of zcal-tui
#
# Copyright (C) 2026  zcal-tui contributors
#
# This file may be distributed under the terms of the GNU GPLv3 license.
