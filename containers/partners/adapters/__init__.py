"""The ways to pricing, to the login and to other services' APIs."""
