"""Visibility: how much of the use of Chinese-origin open models patents show."""
