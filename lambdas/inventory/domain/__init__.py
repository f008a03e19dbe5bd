"""The rules of holding stock; knows nothing of AWS."""
