"""Reconciliation's way to the three places, and to those who may write there."""
