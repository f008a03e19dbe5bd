"""How many functions an account must be able to run at once, before an environment is deployed."""

NEEDED = {"dev": 10, "staging": 500, "prod": 500}
"""By environment. In staging and prod it covers what event sources may run at once, what functions
keep for themselves, and the hundred that Lambda leaves to all others: APIs, streams, the saga. A
rule over the templates adds that up. In dev a new account has to do: nothing is reserved there, and
what is throttled comes again."""
UNRESERVED = 100
"""Lambda refuses reservations that leave less than this to everybody else."""
