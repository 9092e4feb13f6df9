"""Who else could come by a grant, and by exactly what."""
