"""The credentials that are in force: those of the configuration and those that are kept or fetched
elsewhere.

    token_admin.py  creates, lists, revokes and rotates stored tokens
    stored.py       reads the token store, and watches it for changes of other processes
"""
