"""Call records, transcripts, export, statistics."""
