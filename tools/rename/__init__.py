"""`make rename`: gives the product another name, everywhere it stands, and says how to get back."""
