"""The account: who asks, what its plan allows, at which rate, and what it has used."""
