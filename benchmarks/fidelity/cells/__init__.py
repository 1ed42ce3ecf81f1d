"""One file a family of networks; each of its functions makes a cell."""
