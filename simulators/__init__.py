"""Local twins of the systems we talk to; they import no other room."""
