"""Pure pieces of pages: values in, markup out. No session, no request, no service."""
