"""The virtual board itself: registers, what they mean, and what moves."""
