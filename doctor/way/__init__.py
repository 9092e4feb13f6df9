"""What EC2 has in the way between who asks and a server: routes, security groups, network ACLs."""
