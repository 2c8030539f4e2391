"""The credentials that are in force: those of the configuration and those that are kept or fetched
elsewhere.

    in_force.py     makes the authenticator of all of them
    key_sets.py     fetches the keys that issuers of JWTs publish
    token_admin.py  creates, lists, revokes and rotates stored tokens
    stored.py       reads the token store, and watches it for changes of other processes
"""
