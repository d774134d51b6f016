"""What a person sees who types the bare address into a browser."""
