"""What the console writes: what the bus carried, and what operators have done."""
