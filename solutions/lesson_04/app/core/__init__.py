"""What every part of the service relies on."""
