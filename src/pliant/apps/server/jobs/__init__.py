"""Work that outlives the request, and the server: what is kept on disk, and who does it."""
