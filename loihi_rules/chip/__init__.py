"""What Loihi 1 is: its limits, its fixed point, and how its neurons fire."""
