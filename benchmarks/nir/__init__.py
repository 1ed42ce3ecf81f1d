"""What becomes of NIR files: the paper's, and those of live frameworks."""
