"""Runs two commits of the gateway against one scripted Ollama and compares what the outside sees.

    python -m tests.differential --old REV [--new REV|worktree] [--quick] [--seed N] [--only AREA]

Compared are, case by case: status, headers, body bytes and how the reply ended; the bytes that
reached Ollama; log lines and exit codes. Not compared is what is random or accidental: ids, dates,
durations, ports, and where one read of a socket ended and the next began.

    trees.py      the two source trees
    side.py       one tree at work: the gateway's process, its scripted Ollama, a barrier
    client.py     the client's socket: sends pieces, reads replies
    facts.py      what was seen, as lines of text, without what is random
    lanes.py      cases, and how the two sides walk through them
    verdict.py    differences, the expected ones, the report
    requests.py, grammar.py, moods.py   random requests, their bodies, and Ollama's answers
    replies.py    Ollama's replies as bytes, to be cut anywhere
    exchange.py   requests over HTTP, and what they leave as facts
    areas/        the cases
    expected.json differences that are wanted, each with its reason; log fields left out

It imports nothing of the package: the harness must run whatever the trees hold.
"""
