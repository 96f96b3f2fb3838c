"""Parts that several resources share: checks of values, readable ids, and how settings travel in the configuration."""
