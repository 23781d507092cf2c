-- Authors to link to accounts, each with the commit that GitHub is asked through.
-- Grain: one address. Key: author_hash.
-- Columns: author_hash; actor_id, the number in the address, null where there is none; repo_id and
-- sha of its newest commit, one on a default branch where there is one: GitHub surely still has it.
-- Reads: commits (raw.commits), fresh (author_hash: addresses not to be asked for again), askable
-- (repo_id: repositories whose present name is known).
-- Bots are left out: their commits are no events. By repository, so that a request names few.
SELECT author_hash, actor_id, repo_id, sha
FROM commits
ANTI JOIN fresh USING (author_hash)
WHERE author_hash IS NOT NULL
  AND NOT is_bot
  AND (actor_id IS NOT NULL OR repo_id IN (SELECT repo_id FROM askable))
QUALIFY row_number() OVER (
    PARTITION BY author_hash ORDER BY is_default_branch DESC, committed_at DESC, repo_id, sha
) = 1
ORDER BY repo_id, author_hash
