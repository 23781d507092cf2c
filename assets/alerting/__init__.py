"""Rules, alert state and the outbox."""
