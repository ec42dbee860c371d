"""LocalStack extensions of the local cloud: functions as processes, DynamoDB by a separate server.

LocalStack finds them through the entry points in ../reelvault_executor.dist-info; nothing needs to
be installed, the folder above only has to be on PYTHONPATH.
"""
