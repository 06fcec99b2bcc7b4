"""Recording: a tap in the room, an encoder beside the media clock, and sealed objects in the store (rules K1, B3)."""
