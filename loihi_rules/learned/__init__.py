"""What connections have learnt: the record, its 8 bits, and putting it back into a model."""
