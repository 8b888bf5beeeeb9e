"""What a printer is: its state mirrored, its commands run, its console and its errors understood."""
