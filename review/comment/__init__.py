"""One comment of a pull request: who gains and loses access, and which resources change."""
