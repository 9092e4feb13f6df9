"""What would fail a deploy in its middle, asked of the account before anything is touched."""
