"""HTTP: the server, its headers, its errors, and what it lets people download."""
