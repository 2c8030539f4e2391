"""Tests of the checks of `doctor`: facts in, findings out."""
