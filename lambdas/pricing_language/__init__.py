"""What the functions of pricing and its server share: the form of the documents that set prices."""
