"""ministack, and every private name of it that the local AWS uses: here and nowhere else."""
