"""`make generate`: writes all that is generated; `make check` says what of it is stale."""
