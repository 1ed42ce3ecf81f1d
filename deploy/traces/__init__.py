"""What runs record, and what is known of it before they have run."""
