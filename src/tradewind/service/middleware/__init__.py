"""What every request passes before and after its route; pure ASGI, one concern per file."""
