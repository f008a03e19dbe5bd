"""What asks pricing from outside of the network in which its containers are."""
