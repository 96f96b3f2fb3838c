"""The limits on requests and on creating things, which Railway applies by token and by kind."""
