"""tool-sandbox: runs tools and owns every credential they need."""
