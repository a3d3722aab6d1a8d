"""The task `purchase`: will this person buy this, next week or in this session."""
