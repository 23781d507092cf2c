-- Of each account, the evidence of the last day on which it was active in the window.
-- Grain: account and kind. Key: the same.
-- Reads: evidence (core.actor_evidence of some days).
-- Parameters: $from and $to, first and last UTC date of the window.
SELECT *
FROM evidence
WHERE as_of_date BETWEEN $from::DATE AND $to::DATE
QUALIFY as_of_date = max(as_of_date) OVER (PARTITION BY actor_id)
ORDER BY actor_id, kind
