"""Makes a service of one's own from a template, and takes one away again."""
