"""The system as CloudFormation stacks: shared ground first, then one stack for each service."""
