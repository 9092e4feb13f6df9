"""CloudWatch's metrics and alarms: what functions say in their logs, and alarms at any hour."""
