"""The simulated Railway: its public GraphQL API with the state and the rules behind it."""
