"""From a merge to production: a pipeline for each service, made from the declarations."""
