"""Development tools: embedded servers, the supervisor, `make demo` and `make test`. Production never imports this."""
