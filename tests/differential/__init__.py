"""Runs two commits of the gateway against one scripted Ollama and compares what the outside sees.

    python -m tests.differential --old REV [--new REV|worktree] [--quick] [--seed N] [--only AREA]

Compared are, case by case: status, headers, body bytes and how the reply ended; the bytes that
reached Ollama; frames and close codes of `/ws`; log lines; what commands print, and exit codes. Not
compared is what is random or accidental: ids, dates, durations, ports, and where one read of a
socket ended and the next began. Nor is the page: both serve the old one's.

    trees.py      the two source trees
    side.py       one tree at work: the gateway's process, its scripted Ollama, a barrier
    lanes.py      cases, and how the two sides walk through them
    facts.py      what was seen, as lines of text, without what is random
    verdict.py    differences, the expected ones, the report
    client.py, exchange.py      requests over HTTP: sockets, and what they leave as facts
    sockets.py, scripts.py      the same for `/ws`, and the words of its scripts
    under_way.py                a request that is kept in one of its phases
    commands.py, driver.py      commands, in forked children of one interpreter
    requests.py, grammar.py     random requests and bodies
    moods.py, replies.py        Ollama's answers, cut anywhere
    areas/        the cases
    expected.json differences that are wanted, each with its reason; log fields left out

It imports nothing of the package: the harness must run whatever the trees hold.
"""
