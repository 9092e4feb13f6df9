"""CloudFormation's resource types that the emulator lacks, or does not handle as AWS does."""
