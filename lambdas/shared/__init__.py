"""The platform kit that every service is built with. It knows no service and no domain."""
