"""One folder per vendor, each behind the ports; none imports another, their SDKs are imported when first used."""
