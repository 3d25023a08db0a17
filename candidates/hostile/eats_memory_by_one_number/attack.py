"""Computes a number that fills the memory."""

ten = 10
number = ten ** (10 ** 11)
