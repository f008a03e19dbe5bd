"""Which services and tests a difference touches, derived from what the files say of each other."""
