"""A printer to practise on: a simulated micro-controller with physics, under a real klippy."""
