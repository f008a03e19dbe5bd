"""Fulfilment: leads every order from placed to confirmed, or undoes it."""
