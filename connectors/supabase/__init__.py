"""A Supabase or any other Postgres, written as a warehouse."""
