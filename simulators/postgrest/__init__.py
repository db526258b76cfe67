"""A local twin of the few routes of Supabase's REST API (PostgREST) that a warehouse is written by, over real Postgres.

"PostgREST" in comments means its source and documentation as of version 16; "gateway" is Supabase's own door before
it. What the twin does not speak it refuses as PostgREST refuses a feature that it lacks.
"""
