"""Everything that crosses a process boundary: protobuf, events, subjects, buckets, Redis keys."""
