"""Who is signed in: the guard before every request, sign-in and sign-out, one's own sessions."""
