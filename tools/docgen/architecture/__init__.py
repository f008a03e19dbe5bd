"""The page of C4 diagrams, drawn from the synthesized templates."""
