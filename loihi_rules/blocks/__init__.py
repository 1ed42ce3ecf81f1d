"""Parts of networks that a model can be made of: one-hot, injection, trained layers."""
