"""The search over ways to compress an encoder, and the frontier of quality, latency and size that it finds."""
