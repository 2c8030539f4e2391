"""What the operator sees of the gateway at work: `labels` (pure: which names may label a series),
`metrics` (the sink of the journal that counts), `gauges` (what is read at a scrape), `loop_lag`,
`registry`, which joins them; `recent_errors`; `accounts` (who has used what) and `budgets`, which
`books` joins."""
