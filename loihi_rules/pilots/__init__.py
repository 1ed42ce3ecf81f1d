"""Trials of parts of a model before it is changed: what is fitted and chosen is measured."""
