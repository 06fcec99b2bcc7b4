"""Written text into words to be spoken (rule S7). Every replacement knows its place: what was heard can be told in what was written."""
