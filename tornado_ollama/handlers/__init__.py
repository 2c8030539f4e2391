"""Request handlers: they join the pure rooms to the upstream client, and decide nothing."""
