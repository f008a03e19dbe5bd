"""The secret that price quotes are signed with: ground that pricing and orders share."""
