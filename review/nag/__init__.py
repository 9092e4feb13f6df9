"""What cdk-nag said of each resource: what is right as well as what is wrong."""
