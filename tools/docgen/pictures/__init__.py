"""Pictures of what is deployed, drawn from the synthesized templates."""
