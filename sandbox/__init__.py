"""Stand-ins for the vendors, over real HTTP on loopback, for the demo and the tests. See docs/sandbox.md."""
