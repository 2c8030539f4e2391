"""The frames of `/ws`: reads those of clients and makes those of the gateway. Pure."""
