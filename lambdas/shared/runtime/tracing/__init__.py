"""Traces: which one something belongs to, spans of the work that is done for it, their way out."""
