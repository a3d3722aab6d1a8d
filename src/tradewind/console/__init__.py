"""Web pages, thin clients of the HTTP API: the storefront."""
